import { render } from "preact";
import { expect, test } from "vitest";
import { parse } from "../lib/markup";
import { elements } from "./elements";

function shown(text: string): HTMLElement {
  const place = document.createElement("div");
  render(elements(parse(text), false), place);
  return place;
}

test.each([
  ["**注意：**请看", "<p><strong>注意：</strong>请看</p>"],
  ["# A\n\n> q", '<h3 class="h1">A</h3><blockquote><p>q</p></blockquote>'],
  ["1. a\n2. b", "<ol><li>a</li><li>b</li></ol>"],
  [
    "- [ ] a\n- [x] **b**\n- [y] c",
    '<ul><li class="task">☐ a</li><li class="task">☑ <strong>b</strong></li><li>[y] c</li></ul>',
  ],
  ["3. a", '<ol start="3"><li>a</li></ol>'],
  ["a  \nb ~~c~~", "<p>a<br>b <s>c</s></p>"],
  [
    "H<sub>2</sub>O, <kbd>**x**</kbd> <sub>",
    "<p>H<sub>2</sub>O, <kbd><strong>x</strong></kbd> &lt;sub&gt;</p>",
  ],
  ["set $HOME/bin:$PATH, $SRC/$DST", "<p>set $HOME/bin:$PATH, $SRC/$DST</p>"],
  ["from 5$ to 10$, US$3-$4, $20/$30", "<p>from 5$ to 10$, US$3-$4, $20/$30</p>"],
  ["node.js and main.py", "<p>node.js and main.py</p>"],
])("%j", (text, html) => {
  expect(shown(text).innerHTML.replace(/>\s+</g, "><").replace("<br>\n", "<br>")).toBe(html);
});

test.each([
  "<script>alert(1)</script>",
  "<img src=x onerror=alert(1)>",
  "[a](javascript:alert(1))",
  "[a](data:text/html,<script>alert(1)</script>)",
  "[a](vbscript:x) <javascript:alert(1)>",
  "![a](https://evil.example/x.png)",
  "![a](javascript:alert(1))",
  "| <svg onload=alert(1)> |\n|---|\n| <b>x</b> |",
])("nothing of it is markup, and nothing is loaded: %s", (text) => {
  const place = shown(text);
  expect(place.querySelector("script, img, svg:not(.icon), b, iframe")).toBeNull();
  for (const link of place.querySelectorAll("a[href]")) expect(link.getAttribute("href")).toMatch(/^https?:/);
});
