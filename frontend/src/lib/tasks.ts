/** `- [ ] to do` and `- [x] done`: a box before the item, as GitHub has it. It shows what is written; nothing can be ticked. */
import type MarkdownIt from "markdown-it";

type Parser = InstanceType<typeof MarkdownIt>;
type Rule = Parameters<Parser["core"]["ruler"]["after"]>[2];

export function tasks(parser: Parser): void {
  parser.core.ruler.after("inline", "tasks", boxes);
}

const boxes: Rule = ({ tokens }) => {
  tokens.forEach((item, at) => {
    const text = item.type === "list_item_open" ? tokens[at + 2]?.children?.[0] : undefined;
    const mark = text?.type === "text" ? /^\[([ xX])\] /.exec(text.content) : null;
    if (!text || !mark) return;
    item.attrJoin("class", "task");
    text.content = `${mark[1] === " " ? "☐" : "☑"} ${text.content.slice(4)}`;
  });
};
