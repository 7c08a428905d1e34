/**
 * Conversations: the list, those that are loaded, and which one is shown. Changes are made here first and kept in the
 * browser's database behind that; where it fails, a sentence says so, and the page goes on with what it has.
 */
import { computed, type Signal, signal } from "@preact/signals";
import {
  forgetAnswer,
  forgetChat,
  type Head,
  isFull,
  readChat,
  readList,
  relist,
  unlist,
  writeAnswer,
  writeChat,
  writeDraft,
} from "../lib/db";
import { newId } from "../lib/ids";
import { type Chat, received, replace, settled, type Turn, titleOf } from "../lib/tree";
import { t } from "../lib/words/chat";
import { preferredModel } from "./models";
import { tell } from "./notices";

export const list = signal<Head[]>([]);
export const listRead = signal(false);
const loaded = new Map<string, Signal<Chat>>();

/** The conversation that is shown; one that is not in the list yet is new. */
export const shown = signal<Signal<Chat>>(fresh());
export const chat = computed(() => shown.value.value);

export function fresh(): Signal<Chat> {
  const now = Date.now();
  const made: Chat = {
    id: newId(),
    title: "",
    created: now,
    updated: now,
    model: "",
    system: "",
    effort: "",
    maxTokens: 0,
    turns: {},
    chosen: {},
  };
  const kept = signal(made);
  loaded.set(made.id, kept);
  return kept;
}

export async function loadList(): Promise<void> {
  try {
    list.value = sorted(await readList());
  } catch {
    tell(t("storageShut"), { bad: true });
  }
  listRead.value = true;
}

/** Show a conversation. False where there is none of that name. */
export async function openChat(id: string): Promise<boolean> {
  const found = await loadChat(id);
  if (found) shown.value = found;
  return found !== null;
}

export async function loadChat(id: string): Promise<Signal<Chat> | null> {
  const known = loaded.get(id);
  if (known) return known;
  const read = await readChat(id).catch(() => null);
  if (!read) return null;
  const kept = loaded.get(id) ?? signal(settled(read));
  loaded.set(id, kept);
  return kept;
}

/** An empty conversation; the one that is shown, if it is one. */
export function newChat(): void {
  if (Object.keys(chat.value.turns).length) shown.value = fresh();
}

export function modelOf(of: Chat): string {
  return of.model || preferredModel.value;
}

/** Change a conversation, and keep it unless it is still empty. */
export async function change(kept: Signal<Chat>, how: (chat: Chat) => Chat): Promise<void> {
  kept.value = how(kept.value);
  if (Object.keys(kept.value.turns).length) await keep(kept.value);
}

const removed = new Set<string>();

/** Put a conversation into the database, and its head into the list. */
export async function keep(value: Chat): Promise<void> {
  if (removed.has(value.id)) return; // an answer that still comes must not bring it back
  const first = Object.values(value.turns)[0];
  const title = value.title || titleOf(first?.text ?? "") || t("untitled");
  const head: Head = { id: value.id, title, updated: value.updated, pinned: value.pinned ?? false };
  list.value = sorted([head, ...list.value.filter((each) => each.id !== head.id)]);
  await writing(() => writeChat(value, head));
  say({ chat: value.id });
}

/** Keep what has come of an answer, so that a reload loses little. */
export async function keepAnswer(chat: string, turn: Turn): Promise<void> {
  if (removed.has(chat)) return;
  await writing(() => writeAnswer(chat, turn));
  say({ chat, live: turn.id });
}

/** The answer is in its conversation now. */
export async function keptWhole(chat: string, turn: string): Promise<void> {
  await forgetAnswer(chat, turn).catch(() => {});
}

export async function rename(id: string, title: string): Promise<void> {
  const found = await loadChat(id);
  if (found && title.trim())
    change(found, (value) => ({ ...value, title: title.trim().slice(0, 200), named: true }));
}

export async function pin(id: string, pinned: boolean): Promise<void> {
  const found = await loadChat(id);
  if (found) change(found, (value) => ({ ...value, pinned }));
}

/** Take a conversation out of the list and the database; until it is let go, the page still has it. */
export async function takeAway(head: Head, found: Chat | undefined): Promise<void> {
  removed.add(head.id);
  list.value = list.value.filter((each) => each.id !== head.id);
  await writing(() => (found ? forgetChat(found) : unlist(head.id)));
  say({ chat: head.id });
}

export async function bringBack(head: Head, found: Chat | undefined): Promise<void> {
  removed.delete(head.id);
  if (found) return keep(found);
  list.value = sorted([head, ...list.value]);
  await writing(() => relist(head));
}

export function letGo(id: string): void {
  loaded.delete(id);
  void writeDraft(id, { text: "", pictures: [] }).catch(() => {});
}

async function writing(write: () => Promise<void>): Promise<void> {
  try {
    await write();
  } catch (error) {
    tell(t(isFull(error) ? "storageFull" : "storageShut"), { bad: true });
  }
}

function sorted(heads: Head[]): Head[] {
  return [...heads].sort((a, b) => Number(b.pinned) - Number(a.pinned) || b.updated - a.updated);
}

/** What tabs tell each other: which conversation was kept, and which answer of it still comes, or came until its tab went. */
interface News {
  chat: string;
  live?: string;
  gone?: string;
}

/** Other tabs on the same database: their list is read anew, and what they changed is loaded anew. */
const channel = "BroadcastChannel" in globalThis ? new BroadcastChannel("kiro2chat") : null;
channel?.addEventListener("message", async ({ data }: MessageEvent<News>) => {
  list.value = sorted(await readList().catch(() => list.value)).filter(({ id }) => !removed.has(id));
  const known = loaded.get(data.chat);
  const read = known && (await readChat(data.chat).catch(() => null));
  if (!known || !read) return;
  const now = received(known.value, read, data.live ?? "");
  const gone = now.turns[data.gone ?? ""];
  known.value = gone?.state === "streaming" ? replace(now, { ...gone, state: "cut" }) : now;
});

export function say(news: News): void {
  channel?.postMessage(news);
}
