/** The sessions of the agent that are on this page: the one that is shown, and those that go on while nobody looks. */
import { batch, computed, type Signal, signal } from "@preact/signals";
import { getJson } from "../lib/api";
import { entriesOf } from "../lib/entries";
import { ApiError } from "../lib/errors";
import type { Entry, Work } from "../lib/run";
import { read, readJson, write } from "../lib/stored";
import type { AgentSession } from "../lib/wire";
import { tools } from "./agentFiles";
import { moveDraft } from "./drafts";

export interface Running {
  /** Bumped at most once a frame; the work itself is changed in place. */
  beat: Signal<number>;
  work: Work;
  stop: AbortController;
}

/** A session on this page. `id` is "" until it has begun. */
export interface Place {
  id: Signal<string>;
  entries: Signal<Entry[]>;
  running: Signal<Running | null>;
  /** Names of the tools that it does without. */
  off: Signal<readonly string[]>;
}

export const shown = signal<Place>(place("", []));
export const current = computed(() => shown.value.id.value);
export const entries = computed(() => shown.value.entries.value);
export const running = computed(() => shown.value.running.value);
/** Those in which something runs. */
export const busy = signal<readonly Place[]>([]);
export const runningIn = computed(() => new Set(busy.value.map(({ id }) => id.value)));
export const model = signal(read("agent-model") ?? "auto");
export const off = computed(() => shown.value.off.value);
/** How many tools the session does without, of those that there are. */
export const offCount = computed(() => {
  const found = tools.value;
  if (found === undefined || found instanceof ApiError) return off.value.length;
  return found.tools.filter(({ name }) => off.value.includes(name)).length;
});

function place(id: string, entries: Entry[]): Place {
  const off = id ? readJson(`agent-off:${id}`, areNames, []) : [];
  return { id: signal(id), entries: signal(entries), running: signal(null), off: signal(off) };
}

function areNames(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((each) => typeof each === "string");
}

export function choose(name: string): void {
  model.value = name;
  write("agent-model", name);
}

/** In the session that is shown. */
export function switchTool(name: string, on: boolean): void {
  const at = shown.value;
  const others = at.off.value.filter((each) => each !== name);
  at.off.value = on ? others : [...others, name];
  keepOff(at);
}

function keepOff({ id, off }: Place): void {
  if (id.value) write(`agent-off:${id.value}`, off.value.length ? JSON.stringify(off.value) : "");
}

export function newSession(): void {
  opening = "";
  shown.value = place("", []);
}

/** It has begun on the server. */
export function named(at: Place, id: string): void {
  if (at.id.value === id) return;
  if (shown.value === at) moveDraft("agent:new", `agent:${id}`); // the next question may have been begun
  at.id.value = id;
  keepOff(at);
}

/** The session that was asked for last: an earlier one may come later. */
let opening = "";

/** @throws {ApiError} 404: there is none. */
export async function openSession(id: string): Promise<void> {
  opening = id;
  const known = busy.value.find((each) => each.id.value === id);
  if (known) {
    shown.value = known;
    return;
  }
  const session = await getSession(id);
  if (opening !== id) return;
  batch(() => {
    shown.value = place(id, entriesOf(session));
    if (session.model) model.value = session.model;
  });
}

/** What it is on the server by now. @throws {ApiError} */
export async function reread(at: Place): Promise<void> {
  const session = await getSession(at.id.value);
  if (!at.running.value) at.entries.value = entriesOf(session);
}

function getSession(id: string): Promise<AgentSession> {
  return getJson<AgentSession>(`/v1/agent/sessions/${encodeURIComponent(id)}`);
}

/** A session is deleted: it is not shown any more. */
export function leave(id: string): void {
  write(`agent-off:${id}`, "");
  if (current.value === id) newSession();
}
