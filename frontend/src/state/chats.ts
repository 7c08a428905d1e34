/**
 * Conversations: the list, those that are loaded, and which one is shown. Changes are made here first and kept in the
 * browser's database behind that; where it fails, a sentence says so, and the page goes on with what it has.
 */
import { batch, computed, type Signal, signal } from "@preact/signals";
import { forgetChat, type Head, isFull, readChat, readList, writeChat, writeList } from "../lib/db";
import { newId } from "../lib/ids";
import { type Chat, settled, titleOf } from "../lib/tree";
import { t } from "../lib/words/chat";
import { preferredModel } from "./models";
import { tell } from "./notices";

export const list = signal<Head[]>([]);
export const listRead = signal(false);
const loaded = new Map<string, Signal<Chat>>();

/** The conversation that is shown; one that is not in the list yet is new. */
export const shown = signal<Signal<Chat>>(fresh());
export const chat = computed(() => shown.value.value);

function fresh(): Signal<Chat> {
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
export function change(kept: Signal<Chat>, how: (chat: Chat) => Chat): void {
  kept.value = how(kept.value);
  if (Object.keys(kept.value.turns).length) void keep(kept.value);
}

const removed = new Set<string>();

/** Put a conversation into the database, and its head into the list. */
export async function keep(value: Chat): Promise<void> {
  if (removed.has(value.id)) return; // an answer that still comes must not bring it back
  const first = Object.values(value.turns)[0];
  const title = value.title || titleOf(first?.text ?? "") || t("untitled");
  const head: Head = { id: value.id, title, updated: value.updated, pinned: value.pinned ?? false };
  list.value = sorted([head, ...list.value.filter((each) => each.id !== head.id)]);
  await writing(() => writeChat(value, list.value));
  channel?.postMessage(value.id);
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

/** Take a conversation away. It is forgotten only when it can no longer be brought back. */
export async function remove(id: string): Promise<void> {
  const found = await loadChat(id);
  const head = list.value.find((each) => each.id === id);
  removed.add(id);
  batch(() => {
    list.value = list.value.filter((each) => each.id !== id);
    if (shown.value.value.id === id) shown.value = fresh();
  });
  await writing(() => writeList(list.value));
  const timer = setTimeout(() => {
    loaded.delete(id);
    void forgetChat(id, list.value).catch(() => {});
  }, 10_000);
  const undo = () => {
    clearTimeout(timer);
    removed.delete(id);
    if (found) void keep(found.value);
    else if (head) {
      list.value = sorted([head, ...list.value]);
      void writing(() => writeList(list.value));
    }
  };
  tell(t("deleted", { title: head?.title ?? "" }), { action: { label: t("undo"), run: undo } });
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

/** Other tabs on the same database: their list is read anew, and what they changed is loaded anew. */
const channel = "BroadcastChannel" in globalThis ? new BroadcastChannel("kiro2chat") : null;
channel?.addEventListener("message", async ({ data }) => {
  list.value = sorted(await readList().catch(() => list.value));
  const known = loaded.get(String(data));
  const read = known && (await readChat(String(data)).catch(() => null));
  if (known && read) known.value = merged(known.value, read);
});

/** What another tab wrote, with the answers that come in this one; which branch is shown is each tab's own. */
function merged(here: Chat, there: Chat): Chat {
  const growing = Object.values(here.turns).filter((turn) => turn.state === "streaming");
  const turns = {
    ...here.turns,
    ...there.turns,
    ...Object.fromEntries(growing.map((turn) => [turn.id, turn])),
  };
  return { ...there, turns, chosen: { ...there.chosen, ...here.chosen } };
}
