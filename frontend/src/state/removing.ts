/** Taking a conversation away: gone at once, and for a few seconds it can be brought back. */
import { t } from "../lib/words/chat";
import { stopAll } from "./answers";
import { chat, isEmpty, list, loadChat, show } from "./chats";
import { bringBack, letGo, takeAway } from "./keeping";
import { tell } from "./notices";
import { say } from "./tabs";

const UNDO_FOR = 10_000; // milliseconds

export async function remove(id: string): Promise<void> {
  const head = list.value.find((each) => each.id === id);
  if (!head) return;
  const found = await loadChat(id);
  const wasShown = chat.value.id === id;
  const gone = takeAway(head, found?.value);
  const timer = setTimeout(() => {
    stopAll(id);
    letGo(id);
    say({ chat: id, was: "dropped" });
  }, UNDO_FOR);
  const undo = () => {
    clearTimeout(timer);
    if (found && wasShown && isEmpty(chat.value)) show(found);
    void bringBack(head, found?.value); // with what has come of its answers in the meantime
  };
  tell(t("deleted", { title: head.title }), { action: { label: t("undo"), run: undo } });
  await gone;
}
