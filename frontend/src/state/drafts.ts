/** Messages that are still being written, one to a conversation: kept with every letter, and back after a reload. */
import { type Signal, signal } from "@preact/signals";
import { readDraft, writeDraft } from "../lib/db";
import { read, write } from "../lib/stored";
import type { Picture } from "../lib/tree";

export interface Draft {
  text: Signal<string>;
  pictures: Signal<Picture[]>;
}

const LONG = 100_000; // characters; longer ones go where there is room, which is not immediate
const drafts = new Map<string, Draft>();

/** `id` is that of the conversation, or "new". */
export function draftOf(id: string): Draft {
  let draft = drafts.get(id);
  if (!draft) {
    draft = { text: signal(read(`draft:${id}`) ?? ""), pictures: signal([]) };
    drafts.set(id, draft);
    const { text, pictures } = draft;
    void readDraft(id)
      .then((kept) => {
        if (!text.value) text.value = kept.text;
        if (!pictures.value.length) pictures.value = kept.pictures;
      })
      .catch(() => {});
  }
  return draft;
}

export function writeText(id: string, text: string): void {
  const draft = draftOf(id);
  const wasLong = draft.text.value.length > LONG;
  draft.text.value = text;
  write(`draft:${id}`, text.length > LONG ? "" : text);
  if (wasLong || text.length > LONG) later(id);
}

/** The conversation has another id by now. */
export function moveDraft(from: string, to: string): void {
  const { text, pictures } = draftOf(from);
  if (!text.value && !pictures.value.length) return;
  writeText(to, text.value);
  setPictures(to, pictures.value);
  writeText(from, "");
  setPictures(from, []);
}

export function setPictures(id: string, pictures: Picture[]): void {
  draftOf(id).pictures.value = pictures;
  keepHeavy(id);
}

const timers = new Map<string, ReturnType<typeof setTimeout>>();

function later(id: string): void {
  clearTimeout(timers.get(id));
  timers.set(
    id,
    setTimeout(() => keepHeavy(id), 300),
  );
}

function keepHeavy(id: string): void {
  const { text, pictures } = draftOf(id);
  const long = text.value.length > LONG ? text.value : "";
  void writeDraft(id, { text: long, pictures: pictures.value }).catch(() => {});
}
