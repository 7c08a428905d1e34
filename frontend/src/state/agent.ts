/**
 * The session of the agent that is shown, and the runs that are under way: in this one and in others, which go on while
 * nobody looks.
 */
import { batch, computed, type Signal, signal } from "@preact/signals";
import { agentEvents } from "../lib/agentStream";
import { call, getJson, sendJson } from "../lib/api";
import { entriesOf } from "../lib/entries";
import { type ApiError, isAbort } from "../lib/errors";
import { pump } from "../lib/pump";
import { begun, type Decision, decided, type Entry, take, type Work } from "../lib/run";
import { read, write } from "../lib/stored";
import type { Picture } from "../lib/tree";
import type { AgentSession } from "../lib/wire";
import { asError } from "./admitted";
import { loadSessions } from "./agentSessions";
import { lost } from "./server";

interface Running {
  /** Bumped at most once a frame; the work itself is changed in place. */
  beat: Signal<number>;
  work: Work;
  stop: AbortController;
}

/** A session on this page. `id` is "" until it has begun. */
interface Place {
  id: Signal<string>;
  entries: Signal<Entry[]>;
  running: Signal<Running | null>;
}

const shown = signal<Place>(place("", []));
export const current = computed(() => shown.value.id.value);
export const entries = computed(() => shown.value.entries.value);
export const running = computed(() => shown.value.running.value);
/** Those in which something runs. */
const busy = signal<readonly Place[]>([]);
export const runningIn = computed(() => new Set(busy.value.map(({ id }) => id.value)));
export const model = signal(read("agent-model") ?? "auto");
/** Names of the tools that may be used; null is all of them. */
export const allowedTools = signal<readonly string[] | null>(null);

const PATIENCE = 3000; // milliseconds that a cancelled run may take to say so

function place(id: string, entries: Entry[]): Place {
  return { id: signal(id), entries: signal(entries), running: signal(null) };
}

export function choose(name: string): void {
  model.value = name;
  write("agent-model", name);
}

export function newSession(): void {
  opening = "";
  shown.value = place("", []);
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
  const session = await getJson<AgentSession>(`/v1/agent/sessions/${encodeURIComponent(id)}`);
  if (opening !== id) return;
  batch(() => {
    shown.value = place(id, entriesOf(session));
    if (session.model) model.value = session.model;
  });
}

export function ask(text: string, pictures: Picture[]): void {
  const at = shown.value;
  at.entries.value = [...at.entries.value, { role: "user", text, pictures }, begun(Date.now())];
  void run(at, "/v1/agent/chat", {
    message: text,
    images: pictures.map(({ url }) => url),
    model: model.value,
    ...(allowedTools.value ? { tools: allowedTools.value } : {}),
    ...(at.id.value ? { session_id: at.id.value } : {}),
  });
}

/** Answer one of the things that are asked; with the last answer the run goes on in its place. */
export function decide(id: string, decision: Decision): void {
  const at = shown.value;
  const work = at.entries.value.at(-1);
  if (work?.role !== "agent" || at.running.value) return;
  const decisions = decided(work, id, decision);
  at.entries.value = [...at.entries.value.slice(0, -1), { ...work }];
  if (decisions) void run(at, "/v1/agent/approve", { session_id: at.id.value, decisions });
}

/** Ask the last question once more. */
export function again(): void {
  const at = shown.value;
  const all = at.entries.value;
  const question = all.findLast((each) => each.role === "user");
  if (question?.role !== "user" || at.running.value) return;
  at.entries.value = all.slice(0, -2);
  ask(question.text, question.pictures);
}

export function stop(): void {
  stopIn(shown.value);
}

/** A session is deleted: nothing of it goes on, and it is not shown any more. */
export function leave(id: string): void {
  for (const each of busy.value) if (each.id.value === id) stopIn(each);
  if (current.value === id) newSession();
}

function stopIn({ id, running: { value: one } }: Place): void {
  if (!one) return;
  if (id.value) {
    sendJson("/v1/agent/cancel", "POST", { session_id: id.value }).catch(() => one.stop.abort());
    setTimeout(() => one.stop.abort(), PATIENCE);
  } else one.stop.abort();
}

async function run(at: Place, path: string, body: object): Promise<void> {
  const work = at.entries.value.at(-1);
  if (work?.role !== "agent") return;
  delete work.failure;
  delete work.ending;
  const one: Running = { beat: signal(0), work, stop: new AbortController() };
  at.running.value = one;
  busy.value = [...busy.value, at];
  const beats = pump(() => one.beat.value++);
  try {
    const response = await call(path, {
      method: "POST",
      body: JSON.stringify({ ...body, stream: true }),
      headers: { "content-type": "application/json" },
      signal: one.stop.signal,
    });
    for await (const events of agentEvents(response)) {
      for (const event of events) {
        take(work, event, Date.now());
        if (event.type === "start" && event.session_id) {
          at.id.value = event.session_id;
          void loadSessions();
        }
      }
      beats.due();
    }
  } catch (error) {
    if (!isAbort(error)) {
      const failure = asError(error);
      if (failure.code === "unreachable") lost();
      work.failure = failureOf(failure);
    }
  } finally {
    beats.end();
    batch(() => {
      at.running.value = null;
      at.entries.value = [...at.entries.value.slice(0, -1), { ...work }];
      busy.value = busy.value.filter((each) => each !== at);
    });
    void loadSessions();
  }
}

function failureOf({ message, code, status, requestId, retryAfter }: ApiError) {
  return { message, code, status, requestId, retryAfter };
}
