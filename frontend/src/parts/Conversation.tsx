/** The column of turns, and its scrolling: it follows the end while the reader is there, and never against them. */
import type { Signal } from "@preact/signals";
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { type Chat, type Children, children, path } from "../lib/tree";
import { t } from "../lib/words/chat";
import { asked, growing } from "../state/answers";
import { Icon } from "./Icon";
import { Message } from "./Message";
import { useStick } from "./useStick";

const FIRST = 30; // turns that are rendered at once; earlier ones follow when the page is idle, or on their way there

export function Conversation({ chat, title }: { chat: Signal<Chat>; title: string }) {
  const value = chat.value;
  const before = useRef<Children>();
  const tree = useMemo(() => children(value, before.current), [value]);
  before.current = tree;
  const turns = useMemo(() => path(value, tree), [value, tree]);
  const [rendered, setRendered] = useState(FIRST);
  const { box, content, away, toEnd, stay } = useStick(value.id, asked.value);
  useEffect(() => setRendered(FIRST), [value.id]);
  useEffect(() => {
    if (rendered >= turns.length) return;
    const timer = setTimeout(() => setRendered(rendered + 40), 60);
    return () => clearTimeout(timer);
  }, [rendered, turns.length]);
  const from = Math.max(0, turns.length - rendered);
  const isGrowing = turns.some((turn) => growing.value.has(turn.id));
  // Another version takes the place of the one whose arrow was clicked, and the reader stays at it.
  const clicked = useRef<{ depth: number; top: number } | null>(null);
  const onClick = (event: MouseEvent) => {
    const arrow = (event.target as Element).closest(".branches button");
    const article = arrow?.closest("article");
    if (!article) return;
    const depth = from + [...(content.current?.children ?? [])].indexOf(article);
    clicked.current = { depth, top: article.getBoundingClientRect().top };
  };
  useLayoutEffect(() => {
    const { depth, top } = clicked.current ?? { depth: -1, top: 0 };
    clicked.current = null;
    const article = content.current?.children[depth - from];
    if (depth >= 0 && article) stay(article, top);
  }, [turns]);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: whoever has no mouse scrolls it by the arrows
    <div class="scroll" ref={box} tabIndex={0} role="region" aria-label={t("conversations")}>
      <h1 class="unseen">{title}</h1>
      <div class="column" ref={content} onClickCapture={onClick}>
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
