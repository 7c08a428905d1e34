/** Markdown → tokens. It is loaded with the first answer; until then text is shown as it is. */
import MarkdownIt from "markdown-it";
import cjk from "markdown-it-cjk-friendly";
import { formulas } from "./formulas";
import { tasks } from "./tasks";

const parser = new MarkdownIt({ html: false, linkify: true });
// `**注意：**请看` is bold for whoever writes it; CommonMark's rules know only words with spaces between them.
parser.use(cjk);
parser.use(formulas);
parser.use(tasks);
// "main.py" and "node.js" are no addresses.
parser.linkify.set({ fuzzyLink: false, fuzzyEmail: false, fuzzyIP: false });

export type Token = ReturnType<typeof parser.parse>[number];

export function parse(text: string, definitions = ""): Token[] {
  return parser.parse(definitions ? `${text}\n\n${definitions}` : text, {});
}
