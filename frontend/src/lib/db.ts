/**
 * Conversations in IndexedDB: a key for each, one for the list, so that opening the page reads no conversation, and one for
 * each answer that still comes, so that keeping it costs no more than itself. Several tabs write: what is changed is read
 * and written in one transaction. One of them may not have heard yet what another has removed: what it still writes of
 * that is refused.
 */
import { createStore, del, delMany, get, getMany, promisifyRequest, set, type UseStore } from "idb-keyval";
import { type Chat, type Picture, replace, type Turn, united } from "./tree";

/** What the list shows of a conversation. */
export interface Head {
  id: string;
  title: string;
  updated: number;
  pinned: boolean;
}

const LIST = "list";
const REMOVED = "removed";
const REMEMBERED = 86_400_000; // milliseconds: no tab that still has a conversation is silent for longer

/** When conversations were removed, by their ids. */
type Removed = Record<string, number>;

let store: UseStore | null = null;

function opened(): UseStore {
  store ??= createStore("kiro2chat", "chats");
  return store;
}

const chatKey = (id: string) => `chat:${id}`;
const answerKey = (chat: string, turn: string) => `answer:${chat}:${turn}`;

export async function readList(): Promise<Head[]> {
  return (await get<Head[]>(LIST, opened())) ?? [];
}

/** A conversation, with what has come of answers that are not whole. */
export async function readChat(id: string): Promise<Chat | null> {
  const chat = await get<Chat>(chatKey(id), opened());
  if (!chat) return null;
  const coming = answersIn(chat);
  if (!coming.length) return chat;
  const answers = await getMany<Turn | undefined>(coming, opened());
  return answers.filter((turn) => turn !== undefined).reduce(replace, chat);
}

/** With its head in the list, both or neither: a conversation that the list lacks could never be found again. */
export async function writeChat(chat: Chat, head: Head): Promise<void> {
  await changing(async (store, list, removed) => {
    const there = await promisifyRequest<Chat | undefined>(store.get(chatKey(chat.id)));
    if (chat.id in removed) return;
    store.put(there ? united(chat, there) : chat, chatKey(chat.id));
    store.put([head, ...without(list, head.id)], LIST);
  });
}

/** What has come of an answer so far. */
export async function writeAnswer(chat: string, turn: Turn): Promise<void> {
  await changing((store, _, removed) => {
    if (!(chat in removed)) store.put(turn, answerKey(chat, turn.id));
  });
}

export async function forgetAnswer(chat: string, turn: string): Promise<void> {
  await del(answerKey(chat, turn), opened());
}

/** With all that came of its answers; until it is put back, nothing more is written of it. */
export async function forgetChat(id: string): Promise<void> {
  await changing((store, list, removed) => {
    takeOut(store, id, list, removed);
    store.delete(chatKey(id));
    store.delete(IDBKeyRange.bound(answerKey(id, ""), answerKey(id, "\uffff")));
  });
}

/** Out of the list alone. */
export async function unlist(id: string): Promise<void> {
  await changing((store, list, removed) => takeOut(store, id, list, removed));
}

function takeOut(store: IDBObjectStore, id: string, list: Head[], removed: Removed): void {
  const now = Date.now();
  const recent = Object.entries(removed).filter(([, at]) => now - at < REMEMBERED);
  store.put({ ...Object.fromEntries(recent), [id]: now }, REMOVED);
  store.put(without(list, id), LIST);
}

/** What was removed may be written again. */
export async function putBack(id: string): Promise<void> {
  await changing((store, _, { [id]: __, ...removed }) => {
    store.put(removed, REMOVED);
  });
}

export async function relist(head: Head): Promise<void> {
  await changing((store, list) => {
    store.put([head, ...without(list, head.id)], LIST);
  });
}

/** One transaction, from the list and what was removed to whatever is written. */
async function changing(
  change: (store: IDBObjectStore, list: Head[], removed: Removed) => void | Promise<void>,
): Promise<void> {
  await opened()("readwrite", async (store) => {
    const [list, removed] = await Promise.all([
      promisifyRequest<Head[] | undefined>(store.get(LIST)),
      promisifyRequest<Removed | undefined>(store.get(REMOVED)),
    ]);
    await change(store, list ?? [], removed ?? {});
    await promisifyRequest(store.transaction);
  });
}

function answersIn(chat: Chat): string[] {
  const coming = Object.values(chat.turns).filter(({ state }) => state === "streaming" || state === "cut");
  return coming.map(({ id }) => answerKey(chat.id, id));
}

function without(list: Head[], id: string): Head[] {
  return list.filter((each) => each.id !== id);
}

/** A message that is still being written, as far as it is too heavy for localStorage. */
export interface HeavyDraft {
  text: string;
  pictures: Picture[];
}

const draftKey = (id: string) => `draft:${id}`;

export async function readDraft(id: string): Promise<HeavyDraft> {
  return (await get<HeavyDraft>(draftKey(id), opened())) ?? { text: "", pictures: [] };
}

export async function writeDraft(id: string, draft: HeavyDraft): Promise<void> {
  if (draft.text || draft.pictures.length) await set(draftKey(id), draft, opened());
  else await del(draftKey(id), opened());
}

export async function deleteDrafts(ids: string[]): Promise<void> {
  await delMany(ids.map(draftKey), opened());
}

export function isFull(error: unknown): boolean {
  return error instanceof DOMException && error.name === "QuotaExceededError";
}
