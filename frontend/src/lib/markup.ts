/** Markdown → tokens. It is loaded with the first answer; until then text is shown as it is. */
import MarkdownIt from "markdown-it";
import cjk from "markdown-it-cjk-friendly";
import { footnotes } from "./footnotes";
import { formulas } from "./formulas";
import { tags } from "./tags";
import { tasks } from "./tasks";

const parser = new MarkdownIt({ html: false, linkify: true });
// `**注意：**请看` is bold for whoever writes it; CommonMark's rules know only words with spaces between them.
parser.use(cjk);
parser.use(formulas);
parser.use(footnotes);
parser.use(tags);
parser.use(tasks);
// "main.py" and "node.js" are no addresses.
parser.linkify.set({ fuzzyLink: false, fuzzyEmail: false, fuzzyIP: false });

export type Token = ReturnType<typeof parser.parse>[number];

/** What a parse leaves behind, and finds. */
export interface Env {
  [name: PropertyKey]: unknown;
  /** Addresses of links and words of footnotes, by their normalised names. */
  references: Record<string, { href: string; title: string }>;
  /** The line of the first formula that has not been closed so far. */
  unclosed?: number;
}

export function parse(text: string, env: Env = { references: {} }): Token[] {
  return parser.parse(text, env);
}

export function nameOf(label: string): string {
  return parser.utils.normalizeReference(label);
}
