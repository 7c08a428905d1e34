/** Tokens of Markdown → elements. Text stays text: nothing here makes markup of a string, so nothing of an answer can run. */
import { type ComponentChild, h, type VNode } from "preact";
import type { Block } from "../lib/blocks";
import type { Token } from "../lib/markup";
import { t } from "../lib/words/chat";
import { Code } from "./Code";
import { Formula } from "./Formula";

interface Open {
  tag: string;
  props: Record<string, unknown>;
  children: ComponentChild[];
}

export function elements(tokens: Token[], growing: boolean): ComponentChild[] {
  const root: Open = { tag: "", props: {}, children: [] };
  const stack = [root];
  tokens.forEach((token, at) => {
    const top = stack[stack.length - 1] as Open;
    if (token.nesting === 1) {
      stack.push({ tag: token.hidden ? "" : tagOf(token), props: propsOf(token), children: [] });
    } else if (token.nesting === -1) {
      const done = stack.pop() as Open;
      const parent = stack[stack.length - 1] as Open;
      if (done.tag === "") parent.children.push(...done.children);
      else if (done.tag === "table") parent.children.push(scrolling(done.children));
      else parent.children.push(h(done.tag, done.props, ...done.children));
    } else {
      top.children.push(leaf(token, growing && at === tokens.length - 1));
    }
  });
  return root.children;
}

function leaf(token: Token, growing: boolean): ComponentChild {
  switch (token.type) {
    case "inline":
      return <>{elements(token.children ?? [], growing)}</>;
    case "text":
      return /^<br\s*\/?>$/i.test(token.content) ? <br /> : broken(token.content);
    case "code_inline":
      return <code>{token.content}</code>;
    case "fence":
      return <Code code={token.content} language={languageOf(token.info)} growing={growing} />;
    case "code_block":
      return <Code code={token.content} language="" growing={growing} />;
    case "softbreak":
      return "\n";
    case "hardbreak":
      return <br />;
    case "footnote_mark":
      return <sup title={String(token.attrGet("title") ?? "") || undefined}>{token.content}</sup>;
    case "hr":
      return <hr />;
    case "image":
      return picture(token);
    case "formula":
      return <Formula tex={token.content} block={token.markup === "$$"} />;
    default:
      return token.content;
  }
}

/** Models write `<br>` in the cells of tables; it is the one tag that is taken for what it means. */
function broken(text: string): ComponentChild {
  const parts = text.split(/<br\s*\/?>/i);
  return parts.length === 1 ? text : parts.flatMap((part, at) => (at ? [<br key={at} />, part] : [part]));
}

/** The page has its own first and second level: headings of an answer are third, and look like what they are. */
function tagOf(token: Token): string {
  return /^h[1-6]$/.test(token.tag) ? "h3" : token.tag;
}

function propsOf(token: Token): Record<string, unknown> {
  if (token.type === "heading_open") return { class: token.tag };
  if (token.type === "link_open")
    return linkProps(String(token.attrGet("href") ?? ""), String(token.attrGet("title") ?? ""));
  if (token.type === "footnote_open") return { class: "footnote" };
  if (token.type === "list_item_open") return { class: token.attrGet("class") ?? undefined };
  if (token.type === "ordered_list_open") return { start: token.attrGet("start") ?? undefined };
  const style = String(token.attrGet("style") ?? "");
  const align = /text-align:(left|right|center)/.exec(style)?.[1];
  return align ? { class: `align-${align}` } : {};
}

function linkProps(href: string, title: string): Record<string, unknown> {
  const safe = /^(?:https?:|mailto:|#)/i.test(href) ? href : undefined;
  return { href: safe, title: title || undefined, target: "_blank", rel: "noopener noreferrer nofollow" };
}

/** Addresses of pictures are not loaded: asking a stranger's server for one tells it that, and what, was read here. */
function picture(token: Token): ComponentChild {
  const source = String(token.attrGet("src") ?? "");
  const words = token.content || t("hiddenImage");
  if (source.startsWith("data:image/")) return <img src={source} alt={words} />;
  return <a {...linkProps(source, source)}>{words} ↗</a>;
}

/** A list whose items are rendered already, some at a time. */
export function listOf({ head }: Block, items: VNode[], key: number): VNode {
  const [list] = head;
  return list?.tag === "ol" ? (
    <ol key={key} {...propsOf(list)}>
      {items}
    </ol>
  ) : (
    <ul key={key}>{items}</ul>
  );
}

/** A table whose rows are rendered already. */
export function tableOf({ head }: Block, rows: VNode[], key: number): VNode {
  return scrolling(
    [<Head key="head" tokens={head} />, rows.length > 0 && <tbody key="body">{rows}</tbody>],
    key,
  );
}

function Head({ tokens }: { tokens: Token[] }) {
  return <>{elements(tokens, false)}</>;
}

function scrolling(children: ComponentChild[], key?: number): VNode {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: whoever has no mouse scrolls it by the arrows
    <div key={key} class="table" tabIndex={0} role="group">
      <table>{children}</table>
    </div>
  );
}

function languageOf(info: string): string {
  return (/^[\w+#.-]+/.exec(info.trim())?.[0] ?? "").toLowerCase();
}
