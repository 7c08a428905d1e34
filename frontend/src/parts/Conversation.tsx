/** The column of turns, and its scrolling: it follows the end while the reader is there, and never against them. */
import type { Signal } from "@preact/signals";
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { Stick } from "../lib/stick";
import { type Chat, children, path } from "../lib/tree";
import { t } from "../lib/words/chat";
import { growing } from "../state/answers";
import { Icon } from "./Icon";
import { Message } from "./Message";

const FIRST = 30; // turns that are rendered at once; earlier ones follow when the page is idle, or on their way there

export function Conversation({ chat, title }: { chat: Signal<Chat>; title: string }) {
  const value = chat.value;
  const tree = useMemo(() => children(value), [value]);
  const turns = useMemo(() => path(value, tree), [value, tree]);
  const [rendered, setRendered] = useState(FIRST);
  const { box, content, away, toEnd } = useStick(value.id, turns.length);
  useEffect(() => setRendered(FIRST), [value.id]);
  useEffect(() => {
    if (rendered >= turns.length) return;
    const timer = setTimeout(() => setRendered(rendered + 40), 60);
    return () => clearTimeout(timer);
  }, [rendered, turns.length]);
  const from = Math.max(0, turns.length - rendered);
  const isGrowing = turns.some((turn) => growing.value.has(turn.id));
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: whoever has no mouse scrolls it by the arrows
    <div class="scroll" ref={box} tabIndex={0} role="region" aria-label={t("conversations")}>
      <h1 class="unseen">{title}</h1>
      <div class="column" ref={content}>
        {turns.slice(from).map((turn, at) => (
          <Message
            key={turn.id}
            chat={chat}
            turn={turn}
            siblings={tree.get(turn.parent) ?? NONE}
            isLast={from + at === turns.length - 1}
          />
        ))}
      </div>
      {away && (
        <button type="button" class="to-end" onClick={toEnd} aria-label={t("newText")} title={t("newText")}>
          <Icon name="arrowDown" size={16} />
          {isGrowing && <span>{t("newText")}</span>}
        </button>
      )}
    </div>
  );
}

const NONE: never[] = [];

function useStick(id: string, length: number) {
  const box = useRef<HTMLDivElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const [away, setAway] = useState(false);
  const stick = useMemo(() => new Stick(), [id]);

  const toEnd = () => {
    const element = box.current;
    if (!element) return;
    stick.held = true;
    element.scrollTop = element.scrollHeight;
    stick.wrote(placeOf(element));
    setAway(false);
  };
  // What is new in a conversation is what its reader just sent, or opened.
  useLayoutEffect(toEnd, [id, length]);

  useEffect(() => {
    const element = box.current;
    const inner = content.current;
    if (!element || !inner) return;
    const release = () => stick.released();
    const onWheel = (event: WheelEvent) => event.deltaY < 0 && release();
    let touchedAt = 0;
    const onTouchStart = (event: TouchEvent) => {
      touchedAt = event.touches[0]?.clientY ?? 0;
    };
    const onTouchMove = (event: TouchEvent) => (event.touches[0]?.clientY ?? 0) > touchedAt + 4 && release();
    const onKey = (event: KeyboardEvent) => {
      const typing = (event.target as HTMLElement).closest("textarea, input");
      if (!typing && ["PageUp", "ArrowUp", "Home"].includes(event.key)) release();
    };
    const onScroll = () => setAway(!stick.scrolled(placeOf(element)));
    const watch = new ResizeObserver(() => {
      if (stick.held) toEnd();
    });
    watch.observe(inner);
    watch.observe(element);
    const options = { passive: true };
    element.addEventListener("scroll", onScroll, options);
    element.addEventListener("wheel", onWheel, options);
    element.addEventListener("touchstart", onTouchStart, options);
    element.addEventListener("touchmove", onTouchMove, options);
    element.addEventListener("keydown", onKey);
    return () => {
      watch.disconnect();
      element.removeEventListener("scroll", onScroll);
      element.removeEventListener("wheel", onWheel);
      element.removeEventListener("touchstart", onTouchStart);
      element.removeEventListener("touchmove", onTouchMove);
      element.removeEventListener("keydown", onKey);
    };
  }, [stick]);

  return { box, content, away, toEnd };
}

function placeOf(element: HTMLElement) {
  return { top: element.scrollTop, height: element.scrollHeight, view: element.clientHeight };
}
