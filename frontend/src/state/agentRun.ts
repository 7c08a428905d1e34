/** Runs of the agent: asking, deciding, stopping. A run goes on in its session while another one is shown. */
import { batch, signal } from "@preact/signals";
import { agentEvents } from "../lib/agentStream";
import { call, sendJson } from "../lib/api";
import { ApiError, isAbort } from "../lib/errors";
import { pump } from "../lib/pump";
import { begun, cutOff, type Decision, decided, decisions, type Entry, passedOver, take } from "../lib/run";
import type { Picture } from "../lib/tree";
import { t } from "../lib/words/agent";
import { asError } from "./admitted";
import { busy, leave, model, named, type Place, type Running, reread, shown } from "./agent";
import { loadTools, tools } from "./agentFiles";
import { loadSessions } from "./agentSessions";
import { tell } from "./notices";

const PATIENCE = 3000; // milliseconds that a cancelled run may take to say so

export function ask(text: string, pictures: Picture[]): void {
  const at = shown.value;
  const before = at.entries.value.map((each): Entry => (each.role === "agent" ? passedOver(each) : each));
  at.entries.value = [...before, { role: "user", text, pictures }, begun(Date.now())];
  const asked = {
    message: text,
    images: pictures.map(({ url }) => url),
    model: model.value,
    ...(at.id.value ? { session_id: at.id.value } : {}),
  };
  void run(at, "/v1/agent/chat", async () => ({ ...asked, ...(await toolsOf(at)) }));
}

/** The tools of a session that does without some: those of the others that there are now. @throws {ApiError} */
async function toolsOf({ off: { value: off } }: Place): Promise<{ tools?: string[] }> {
  if (!off.length) return {};
  await loadTools();
  const found = tools.value;
  if (found === undefined || found instanceof ApiError) throw found;
  const names = found.tools.map(({ name }) => name);
  return names.some((name) => off.includes(name))
    ? { tools: names.filter((name) => !off.includes(name)) }
    : {};
}

/** Answer one of the things that are asked; with the last answer the run goes on in its place. */
export function decide(id: string, decision: Decision): void {
  const at = shown.value;
  const work = at.entries.value.at(-1);
  if (work?.role !== "agent" || at.running.value) return;
  const all = decided(work, id, decision);
  at.entries.value = [...at.entries.value.slice(0, -1), { ...work }];
  if (all) void approve(at, all);
}

async function approve(at: Place, all: Record<string, Decision>): Promise<void> {
  const body = { session_id: at.id.value, decisions: all };
  const failure = await run(at, "/v1/agent/approve", async () => body);
  // Somebody else has answered, in another tab or elsewhere.
  if (failure?.status !== 400 || !["session_id", "id"].includes(failure.param)) return;
  await reread(at).then(
    () => tell(t("decidedElsewhere")),
    () => {}, // the failure stands, and can be tried again
  );
}

/** Send what was decided once more, where it did not get through; else ask the last question again. */
export function again(): void {
  const at = shown.value;
  const all = at.entries.value;
  const question = all.findLast((each) => each.role === "user");
  if (question?.role !== "user" || at.running.value) return;
  const work = all.at(-1);
  const unheard = work?.role === "agent" ? decisions(work) : null;
  if (unheard) {
    void approve(at, unheard);
    return;
  }
  at.entries.value = all.slice(0, -2);
  ask(question.text, question.pictures);
}

/** Whether something ran. */
export function stop(): boolean {
  return stopIn(shown.value);
}

/** A session is deleted: nothing of it goes on. */
export function abandon(id: string): void {
  for (const each of busy.value) if (each.id.value === id) stopIn(each);
  leave(id);
}

function stopIn({ id, running: { value: one } }: Place): boolean {
  if (!one) return false;
  if (id.value) {
    sendJson("/v1/agent/cancel", "POST", { session_id: id.value }).catch(() => one.stop.abort());
    setTimeout(() => one.stop.abort(), PATIENCE);
  } else one.stop.abort();
  return true;
}

/** Until it ends; what went wrong, if something did. */
async function run(at: Place, path: string, body: () => Promise<object>): Promise<ApiError | null> {
  const work = at.entries.value.at(-1);
  if (work?.role !== "agent") return null;
  delete work.failure;
  delete work.ending;
  const one: Running = { beat: signal(0), work, stop: new AbortController() };
  at.running.value = one;
  busy.value = [...busy.value, at];
  const beats = pump(() => one.beat.value++);
  let failure: ApiError | null = null;
  try {
    const response = await call(path, {
      method: "POST",
      body: JSON.stringify({ ...(await body()), stream: true }),
      headers: { "content-type": "application/json" },
      signal: one.stop.signal,
    });
    for await (const events of agentEvents(response)) {
      for (const event of events) {
        take(work, event, Date.now());
        if (event.type === "start" && event.session_id) {
          named(at, event.session_id);
          void loadSessions();
        }
      }
      beats.due();
    }
  } catch (error) {
    if (isAbort(error)) cutOff(work);
    else failure = asError(error);
    if (failure) work.failure = failureOf(failure);
  } finally {
    beats.end();
    batch(() => {
      at.running.value = null;
      at.entries.value = [...at.entries.value.slice(0, -1), { ...work }];
      busy.value = busy.value.filter((each) => each !== at);
    });
    void loadSessions();
  }
  return failure;
}

function failureOf({ message, code, status, requestId, retryAfter }: ApiError) {
  return { message, code, status, requestId, retryAfter };
}
