/**
 * `[^1]: words` is a footnote where it stands, and `[^1]` a small number that says those words to whoever points at it. What
 * is noted is kept among the references of a text, so that a note reaches its numbers as the address of a link does.
 */
import type MarkdownIt from "markdown-it";

type Parser = InstanceType<typeof MarkdownIt>;
type InlineRule = Parameters<Parser["inline"]["ruler"]["before"]>[2];
type BlockRule = Parameters<Parser["block"]["ruler"]["before"]>[2];

const NOTE = /^\[\^([^[\]\s]{1,60})\]:[ \t]*(.*)$/;
const NUMBER = /\[\^([^[\]\s]{1,60})\](?!:)/y;

export function footnotes(parser: Parser): void {
  const ends = () => parser.block.ruler.getRules("paragraph");
  const nameOf = (label: string) => parser.utils.normalizeReference(`^${label}`);

  const note: BlockRule = (state, startLine, endLine, silent) => {
    if ((state.sCount[startLine] ?? 0) - state.blkIndent >= 4) return false;
    const found = NOTE.exec(lineOf(state, startLine));
    if (!found) return false;
    if (silent) return true;
    const [, label = "", first = ""] = found;
    const lines = [first];
    let next = startLine + 1;
    for (; next < endLine && !state.isEmpty(next); next++) {
      const isCode = (state.sCount[next] ?? 0) - state.blkIndent > 3; // which ends no paragraph
      if (!isCode && ends().some((rule) => rule(state, next, endLine, true))) break;
      lines.push(lineOf(state, next));
    }
    const text = lines.join("\n").trim();
    state.env.references ??= {};
    state.env.references[nameOf(label)] ??= { href: "", title: text };
    state.push("footnote_open", "p", 1).map = [startLine, next];
    state.push("footnote_mark", "sup", 0).content = label;
    const inline = state.push("inline", "", 0);
    inline.content = text;
    inline.map = [startLine, next];
    inline.children = [];
    state.push("footnote_close", "p", -1);
    state.line = next;
    return true;
  };

  const number: InlineRule = (state, silent) => {
    NUMBER.lastIndex = state.pos;
    const found = state.src[state.pos] === "[" ? NUMBER.exec(state.src) : null;
    const noted = found && state.env.references?.[nameOf(found[1] ?? "")];
    if (!found || !noted) return false;
    if (!silent) {
      const token = state.push("footnote_mark", "sup", 0);
      token.content = found[1] ?? "";
      token.attrSet("title", noted.title);
    }
    state.pos += found[0].length;
    return true;
  };

  parser.block.ruler.before("reference", "footnote", note, { alt: ["paragraph", "reference"] });
  parser.inline.ruler.before("link", "footnote", number);
}

function lineOf(state: Parameters<BlockRule>[0], line: number): string {
  const begin = (state.bMarks[line] ?? 0) + (state.tShift[line] ?? 0);
  return state.src.slice(begin, state.eMarks[line]);
}
