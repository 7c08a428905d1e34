/** Conversations out of the page and into it: files to save, files to import. */
import { size } from "../lib/numbers";
import { save } from "../lib/save";
import { fromJson, LARGEST_IMPORT, toJson, toMarkdown, Unreadable } from "../lib/transfer";
import { type Chat, path, titleOf } from "../lib/tree";
import { t } from "../lib/words/chat";
import { list, loadChat } from "./chats";
import { takeIn } from "./keeping";
import { tell } from "./notices";

export function exportChat(chat: Chat, form: "json" | "markdown"): void {
  if (form === "json") save(`${fileName(chat)}.json`, "application/json", toJson([chat]));
  else save(`${fileName(chat)}.md`, "text/markdown", toMarkdown(chat, t("you")));
}

export async function exportAll(): Promise<void> {
  const chats: Chat[] = [];
  for (const { id } of list.value) {
    const chat = await loadChat(id);
    if (chat) chats.push(chat.value);
  }
  save("kiro2chat.json", "application/json", toJson(chats));
}

/** One file that shows the conversation anywhere, and runs nothing. */
export async function shareChat(chat: Chat): Promise<void> {
  const { sharedPage } = await import("./sharing");
  const column = await rendered(path(chat).length);
  if (column) save(`${fileName(chat)}.html`, "text/html", sharedPage(titled(chat), column, chat.turns));
}

/** The conversation on the page, once all of its turns are: a long one is rendered in steps. */
async function rendered(turns: number): Promise<Element | null> {
  const column = document.querySelector(".column");
  for (let waits = 0; column && column.children.length < turns && waits < 200; waits++) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return column;
}

/** All conversations of a file or none; what cannot be read is said, file by file, and counted is what was written. */
export async function importFiles(files: File[]): Promise<void> {
  let count = 0;
  for (const file of files) {
    try {
      if (file.size > LARGEST_IMPORT) {
        failed(file, t("whyTooLarge", { size: size(LARGEST_IMPORT) }));
        continue;
      }
      const chats = fromJson(await file.text(), Date.now());
      for (const chat of chats) if (await takeIn(chat)) count++;
    } catch (error) {
      failed(file, t(error instanceof Unreadable ? error.why : "whyShape"));
    }
  }
  if (count) tell(count === 1 ? t("importedOne") : t("imported", { count }));
}

function failed(file: File, why: string): void {
  tell(t("importFailed", { name: file.name, why }), { bad: true });
}

function titled(chat: Chat): string {
  return chat.title || titleOf(Object.values(chat.turns)[0]?.text ?? "") || t("untitled");
}

function fileName(chat: Chat): string {
  const name = titled(chat)
    .replace(/[^\p{L}\p{N} ._-]+/gu, " ")
    .replace(/\s+/g, " ")
    .trim()
    .replace(/^\.+/, "");
  return [...name].slice(0, 60).join("") || "conversation";
}
