/**
 * A block of code: its language, copy, wrapping. It is coloured when it is whole; while it grows, lines are sealed in
 * pieces, so that the browser lays out anew only the last of them.
 */
import type { ComponentChild } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";
import type { Span } from "../lib/highlight";
import { t } from "../lib/words/chat";
import { CopyButton } from "./CopyButton";
import { IconButton } from "./IconButton";

interface Props {
  code: string;
  language: string;
  growing: boolean;
}

const LINES = 64; // to a piece
const LONGEST = 60_000; // characters that are coloured

export function Code({ code, language, growing }: Props) {
  const [wrap, setWrap] = useState(false);
  const spans = useColours(code, language, growing);
  const pieces = useMemo(() => (spans ? null : piecesOf(code)), [code, spans]);
  return (
    <figure class="code">
      <figcaption>
        <span>{language || "text"}</span>
        <IconButton
          icon="wrap"
          size={16}
          label={t("wrap")}
          aria-pressed={wrap}
          onClick={() => setWrap(!wrap)}
        />
        <CopyButton text={() => code} label={t("copyCode")} />
      </figcaption>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: whoever has no mouse scrolls it by the arrows */}
      <pre tabIndex={0} class={wrap ? "wrap" : ""} aria-label={language || "text"} role="region">
        <code>
          {spans ? spans.map(coloured) : pieces?.map((piece, at) => <Piece key={at} text={piece} />)}
        </code>
      </pre>
    </figure>
  );
}

function Piece({ text }: { text: string }) {
  return useMemo(() => <span class="piece">{text}</span>, [text]);
}

function piecesOf(code: string): string[] {
  const pieces: string[] = [];
  let begin = 0;
  let lines = 0;
  for (let at = code.indexOf("\n"); at >= 0; at = code.indexOf("\n", at + 1)) {
    if (++lines % LINES) continue;
    pieces.push(code.slice(begin, at + 1));
    begin = at + 1;
  }
  return begin < code.length || !pieces.length ? [...pieces, code.slice(begin)] : pieces;
}

function useColours(code: string, language: string, growing: boolean): Span[] | null {
  const [spans, setSpans] = useState<Span[] | null>(null);
  useEffect(() => {
    let current = true;
    if (growing || !language || code.length > LONGEST) setSpans(null);
    else {
      void import("../lib/highlight").then(
        ({ highlight }) => current && setSpans(highlight(code, language)),
        () => {},
      );
    }
    return () => {
      current = false;
    };
  }, [code, language, growing]);
  return spans;
}

function coloured(span: Span, at: number): ComponentChild {
  if (typeof span === "string") return span;
  return (
    <span key={at} class={`hl-${span.scope}`}>
      {span.children.map(coloured)}
    </span>
  );
}
