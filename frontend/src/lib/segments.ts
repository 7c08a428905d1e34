/** Tokens of Markdown as what lies on top of one another: paragraphs, code, lists by their items, tables by their rows. */
import type { Token } from "./markup";

export type Kind = "plain" | "list" | "table";

export interface Segment {
  kind: Kind;
  /** What opens a list, and the head of a table. */
  head: Token[];
  /** The items of a list, the rows of a table, or all of anything else as one. */
  units: Token[][];
  /** Its first line, and the one behind its last. */
  from: number;
  to: number;
}

export function segmentsOf(tokens: Token[]): Segment[] {
  return groups(tokens, 0).map((group) => {
    const [first] = group;
    const [from, to] = first?.map ?? [0, 0];
    if (/_list_open$/.test(first?.type ?? ""))
      return { kind: "list", head: group.slice(0, 1), units: groups(group, 1), from, to };
    if (first?.type !== "table_open") return { kind: "plain", head: [], units: [group], from, to };
    const [head = [], body = []] = groups(group, 1);
    return { kind: "table", head, units: groups(body, 2), from, to };
  });
}

/** What stands on a level, each from its opening to its closing. */
function groups(tokens: Token[], level: number): Token[][] {
  const found: Token[][] = [];
  let begin = -1;
  tokens.forEach((token, at) => {
    if (token.level !== level) return;
    if (token.nesting === 1) begin = at;
    else if (token.nesting === 0) found.push([token]);
    else if (begin >= 0) found.push(tokens.slice(begin, at + 1));
  });
  return found;
}

/** Whether the items of a list are paragraphs, as they are once a blank line stands between any two. */
export function isLoose({ kind, units }: Segment, isBlank: (line: number) => boolean): boolean {
  if (kind !== "list") return false;
  return units.some((unit, at) => {
    const [from, to] = unit[0]?.map ?? [0, 0];
    const isLast = at === units.length - 1;
    return unit.some(isShown) || (!isLast && to - from > 1 && isBlank(to - 1));
  });
}

/** The items of a list whose first blank line came behind them. */
export function loosen(tokens: Token[]): Token[] {
  for (const token of tokens) if (isParagraph(token)) token.hidden = false;
  return tokens;
}

function isParagraph(token: Token): boolean {
  return token.level === 2 && /^paragraph_/.test(token.type);
}

function isShown(token: Token): boolean {
  return isParagraph(token) && !token.hidden;
}

/** Where the lines of a text begin, as the parser counts them. */
export function linesOf(text: string): number[] {
  return [0, ...[...text.matchAll(/\r\n?|\n/g)].map((found) => found.index + found[0].length)];
}
