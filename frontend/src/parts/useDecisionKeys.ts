import type { RefObject } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { Decision } from "../lib/run";

const KEYS: Record<string, Decision> = { a: "allow", s: "allow_session", d: "deny" };

/** Milliseconds after which a card takes keys: who was just typing means something else by them. */
const PAUSE = 500;

/**
 * A, S and D for a card that has come up, as long as it is `first`. It takes the focus from an empty composer and from nowhere,
 * never from what somebody writes or has chosen; the composer gets it back when the card goes.
 */
export function useDecisionKeys(
  card: RefObject<HTMLElement>,
  first: boolean,
  answer: (word: Decision) => void,
): void {
  const say = useRef(answer);
  say.current = answer;
  useEffect(() => {
    if (!first) return;
    const onKey = (event: KeyboardEvent) => {
      const decision = KEYS[event.key.toLowerCase()];
      const writing = (event.target as HTMLElement).closest?.("textarea, input, select");
      const elsewhere = writing || document.querySelector("dialog[open], .menu-list");
      if (!decision || elsewhere || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
      event.preventDefault();
      say.current(decision);
    };
    const timer = setTimeout(() => {
      if (isFree(document.activeElement)) card.current?.focus();
      addEventListener("keydown", onKey);
    }, PAUSE);
    return () => {
      clearTimeout(timer);
      removeEventListener("keydown", onKey);
    };
  }, [first]);
  useEffect(() => {
    const element = card.current;
    return () => {
      if (element?.contains(document.activeElement) && matchMedia("(hover: hover)").matches) {
        document.querySelector<HTMLElement>(".composer textarea")?.focus();
      }
    };
  }, []);
}

function isFree(element: Element | null): boolean {
  if (!element || element === document.body || element.matches(".scroll") || element.closest(".approval"))
    return true;
  return element instanceof HTMLTextAreaElement && element.matches(".composer textarea") && !element.value;
}
