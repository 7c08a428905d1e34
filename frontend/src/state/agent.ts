/** Sessions of the agent, the one that is shown, and the run that is under way in it. */
import { type Signal, signal } from "@preact/signals";
import { agentEvents } from "../lib/agentStream";
import { call, getJson, sendJson } from "../lib/api";
import { entriesOf } from "../lib/entries";
import { type ApiError, isAbort } from "../lib/errors";
import { pump } from "../lib/pump";
import { begun, type Entry, take, type Work } from "../lib/run";
import { read, write } from "../lib/stored";
import type { Picture } from "../lib/tree";
import type { AgentHead, AgentHeads, AgentSession } from "../lib/wire";
import { t } from "../lib/words/agent";
import { asError } from "./admitted";
import { tell } from "./notices";
import { lost } from "./server";

export type Decision = "allow" | "allow_session" | "deny";

interface Running {
  /** Bumped at most once a frame; the work itself is changed in place. */
  beat: Signal<number>;
  work: Work;
  stop: AbortController;
}

export const sessions = signal<AgentHead[]>([]);
/** The id of the session that is shown, "" for one that has not begun. */
export const current = signal("");
export const entries = signal<Entry[]>([]);
export const running = signal<Running | null>(null);
export const model = signal(read("agent-model") ?? "auto");
/** Names of the tools that may be used; null is all of them. */
export const allowedTools = signal<readonly string[] | null>(null);

const UNDO = 8000; // milliseconds for which a deletion can be taken back
const PATIENCE = 3000; // milliseconds that a cancelled run may take to say so

export function choose(name: string): void {
  model.value = name;
  write("agent-model", name);
}

export async function loadSessions(): Promise<void> {
  try {
    const found = (await getJson<AgentHeads>("/v1/agent/sessions")).sessions;
    sessions.value = found.filter((each) => !leaving.has(each.id));
  } catch (error) {
    if (asError(error).code === "unreachable") lost();
  }
}

export function newSession(): void {
  running.value?.stop.abort();
  running.value = null;
  current.value = "";
  entries.value = [];
}

/** Show a session; whether it is there. */
export async function openSession(id: string): Promise<boolean> {
  running.value?.stop.abort();
  try {
    const session = await getJson<AgentSession>(`/v1/agent/sessions/${encodeURIComponent(id)}`);
    running.value = null;
    current.value = id;
    entries.value = entriesOf(session);
    if (session.model) model.value = session.model;
    return true;
  } catch {
    return false;
  }
}

export function ask(text: string, pictures: Picture[]): void {
  entries.value = [...entries.value, { role: "user", text, pictures }, begun(Date.now())];
  void run("/v1/agent/chat", {
    message: text,
    images: pictures.map(({ url }) => url),
    model: model.value,
    ...(allowedTools.value ? { tools: allowedTools.value } : {}),
    ...(current.value ? { session_id: current.value } : {}),
  });
}

/** Answer what is asked: the run goes on in its place. */
export function decide(id: string, decision: Decision): void {
  const work = entries.value.at(-1);
  if (work?.role !== "agent" || running.value) return;
  work.steps = work.steps.filter((step) => step.kind !== "approval" || step.asked.id !== id);
  entries.value = [...entries.value];
  void run("/v1/agent/approve", { session_id: current.value, id, decision });
}

/** Ask the last question once more. */
export function again(): void {
  const question = entries.value.findLast((each) => each.role === "user");
  if (question?.role !== "user" || running.value) return;
  const work = entries.value.at(-1);
  // The server keeps no session whose first question nobody could answer.
  if (entries.value.length === 2 && work?.role === "agent" && !work.steps.length) current.value = "";
  entries.value = entries.value.slice(0, -2);
  ask(question.text, question.pictures);
}

export function stop(): void {
  const one = running.value;
  if (!one) return;
  if (current.value) {
    sendJson("/v1/agent/cancel", "POST", { session_id: current.value }).catch(() => one.stop.abort());
    setTimeout(() => one.stop.abort(), PATIENCE);
  } else one.stop.abort();
}

const leaving = new Map<string, ReturnType<typeof setTimeout>>();

/** Delete a session, in a while: until then it can be taken back. */
export function remove(head: AgentHead): void {
  sessions.value = sessions.value.filter((each) => each.id !== head.id);
  const gone = () => {
    leaving.delete(head.id);
    call(`/v1/agent/sessions/${encodeURIComponent(head.id)}`, { method: "DELETE" }).catch((error) => {
      if (asError(error).status !== 404) tell(asError(error).message, { bad: true });
    });
  };
  leaving.set(head.id, setTimeout(gone, UNDO));
  if (current.value === head.id) newSession();
  const undo = () => {
    clearTimeout(leaving.get(head.id));
    leaving.delete(head.id);
    void loadSessions();
  };
  tell(t("deleted", { title: head.title || t("untitled") }), { action: { label: t("undo"), run: undo } });
}

async function run(path: string, body: object): Promise<void> {
  const work = entries.value.at(-1);
  if (work?.role !== "agent") return;
  delete work.failure;
  delete work.ending;
  const one: Running = { beat: signal(0), work, stop: new AbortController() };
  running.value = one;
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
        if (event.type === "start" && event.session_id && running.value === one)
          current.value = event.session_id;
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
    if (running.value === one) {
      running.value = null;
      entries.value = [...entries.value.slice(0, -1), { ...work }];
    }
    void loadSessions();
  }
}

function failureOf({ message, code, status, requestId, retryAfter }: ApiError) {
  return { message, code, status, requestId, retryAfter };
}
