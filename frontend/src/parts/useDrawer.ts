/** The list beside a page, where it is a drawer: it takes the focus and gives it back, and the phone's own Back closes it. */
import type { RefObject } from "preact";
import { useEffect } from "preact/hooks";
import { drawerOpen } from "../state/view";

/** Where the list covers the page; the same as in phone.css. */
export function isNarrow(): boolean {
  return matchMedia("(width < 960px)").matches;
}

/** Not in every browser, nor among the types of all. */
const Watcher = (
  globalThis as { CloseWatcher?: new () => { onclose: (() => void) | null; destroy: () => void } }
).CloseWatcher;

/** `first` is what has the focus when it opens, unless something in it was chosen already; returns how to close it. */
export function useDrawer(first: RefObject<HTMLElement>): () => void {
  const isOpen = drawerOpen.value;
  useEffect(() => {
    if (!isOpen || !isNarrow()) return;
    if (!isInList(document.activeElement)) first.current?.focus();
    const watcher = Watcher ? new Watcher() : null;
    if (watcher) watcher.onclose = close;
    return () => {
      watcher?.destroy();
      const active = document.activeElement;
      if (!active || active === document.body || isInList(active)) {
        document.querySelector<HTMLElement>(".list-toggle")?.focus();
      }
    };
  }, [isOpen]);
  return close;
}

function close(): void {
  drawerOpen.value = false;
}

function isInList(element: Element | null): boolean {
  return Boolean(element?.closest("nav.list"));
}
