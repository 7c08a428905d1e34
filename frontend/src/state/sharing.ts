/** A conversation as one page of its own: what was rendered, the styles it needs, and a policy that lets nothing run or load. */
import type { Chat, Turn } from "../lib/tree";

const POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";
const UNWANTED = "button, .actions, .unseen, textarea, form, .skip";

/** `column` is the conversation as it stands on the page; what can only be clicked is left out, what is folded is not. */
export function sharedPage(title: string, column: Element, turns: Chat["turns"]): string {
  const copy = column.cloneNode(true) as Element;
  for (const each of copy.querySelectorAll<HTMLElement>(".question")) {
    const turn = turns[each.dataset.turn ?? ""];
    if (turn) each.replaceChildren(cardOf(turn));
  }
  for (const picture of copy.querySelectorAll("button > img")) picture.parentElement?.replaceWith(picture);
  for (const each of copy.querySelectorAll(UNWANTED)) each.remove();
  for (const each of copy.querySelectorAll("[tabindex]")) each.removeAttribute("tabindex");
  const page = document.implementation.createHTMLDocument(title);
  page.documentElement.lang = document.documentElement.lang;
  const head: [string, Record<string, string>][] = [
    ["meta", { charset: "utf-8" }],
    ["meta", { "http-equiv": "content-security-policy", content: POLICY }],
    ["meta", { name: "viewport", content: "width=device-width, initial-scale=1" }],
  ];
  for (const [name, attributes] of head.reverse()) {
    const element = page.createElement(name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    page.head.prepend(element);
  }
  const heading = page.createElement("h1");
  heading.className = "shared-title";
  heading.textContent = title;
  copy.prepend(heading);
  page.body.append(page.importNode(copy, true));
  // As text: a style element would fall under the policy of this page, though it is never shown here.
  return `<!doctype html>\n${page.documentElement.outerHTML.replace("</head>", () => `<style>${styles()}</style></head>`)}`;
}

/** A question from beginning to end, also where the page shows less of it, or lets it be edited. */
function cardOf(turn: Turn): Element {
  const card = document.createElement("div");
  card.className = "card";
  for (const { name, url } of turn.pictures ?? []) {
    const picture = document.createElement("img");
    picture.className = "shared-picture";
    picture.src = url;
    picture.alt = name;
    card.append(picture);
  }
  const said = document.createElement("p");
  said.className = "said";
  said.textContent = turn.text;
  if (turn.text) card.append(said);
  return card;
}

function styles(): string {
  return [...document.styleSheets]
    .flatMap((sheet) => [...sheet.cssRules].map((rule) => rule.cssText))
    .join("\n")
    .concat(
      "\nbody { height: auto; overflow: auto; }\n.shared-title { font-size: var(--s-title); }\n.shared-picture { display: block; max-width: 100%; }\n",
    );
}
