/** Conversations in IndexedDB: one key for each, and one for the list, so that opening the page reads no conversation. */
import { createStore, del, delMany, get, set, setMany, type UseStore } from "idb-keyval";
import type { Chat, Picture } from "./tree";

/** What the list shows of a conversation. */
export interface Head {
  id: string;
  title: string;
  updated: number;
  pinned: boolean;
}

const LIST = "list";
let store: UseStore | null = null;

function opened(): UseStore {
  store ??= createStore("kiro2chat", "chats");
  return store;
}

export async function readList(): Promise<Head[]> {
  return (await get<Head[]>(LIST, opened())) ?? [];
}

export async function readChat(id: string): Promise<Chat | null> {
  return (await get<Chat>(`chat:${id}`, opened())) ?? null;
}

/** Both or neither: a conversation that the list lacks could never be found again. */
export async function writeChat(chat: Chat, list: Head[]): Promise<void> {
  await setMany(
    [
      [`chat:${chat.id}`, chat],
      [LIST, list],
    ],
    opened(),
  );
}

export async function writeList(list: Head[]): Promise<void> {
  await set(LIST, list, opened());
}

export async function forgetChat(id: string, list: Head[]): Promise<void> {
  await set(LIST, list, opened());
  await delMany([`chat:${id}`, `draft:${id}`], opened());
}

/** A message that is still being written, as far as it is too heavy for localStorage. */
export interface HeavyDraft {
  text: string;
  pictures: Picture[];
}

export async function readDraft(id: string): Promise<HeavyDraft> {
  return (await get<HeavyDraft>(`draft:${id}`, opened())) ?? { text: "", pictures: [] };
}

export async function writeDraft(id: string, draft: HeavyDraft): Promise<void> {
  if (draft.text || draft.pictures.length) await set(`draft:${id}`, draft, opened());
  else await del(`draft:${id}`, opened());
}

export function isFull(error: unknown): boolean {
  return error instanceof DOMException && error.name === "QuotaExceededError";
}
