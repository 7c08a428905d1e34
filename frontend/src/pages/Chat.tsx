/** The chat: the list of conversations, and the one that is shown. */

import { useEffect } from "preact/hooks";
import { useLocation } from "preact-iso";
import { t } from "../lib/words/chat";
import { ChatHeader } from "../parts/ChatHeader";
import { ChatList } from "../parts/ChatList";
import { Composer } from "../parts/Composer";
import { Conversation } from "../parts/Conversation";
import { DropZone } from "../parts/DropZone";
import { Empty } from "../parts/Empty";
import { Sheets } from "../parts/Sheets";
import { usePageKeys } from "../parts/shortcuts";
import { stopShown } from "../state/answers";
import { chat, list, listRead, loadList, newChat, openChat, shown } from "../state/chats";
import { tell } from "../state/notices";

export default function Chat() {
  const { path, query, route } = useLocation();
  const isHere = path === "/"; // until another page has loaded, this one stands under its address
  const wanted = query.chat ?? "";
  const value = chat.value;
  useEffect(() => void (listRead.value || loadList()), []);
  useEffect(() => {
    if (!isHere) return;
    if (!wanted) newChat();
    else {
      void openChat(wanted).then((found) => {
        if (found) return;
        tell(t("missingChat"), { bad: true });
        route("/", true);
      });
    }
  }, [wanted]);
  // A conversation gets its address with its first message, and loses it when it is deleted.
  const isEmpty = Object.keys(value.turns).length === 0;
  useEffect(() => {
    if (!isHere) return;
    if (!isEmpty && wanted !== value.id && (!wanted || !list.value.some((each) => each.id === wanted))) {
      route(`/?chat=${value.id}`, true);
    } else if (
      isEmpty &&
      wanted &&
      wanted !== value.id &&
      listRead.value &&
      !list.value.some((each) => each.id === wanted)
    ) {
      route("/", true);
    }
  }, [value.id, isEmpty, list.value]);
  const title = list.value.find((each) => each.id === value.id)?.title ?? "";
  useEffect(() => {
    document.title = title ? `${title} · kiro2chat` : "kiro2chat";
  }, [title]);
  usePageKeys({ fresh: { at: "/", run: newChat }, stop: stopShown });

  return (
    <div class="chat-page">
      <ChatList />
      <main id="content" class="chat">
        <DropZone draft={isEmpty ? "new" : value.id}>
          <ChatHeader chat={shown.value} />
          {isEmpty ? <Empty chat={shown.value} /> : <Conversation chat={shown.value} title={title} />}
          <div class="composer-place">
            <Composer chat={shown.value} />
          </div>
        </DropZone>
      </main>
      <Sheets chat={shown.value} />
    </div>
  );
}
