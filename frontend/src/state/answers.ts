/**
 * Asking, and answers while they come. A growing answer is a signal of its own that changes at most once a frame; the
 * conversation itself changes when the answer is whole, and is kept in between so that a reload loses little.
 */
import { type Signal, signal } from "@preact/signals";
import { type Answer, begun, take, thoughtFor } from "../lib/answer";
import { call } from "../lib/api";
import { ApiError, isAbort } from "../lib/errors";
import { newId } from "../lib/ids";
import { pump } from "../lib/pump";
import { requestOf } from "../lib/request";
import { chunks } from "../lib/sse";
import { add, type Chat, type Failure, type Picture, path, replace, type Turn, upTo } from "../lib/tree";
import { chat, modelOf } from "./chats";
import { change, keepAnswer, keptWhole } from "./keeping";
import { loginRefused } from "./server";
import { hear, say } from "./tabs";

interface Growing {
  /** Bumped at most once a frame; the answer itself is changed in place. */
  beat: Signal<number>;
  answer: Answer;
  chat: string;
  stop: AbortController;
}

/** By the id of their turn. The signal changes when answers begin and end. */
export const growing = signal<ReadonlyMap<string, Growing>>(new Map());

/** How often something was asked: what is new at the end of a conversation since then is of its reader. */
export const asked = signal(0);

const KEPT_EVERY = 700; // milliseconds: what a reload may cost of an answer

/** Put a question below a turn ("" for the first), and have it answered. */
export function ask(chat: Signal<Chat>, parent: string, text: string, pictures: Picture[]): void {
  const question: Turn = { id: newId(), parent, role: "user", text, at: Date.now() };
  if (pictures.length) question.pictures = pictures;
  asked.value++;
  change(chat, (value) => add(value, question));
  answer(chat, question.id, modelOf(chat.value));
}

/** Have a question answered, once more if it was before; in the place of an answer that failed before its first word. */
export function answer(chat: Signal<Chat>, question: string, model: string, failed?: Turn): void {
  const turn: Turn = {
    id: failed && !failed.text && !failed.reasoning ? failed.id : newId(),
    parent: question,
    role: "assistant",
    text: "",
    at: Date.now(),
    model,
    state: "streaming",
  };
  change(chat, (value) => add(value, turn));
  hold(turn.id, stream(chat, turn));
}

export function stop(id: string): void {
  growing.value.get(id)?.stop.abort();
}

/** What grows in the conversation that is shown; whether something did. */
export function stopShown(): boolean {
  const turn = path(chat.value).find(({ id }) => growing.value.has(id));
  if (turn) stop(turn.id);
  return turn !== undefined;
}

/** All answers of a conversation that still come. */
export function stopAll(chat: string): void {
  for (const each of growing.value.values()) if (each.chat === chat) each.stop.abort();
}

async function stream(chat: Signal<Chat>, turn: Turn): Promise<void> {
  const one: Growing = {
    beat: signal(0),
    answer: begun(turn.at),
    chat: chat.value.id,
    stop: new AbortController(),
  };
  growing.value = new Map(growing.value).set(turn.id, one);
  const beats = pump(() => one.beat.value++);
  let keptAt = performance.now();
  let failure: ApiError | null = null;
  try {
    const body = requestOf(chat.value, upTo(chat.value, turn.parent), turn.model ?? "auto");
    const response = await call("/v1/chat/completions", {
      method: "POST",
      body: JSON.stringify(body),
      headers: { "content-type": "application/json" },
      signal: one.stop.signal,
    });
    for await (const read of chunks(response)) {
      const now = Date.now();
      for (const chunk of read) take(one.answer, chunk, now);
      beats.due();
      if (performance.now() - keptAt > KEPT_EVERY) {
        keptAt = performance.now();
        void keepAnswer(chat.value.id, { ...asTurn(turn, one.answer), state: "streaming" });
      }
    }
    loginRefused.value = false;
  } catch (error) {
    if (!isAbort(error)) failure = error instanceof ApiError ? error : new ApiError(String(error), 0, "page");
  }
  beats.end();
  one.answer.endedAt = Date.now();
  const whole = asTurn(turn, one.answer);
  if (failure) whole.failure = noted(failure);
  else if (one.stop.signal.aborted) whole.state = "stopped";
  const kept = change(chat, (value) => ({ ...replace(value, whole), updated: Date.now() }));
  const left = new Map(growing.value);
  left.delete(turn.id);
  growing.value = left;
  await kept;
  await keptWhole(chat.value.id, turn.id);
}

/** A lock is let go whenever its tab ends, be it by a crash: who waits for it knows that nothing more comes. */
function hold(id: string, streaming: Promise<void>): void {
  navigator.locks?.request(`answer:${id}`, () => streaming).catch(() => {});
}

/** For an answer that comes in another tab: once that has gone without a word, it is cut off. Returns what ends the wait. */
export function watch(chat: Signal<Chat>, id: string): () => void {
  const wait = new AbortController();
  const ended = () => {
    const turn = chat.value.turns[id];
    if (turn?.state === "streaming") chat.value = replace(chat.value, { ...turn, state: "cut" });
  };
  navigator.locks?.request(`answer:${id}`, { signal: wait.signal }, ended).catch(() => {});
  return () => wait.abort();
}

/** The page goes: other tabs need not wait for what came here. */
addEventListener("pagehide", () => {
  for (const [id, { chat }] of growing.value) say({ chat, was: "kept", gone: id });
});

/** A conversation that was deleted in another tab can no longer be brought back. */
hear(({ chat, was }) => {
  if (was === "dropped") stopAll(chat);
});

function asTurn(turn: Turn, answer: Answer): Turn {
  const { state: _, ...whole } = turn;
  whole.text = answer.text;
  if (answer.reasoning) {
    whole.reasoning = answer.reasoning;
    whole.thoughtMs = thoughtFor(answer, Date.now());
  }
  if (answer.calls.length) whole.calls = answer.calls;
  if (answer.usage) whole.usage = answer.usage;
  if (answer.finish) whole.finish = answer.finish;
  if (answer.firstAt !== undefined) whole.ttftMs = answer.firstAt - answer.askedAt;
  if (answer.endedAt !== undefined) whole.totalMs = answer.endedAt - answer.askedAt;
  return whole;
}

function noted(error: ApiError): Failure {
  if (error.code.startsWith("login_")) loginRefused.value = true;
  const { code, message, status, requestId, retryAfter } = error;
  return { code, message, status, requestId, retryAfter };
}
