/** The few tags that models write within a line, for what they mean: `H<sub>2</sub>O`. They become tokens, and no markup. */
import type MarkdownIt from "markdown-it";

type Parser = InstanceType<typeof MarkdownIt>;
type Rule = Parameters<Parser["inline"]["ruler"]["before"]>[2];

const OPEN = /<(sub|sup|kbd|mark)>/y;

export function tags(parser: Parser): void {
  parser.inline.ruler.before("autolink", "tag", pair);
}

const pair: Rule = (state, silent) => {
  OPEN.lastIndex = state.pos;
  const [open = "", tag = ""] = OPEN.exec(state.src) ?? [];
  const close = `</${tag}>`;
  const end = tag ? state.src.indexOf(close, state.pos) : -1;
  if (end < 0 || end + close.length > state.posMax) return false;
  if (!silent) {
    const { posMax } = state;
    state.push("tag_open", tag, 1);
    state.pos += open.length;
    state.posMax = end;
    state.md.inline.tokenize(state);
    state.posMax = posMax;
    state.push("tag_close", tag, -1);
  }
  state.pos = end + close.length;
  return true;
};
