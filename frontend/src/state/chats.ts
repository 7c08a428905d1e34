/** Conversations: the list, those that are loaded, and which one is shown. `keeping.ts` changes and writes them. */
import { computed, type Signal, signal } from "@preact/signals";
import { type Head, readChat, readList } from "../lib/db";
import { newId } from "../lib/ids";
import { type Chat, settled } from "../lib/tree";
import { t } from "../lib/words/chat";
import { begunWith } from "./beginning";
import { preferredModel } from "./models";
import { tell } from "./notices";

export const list = signal<Head[]>([]);
export const listRead = signal(false);
export const loaded = new Map<string, Signal<Chat>>();
/** Those that are deleted: whatever still comes of them must not bring them back. */
export const removed = new Set<string>();

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
    ...begunWith(),
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

let opening = "";

/** Show a conversation, unless another was asked for in the meantime. False where there is none of that name. */
export async function openChat(id: string): Promise<boolean> {
  opening = id;
  const found = await loadChat(id);
  if (opening !== id) return true;
  if (found) show(found);
  return found !== null;
}

export function show(kept: Signal<Chat>): void {
  opening = "";
  shown.value = kept;
}

/** Null where there is none of that name, or none any more. */
export async function loadChat(id: string): Promise<Signal<Chat> | null> {
  if (removed.has(id)) return null;
  const known = loaded.get(id);
  if (known) return known;
  const read = await readChat(id).catch(() => null);
  if (!read || removed.has(id)) return null;
  const kept = loaded.get(id) ?? signal(settled(read));
  loaded.set(id, kept);
  return kept;
}

/** What this page has of a conversation, the database or not. */
export function inMemory(id: string): Chat | undefined {
  return loaded.get(id)?.value;
}

/** An empty conversation; the one that is shown, if it is one. */
export function newChat(): void {
  show(isEmpty(chat.value) ? shown.value : fresh());
}

export function isEmpty(value: Chat): boolean {
  return Object.keys(value.turns).length === 0;
}

/** Where the chat was left. */
export const chatAddress = computed(() => (isEmpty(chat.value) ? "/" : `/?chat=${chat.value.id}`));

export function modelOf(of: Chat): string {
  return of.model || preferredModel.value;
}

export function sorted(heads: Head[]): Head[] {
  return [...heads].sort((a, b) => Number(b.pinned) - Number(a.pinned) || b.updated - a.updated);
}
