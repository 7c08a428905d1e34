/**
 * Changes of conversations. They are made on the page first and kept in the browser's database behind that; where it
 * fails, a sentence says so, and the page goes on with what it has.
 */
import { type Signal, signal } from "@preact/signals";
import {
  forgetAnswer,
  forgetChat,
  type Head,
  isFull,
  putBack,
  readChat,
  readList,
  relist,
  unlist,
  writeAnswer,
  writeChat,
} from "../lib/db";
import { type Chat, received, replace, type Turn, titleOf } from "../lib/tree";
import { t } from "../lib/words/chat";
import { forgetBeginning, keepBeginning } from "./beginning";
import { chat, fresh, isEmpty, list, loadChat, loaded, removed, show, sorted } from "./chats";
import { forgetDrafts } from "./drafts";
import { tell } from "./notices";
import { hear, say } from "./tabs";
import { caughtUp, isMissed, missed } from "./unsaved";

/** Change a conversation, and keep it; of one that is still empty, what it begins with. */
export async function change(kept: Signal<Chat>, how: (chat: Chat) => Chat): Promise<void> {
  const wasEmpty = isEmpty(kept.value);
  kept.value = how(kept.value);
  if (isEmpty(kept.value)) return keepBeginning(kept.value);
  if (wasEmpty) forgetBeginning();
  await keep(kept.value);
}

/** Put a conversation into the database, and its head into the list. Whether there was room for it. */
export async function keep(value: Chat): Promise<boolean> {
  if (removed.has(value.id)) return false; // an answer that still comes must not bring it back
  const head = headOf(value);
  list.value = sorted([head, ...list.value.filter((each) => each.id !== head.id)]);
  const written = await writing(() => writeChat(value, head), value.id);
  if (written) say({ chat: value.id, was: "kept" });
  else missed(value.id);
  return written;
}

/** Take in a conversation that comes from elsewhere. Whether there was room for it; if not, this page still has it. */
export async function takeIn(value: Chat): Promise<boolean> {
  loaded.set(value.id, signal(value));
  return keep(value);
}

function headOf(value: Chat): Head {
  const first = Object.values(value.turns)[0];
  const title = value.title || titleOf(first?.text ?? "") || t("untitled");
  return { id: value.id, title, updated: value.updated, pinned: value.pinned ?? false };
}

/** Keep what has come of an answer, so that a reload loses little. */
export async function keepAnswer(chat: string, turn: Turn): Promise<void> {
  if (removed.has(chat)) return;
  if (isMissed(chat)) return; // its conversation would be missing
  if (await writing(() => writeAnswer(chat, turn))) say({ chat, was: "kept", live: turn.id });
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
  vanish(head.id);
  await writing(() => (found ? forgetChat(head.id) : unlist(head.id)));
  say({ chat: head.id, was: "removed" });
}

/** The conversation that was shown when another tab removed it. */
let putAway = "";

function vanish(id: string): void {
  removed.add(id);
  list.value = list.value.filter((each) => each.id !== id);
  if (chat.value.id === id) show(fresh());
}

export async function bringBack(head: Head, found: Chat | undefined): Promise<void> {
  removed.delete(head.id);
  await putBack(head.id).catch(() => {}); // the next write says what is wrong
  if (found) await keep(found);
  else {
    list.value = sorted([head, ...list.value]);
    await writing(() => relist(head));
  }
  say({ chat: head.id, was: "restored" });
}

/** With what was being written in it. */
export function letGo(id: string): void {
  forgetDrafts(id, Object.keys(loaded.get(id)?.value.turns ?? {}));
  loaded.delete(id);
}

/** Whether it was written. What there was no room for before is tried again when it was. */
async function writing(write: () => Promise<void>, id = ""): Promise<boolean> {
  try {
    await write();
  } catch (error) {
    tell(t(isFull(error) ? "storageFull" : "storageShut"), { bad: true });
    return false;
  }
  void caughtUp(id, async (other) => {
    const value = loaded.get(other)?.value;
    if (!value || removed.has(other)) return true;
    return writeChat(value, headOf(value)).then(
      () => true,
      () => false,
    );
  });
  return true;
}

/** Other tabs on the same database: their list is read anew, and what they changed is loaded anew. */
hear(async (news) => {
  const known = loaded.get(news.chat);
  if (news.was === "removed") {
    if (chat.value.id === news.chat) putAway = news.chat;
    return vanish(news.chat); // the tab that says so has written it, and may have undone it since
  }
  if (news.was === "dropped") return letGo(news.chat);
  const isBack = news.was === "restored" && removed.delete(news.chat);
  if (isBack && known && putAway === news.chat && isEmpty(chat.value)) show(known);
  const unsaved = list.value.filter(({ id }) => isMissed(id));
  const heads = await readList().catch(() => list.value);
  list.value = sorted([...unsaved, ...heads.filter(({ id }) => !removed.has(id) && !isMissed(id))]);
  const read = known && (await readChat(news.chat).catch(() => null));
  if (!known || !read) return;
  const now = received(known.value, read, news.live ?? "");
  const gone = now.turns[news.gone ?? ""];
  known.value = gone?.state === "streaming" ? replace(now, { ...gone, state: "cut" }) : now;
  // What came here while it was removed could not be written.
  if (isBack && Object.values(now.turns).some((turn) => turn !== read.turns[turn.id]))
    await keep(known.value);
});
