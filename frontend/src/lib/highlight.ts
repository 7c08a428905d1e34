/** Code → a tree of spans. Loaded when the first block of code is whole; never as a string of markup. */
import core from "highlight.js/lib/core";
import bash from "highlight.js/lib/languages/bash";
import cpp from "highlight.js/lib/languages/cpp";
import css from "highlight.js/lib/languages/css";
import diff from "highlight.js/lib/languages/diff";
import go from "highlight.js/lib/languages/go";
import java from "highlight.js/lib/languages/java";
import javascript from "highlight.js/lib/languages/javascript";
import json from "highlight.js/lib/languages/json";
import python from "highlight.js/lib/languages/python";
import rust from "highlight.js/lib/languages/rust";
import sql from "highlight.js/lib/languages/sql";
import typescript from "highlight.js/lib/languages/typescript";
import xml from "highlight.js/lib/languages/xml";
import yaml from "highlight.js/lib/languages/yaml";

const known = { bash, cpp, css, diff, go, java, javascript, json, python, rust, sql, typescript, xml, yaml };
for (const [name, language] of Object.entries(known)) core.registerLanguage(name, language);

export type Span = string | { scope: string; children: Span[] };

/** Null where the language is not known: it is shown plainly then, as a guess would be wrong as often as not. */
export function highlight(code: string, language: string): Span[] | null {
  if (!core.getLanguage(language)) return null;
  const { _emitter } = core.highlight(code, { language, ignoreIllegals: true }) as unknown as Emitted;
  return _emitter.rootNode.children.map(span);
}

interface Emitted {
  _emitter: { rootNode: Node };
}

interface Node {
  scope?: string;
  children: (Node | string)[];
}

function span(node: Node | string): Span {
  if (typeof node === "string") return node;
  return { scope: (node.scope ?? "").split(".")[0] ?? "", children: node.children.map(span) };
}
