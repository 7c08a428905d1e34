/**
 * Messages that are still being written, one to a conversation or an edited question: kept with every letter, and back
 * after a reload. Each tab keeps a copy of its own, as another may be writing under the same name.
 */
import { type Signal, signal } from "@preact/signals";
import { deleteDrafts, readDraft, writeDraft } from "../lib/db";
import { ofTab, read, write } from "../lib/stored";
import type { Picture } from "../lib/tree";
import { t } from "../lib/words/chat";
import { tell } from "./notices";

export interface Draft {
  text: Signal<string>;
  pictures: Signal<Picture[]>;
  /** Once all that was kept of it is there. */
  read: Promise<void>;
}

const LONG = 100_000; // characters; longer ones go where there is room, which is not immediate
const drafts = new Map<string, Draft>();

/** `id` is that of the conversation, "new", or `edit:` and a turn. */
export function draftOf(id: string): Draft {
  let draft = drafts.get(id);
  if (!draft) {
    const name = `draft:${id}`;
    const text = signal(read(name, ofTab) ?? read(name) ?? "");
    const pictures = signal<Picture[]>([]);
    const heavy = readDraft(id).then(
      (kept) => {
        if (!text.value) text.value = kept.text;
        if (!pictures.value.length) pictures.value = kept.pictures;
      },
      () => {},
    );
    draft = { text, pictures, read: heavy };
    drafts.set(id, draft);
  }
  return draft;
}

export function writeText(id: string, text: string): void {
  const draft = draftOf(id);
  const old = draft.text.value;
  draft.text.value = text;
  const isLong = text.length > LONG;
  keepLight(`draft:${id}`, isLong ? "" : text, old);
  if (old.length > LONG || isLong) later(id);
}

/** What is sent or given up here may be written on in another tab. */
function keepLight(name: string, text: string, old: string): void {
  write(name, text, ofTab);
  const isMine = text !== "" || read(name) === old;
  if (isMine && !write(name, text)) tell(t("draftNotKept"), { bad: true });
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

export function clearDraft(id: string): void {
  writeText(id, "");
  setPictures(id, []);
}

/** What is written here of a conversation that is gone: below it, and in the edits of its questions. */
export function forgetDrafts(chat: string, turns: readonly string[]): void {
  const ids = [chat, ...turns.map((turn) => `edit:${turn}`)];
  for (const id of ids) {
    clearTimeout(timers.get(id));
    drafts.delete(id);
    write(`draft:${id}`, "", ofTab);
    write(`draft:${id}`, "");
  }
  void deleteDrafts(ids).catch(() => {});
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
  void writeDraft(id, { text: long, pictures: pictures.value }).catch(() =>
    tell(t("draftNotKept"), { bad: true }),
  );
}
