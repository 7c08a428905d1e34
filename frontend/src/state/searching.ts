/** Full-text search: titles at once, and every word that was said, read from the database once and kept. */
import { type Head, readChat } from "../lib/db";
import { excerptOf, plain } from "../lib/searchable";
import { inMemory, list } from "./chats";

export interface Hit {
  head: Head;
  excerpt: string;
}

const texts = new Map<string, { updated: number; text: string }>();

export async function searchChats(query: string): Promise<Hit[]> {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  const hits: Hit[] = [];
  for (const head of list.value) {
    const text = await textOf(head);
    const lower = `${head.title}\n${text}`.toLowerCase();
    if (words.every((word) => lower.includes(word))) hits.push({ head, excerpt: excerptOf(text, words) });
    if (hits.length >= 100) break;
  }
  return hits;
}

async function textOf(head: Head): Promise<string> {
  const known = texts.get(head.id);
  if (known?.updated === head.updated) return known.text;
  const chat = inMemory(head.id) ?? (await readChat(head.id).catch(() => null));
  const text = chat ? plain(chat) : "";
  texts.set(head.id, { updated: head.updated, text });
  return text;
}
