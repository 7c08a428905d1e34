/** A text that is to be judged by what it looks like: nothing in it is out of sight, or elsewhere than it seems. Pure. */

export type Piece =
  | { kind: "text"; text: string }
  | { kind: "mark"; text: string }
  | { kind: "empty"; lines: number };

/**
 * What no eye sees, or what moves what it sees: control and format characters (the bidi overrides and everything of no width
 * among them), blanks that only look like a space, and letters without a shape. Tabs and new lines stay what they are.
 */
const HIDDEN = /[\p{DI}\p{Cf}\p{Co}\p{Cs}\p{Cn}\p{Zl}\p{Zp}\u2800]|(?![\t\n])\p{Cc}|(?![ \u3000])\p{Zs}/gu;
const FEW = 2; // empty lines that are shown as they are

export function plainly(text: string): Piece[] {
  const pieces: Piece[] = [];
  let shown: string[] = [];
  let empty: string[] = [];
  const flush = () => {
    if (shown.length) pieces.push(...marked(shown.join("\n")));
    shown = [];
  };
  const settle = () => {
    if (empty.length > FEW) {
      flush();
      pieces.push({ kind: "empty", lines: empty.length });
    } else shown.push(...empty);
    empty = [];
  };
  for (const line of text.split(/\r?\n/)) {
    if (/^[ \t]*$/.test(line)) empty.push(line);
    else {
      settle();
      shown.push(line);
    }
  }
  settle();
  flush();
  return pieces;
}

function marked(text: string): Piece[] {
  const pieces: Piece[] = [];
  let from = 0;
  for (const { index, 0: hidden } of text.matchAll(HIDDEN)) {
    if (index > from) pieces.push({ kind: "text", text: text.slice(from, index) });
    const code = (hidden.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0");
    pieces.push({ kind: "mark", text: `⟨U+${code}⟩` });
    from = index + hidden.length;
  }
  if (from < text.length) pieces.push({ kind: "text", text: text.slice(from) });
  return pieces;
}
