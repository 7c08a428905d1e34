/**
 * Conversations in IndexedDB: a key for each, one for the list, so that opening the page reads no conversation, and one for
 * each answer that still comes, so that keeping it costs no more than itself. Several tabs write: what is changed is read
 * and written in one transaction.
 */
import {
  createStore,
  del,
  delMany,
  get,
  getMany,
  promisifyRequest,
  set,
  type UseStore,
  update,
} from "idb-keyval";
import { type Chat, type Picture, replace, type Turn, united } from "./tree";

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
  await opened()("readwrite", async (store) => {
    const [there, list] = await Promise.all([
      promisifyRequest<Chat | undefined>(store.get(chatKey(chat.id))),
      promisifyRequest<Head[] | undefined>(store.get(LIST)),
    ]);
    store.put(there ? united(chat, there) : chat, chatKey(chat.id));
    store.put([head, ...without(list, head.id)], LIST);
    await promisifyRequest(store.transaction);
  });
}

/** What has come of an answer so far. */
export async function writeAnswer(chat: string, turn: Turn): Promise<void> {
  await set(answerKey(chat, turn.id), turn, opened());
}

export async function forgetAnswer(chat: string, turn: string): Promise<void> {
  await del(answerKey(chat, turn), opened());
}

export async function forgetChat(chat: Chat): Promise<void> {
  await unlist(chat.id);
  await delMany([chatKey(chat.id), ...answersIn(chat)], opened());
}

export async function unlist(id: string): Promise<void> {
  await update<Head[]>(LIST, (list) => without(list, id), opened());
}

export async function relist(head: Head): Promise<void> {
  await update<Head[]>(LIST, (list) => [head, ...without(list, head.id)], opened());
}

function answersIn(chat: Chat): string[] {
  const coming = Object.values(chat.turns).filter(({ state }) => state === "streaming" || state === "cut");
  return coming.map(({ id }) => answerKey(chat.id, id));
}

function without(list: Head[] | undefined, id: string): Head[] {
  return (list ?? []).filter((each) => each.id !== id);
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

export function isFull(error: unknown): boolean {
  return error instanceof DOMException && error.name === "QuotaExceededError";
}
