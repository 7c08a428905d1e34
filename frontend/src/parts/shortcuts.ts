/** The keys that work anywhere on the chat page. */

import { useEffect } from "preact/hooks";
import { useLocation } from "preact-iso";
import { path } from "../lib/tree";
import { growing, stop } from "../state/answers";
import { chat, newChat } from "../state/chats";
import { columnHidden, drawerOpen, sheet } from "../state/view";

export function useShortcuts(): void {
  const { route } = useLocation();
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      const command = event.ctrlKey || event.metaKey;
      const key = event.key.toLowerCase();
      if (command && !event.altKey && key === "k") {
        if (event.shiftKey) toSearch();
        else {
          newChat();
          route("/");
          drawerOpen.value = false;
          document.querySelector<HTMLElement>(".composer textarea")?.focus();
        }
      } else if (command && key === "/") sheet.value = sheet.value === "shortcuts" ? "" : "shortcuts";
      else if (event.key === "Escape" && !document.querySelector("dialog[open]")) {
        const running = path(chat.value).find((turn) => growing.value.has(turn.id));
        if (drawerOpen.value) drawerOpen.value = false;
        else if (running) stop(running.id);
        else return;
      } else return;
      event.preventDefault();
    };
    document.addEventListener("keydown", onKeyDown);
    return () => document.removeEventListener("keydown", onKeyDown);
  }, [route]);
}

function toSearch(): void {
  drawerOpen.value = true;
  columnHidden.value = false;
  requestAnimationFrame(() => document.querySelector<HTMLElement>(".list-search input")?.focus());
}
