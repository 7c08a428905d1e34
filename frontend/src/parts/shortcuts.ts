/** The keys that work everywhere, and what the page that is open makes of them. */

import { useEffect } from "preact/hooks";
import { useLocation } from "preact-iso";
import { newChat } from "../state/chats";
import { isComposing } from "../state/composing";
import { columnHidden, drawerOpen, sheet } from "../state/view";
import { isNarrow } from "./useDrawer";

export interface PageKeys {
  /** Something new, and the address where it is written. */
  fresh: { at: string; run: () => void };
  /** Whether something was stopped. */
  stop: () => boolean;
}

const ELSEWHERE: PageKeys = { fresh: { at: "/", run: newChat }, stop: () => false };
let keys = ELSEWHERE;

/** What the keys do while this page is open. */
export function usePageKeys(own: PageKeys): void {
  useEffect(() => {
    keys = own;
  });
  useEffect(
    () => () => {
      keys = ELSEWHERE;
    },
    [],
  );
}

/** For the frame around all pages. */
export function useShortcuts(): void {
  const { route } = useLocation();
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (isComposing(event)) return;
      const inDialog = document.querySelector("dialog[open]") !== null; // it may hold what is shown once
      const command = event.ctrlKey || event.metaKey;
      const key = event.key.toLowerCase();
      if (command && !event.altKey && key === "k") {
        if (inDialog) return;
        if (event.shiftKey) toSearch();
        else {
          keys.fresh.run();
          route(keys.fresh.at);
          drawerOpen.value = false;
          document.querySelector<HTMLElement>(".composer textarea")?.focus();
        }
      } else if (command && key === "/") sheet.value = sheet.value === "shortcuts" ? "" : "shortcuts";
      else if (event.key === "Escape" && !inDialog) {
        if (drawerOpen.value) drawerOpen.value = false;
        else if (!keys.stop()) return;
      } else return;
      event.preventDefault();
    };
    document.addEventListener("keydown", onKeyDown);
    return () => document.removeEventListener("keydown", onKeyDown);
  }, [route]);
}

function toSearch(): void {
  const search = document.querySelector<HTMLElement>(".list-search input");
  if (!search) return;
  drawerOpen.value = isNarrow();
  columnHidden.value = false;
  requestAnimationFrame(() => search.focus());
}
