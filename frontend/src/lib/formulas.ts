/** Formulas in Markdown: `$…$`, `\(…\)`, and as blocks `$$…$$` and `\[…\]`. A dollar before a number is money. */
import type MarkdownIt from "markdown-it";

type Parser = InstanceType<typeof MarkdownIt>;
type InlineRule = Parameters<Parser["inline"]["ruler"]["before"]>[2];
type BlockRule = Parameters<Parser["block"]["ruler"]["before"]>[2];

export function formulas(parser: Parser): void {
  parser.inline.ruler.before("escape", "formula", inline);
  parser.block.ruler.before("fence", "formula_block", block, { alt: ["paragraph", "blockquote", "list"] });
}

const inline: InlineRule = (state, silent) => {
  const { src, pos } = state;
  const found = src.startsWith("\\(", pos) ? between(src, pos, "\\(", "\\)") : dollars(src, pos);
  if (!found) return false;
  if (!silent) {
    const token = state.push("formula", "math", 0);
    token.content = found.text;
    token.markup = found.shown ? "$$" : "$";
  }
  state.pos = found.end;
  return true;
};

interface Found {
  text: string;
  end: number;
  shown?: boolean;
}

function between(src: string, pos: number, open: string, close: string): Found | null {
  const end = src.indexOf(close, pos + open.length);
  const text = end < 0 ? "" : src.slice(pos + open.length, end).trim();
  return text ? { text, end: end + close.length } : null;
}

/** Between dollars that touch a word, these are no formulas: a variable, a sum of money, and what an operator ends, as in a path. */
const NO_FORMULA =
  /^[({]?_?[a-z]{2}|^[,.;:/]|^[-–~]?\d[\d.,]*(?![\d.,\p{L}^\\({])|(?<!\^)[^\p{L}\p{N})\]}|!']$/iu;

/** No space inside of the dollars. `the $n$th` and `2$x$` are formulas; `$HOME/bin:$PATH` is none, nor is `US$3`. */
function dollars(src: string, pos: number): Found | null {
  if (src[pos] !== "$") return null;
  if (src[pos + 1] === "$") {
    const found = between(src, pos, "$$", "$$");
    return found && { ...found, shown: true };
  }
  if (/\s/.test(src[pos + 1] ?? " ")) return null;
  for (let end = src.indexOf("$", pos + 1); end > 0; end = src.indexOf("$", end + 1)) {
    const text = src.slice(pos + 1, end);
    if (text.includes("\n\n")) return null;
    if (src[end - 1] === "\\") continue;
    if (/\s/.test(src[end - 1] ?? " ")) return null;
    const touches = /\w/.test((src[pos - 1] ?? "") + (src[end + 1] ?? ""));
    if (touches && NO_FORMULA.test(text)) return null;
    return { text, end: end + 1 };
  }
  return null;
}

const LONGEST = 100; // lines of a formula: what never closes is none, and need not be waited for

const block: BlockRule = (state, startLine, endLine, silent) => {
  const first = lineOf(state, startLine);
  const open = first.startsWith("$$") ? "$$" : first.startsWith("\\[") ? "\\[" : "";
  if (!open) return false;
  const close = open === "$$" ? "$$" : "\\]";
  const lines: string[] = [];
  for (let at = startLine; at < endLine; at++) {
    const isOutside = !state.isEmpty(at) && (state.sCount[at] ?? 0) < state.blkIndent;
    if (at - startLine > LONGEST || (at > startLine && isOutside)) return false;
    const line = at === startLine ? first.slice(2) : lineOf(state, at);
    const end = line.indexOf(close);
    if (end < 0) {
      lines.push(line);
      continue;
    }
    if (line.slice(end + 2).trim()) return false;
    if (silent) return true;
    lines.push(line.slice(0, end));
    const token = state.push("formula", "math", 0);
    token.block = true;
    token.content = lines.join("\n").trim();
    token.markup = "$$";
    token.map = [startLine, at + 1];
    state.line = at + 1;
    return true;
  }
  if (!state.level) state.env.unclosed = Math.min(startLine, Number(state.env.unclosed ?? startLine));
  return false;
};

function lineOf(state: Parameters<BlockRule>[0], line: number): string {
  const begin = (state.bMarks[line] ?? 0) + (state.tShift[line] ?? 0);
  return state.src.slice(begin, state.eMarks[line]);
}
