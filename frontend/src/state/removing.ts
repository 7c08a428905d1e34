/** Taking a conversation away: gone at once, and for a few seconds it can be brought back. */
import { t } from "../lib/words/chat";
import { stop } from "./answers";
import { bringBack, chat, fresh, letGo, list, loadChat, shown, takeAway } from "./chats";
import { tell } from "./notices";

const UNDO_FOR = 10_000; // milliseconds

export async function remove(id: string): Promise<void> {
  const head = list.value.find((each) => each.id === id);
  if (!head) return;
  const found = await loadChat(id);
  const wasShown = chat.value.id === id;
  if (wasShown) shown.value = fresh();
  await takeAway(head, found?.value);
  const timer = setTimeout(() => {
    for (const turn of Object.keys(found?.value.turns ?? {})) stop(turn);
    letGo(id);
  }, UNDO_FOR);
  const undo = () => {
    clearTimeout(timer);
    const isElsewhere = Object.keys(chat.value.turns).length > 0;
    if (found && wasShown && !isElsewhere) shown.value = found;
    void bringBack(head, found?.value); // with what has come of its answers in the meantime
  };
  tell(t("deleted", { title: head.title }), { action: { label: t("undo"), run: undo } });
}
