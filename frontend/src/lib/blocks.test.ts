import { expect, test } from "vitest";
import { type Block, Blocks } from "./blocks";
import type { Token } from "./markup";
import * as markup from "./markup";
import { mended } from "./mended";
import { segmentsOf } from "./segments";

/** What is shown of a token, wherever its text stood. */
function told(token: Token): unknown[] {
  const { type, tag, nesting, content, markup, hidden, info, attrs } = token;
  return [
    type,
    tag,
    nesting,
    type === "inline" ? "" : content,
    markup,
    hidden,
    info,
    attrs,
    token.children?.map(told),
  ];
}

/** Text that the parser happens to give in two pieces is one. */
function shown(blocks: Block[]): unknown[] {
  return blocks.map(({ kind, head, pieces }) => ({
    kind,
    head: head.map(told),
    units: pieces.flatMap(({ tokens }) => tokens).map(told),
  }));
}

function whole(text: string): Block[] {
  return new Blocks(markup).feed(text, false);
}

/** A text as it comes: in pieces that end anywhere. */
function grown(text: string, ends: number[]): { blocks: Block[]; parser: Blocks } {
  const parser = new Blocks(markup);
  for (const end of ends) parser.feed(text.slice(0, end), true);
  return { blocks: parser.feed(text, false), parser };
}

/** A generator of numbers from 0 to below `n` that says which seed it had. */
function dice(seed: number) {
  let state = seed * 2654435761 + 1;
  return (n: number) => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) | 0;
    return ((state ^ (state >>> 13)) >>> 0) % n;
  };
}

const LINES = [
  "", "", "", "words of a line", "**bold** and `code`", "- item", "- item", "- [x] task", "* other", "1. one", "2. two",
  "7) seven", "  - deeper", "   indented", "    four", "      six", "\ttab", "> quote", "> - in a quote", "# Title", "===", "---",
  "***", "- - -", "```js", "```", "  ```", "~~~", "$$", "$$x$$", "  $$", "\\[", "\\]", "$a$ and $5", "| a | b |", "|---|:-:|",
  "| x | `y` |", "| 1 |", "[one]: https://a.example", "[two]: <https://b.example> \"title\"", "[late]:", "'title'", "[^1]: a note",
  "[^n]: https://c.example", "see [one], [the other][two], [late] and [^1] or [^n]", "- [one]: https://in.a/list", "-", "1.",
  "<br> and <b>", "![p](x)", "ends\\", "two  ", "\\- no item", "**注意：**请看", "- **a**\n\n  more", "+ plus",
]; // biome-ignore format: a table

function randomText(roll: (n: number) => number): string {
  const lines: string[] = [];
  for (let n = 3 + roll(25); n > 0; n--) {
    const line = LINES[roll(LINES.length)] ?? "";
    const times = roll(12) === 0 ? 2 + roll(24) : 1; // long lists and tables
    for (let k = 0; k < times; k++) lines.push(line);
  }
  return lines.join("\n");
}

const SEEDS = 400;

test("blocks of a text that grew are those of the whole, wherever it was cut", () => {
  for (let seed = 1; seed <= SEEDS; seed++) {
    const roll = dice(seed);
    const text = randomText(roll);
    const ends = Array.from({ length: 1 + roll(30) }, () => roll(text.length + 1)).sort((a, b) => a - b);
    const { blocks } = grown(text, ends);
    expect(shown(blocks), `seed ${seed}: ${JSON.stringify(text)}`).toEqual(shown(whole(text)));
  }
});

test("an address that comes last reaches the blocks that wait for it, and no others", () => {
  const text = `See [one].\n\n- a\n- see [two][]\n\nNo [three].\n\nEnd\n\n[one]: https://a.example\n\nmore\n\n[two]: https://b.example\n`;
  const ends = Array.from(text, (_, at) => at);
  const parser = new Blocks(markup);
  let before: Block[] = [];
  for (const end of ends) before = parser.feed(text.slice(0, end), true);
  const after = parser.feed(text, false);
  const links = (blocks: Block[]) => JSON.stringify(shown(blocks)).match(/https:..\w.example/g);
  expect(links(before)).toEqual(["https://a.example"]);
  expect(links(after)).toEqual(["https://a.example", "https://b.example"]);
  expect(after[2]).toBe(before[2]);
});

test("a footnote stands where it is written, once, and its number says it", () => {
  const text = "Paris[^1].\n\nTwo million.\n\n- Berlin\n\n[^1]: See the atlas, page 3.\n";
  const ends = Array.from(text, (_, at) => at);
  const [first, , , note, more] = grown(text, ends).blocks;
  const mark = first?.pieces[0]?.tokens[1]?.children?.find(({ type }) => type === "footnote_mark");
  expect([mark?.content, mark?.attrGet("title")]).toEqual(["1", "See the atlas, page 3."]);
  expect(note?.pieces[0]?.tokens.map(({ type }) => type)).toEqual([
    "footnote_open", "footnote_mark", "inline", "footnote_close",
  ]); // biome-ignore format: one line is enough
  expect(more).toBeUndefined();
});

test("the same text is parsed once, and its blocks are the same", () => {
  let parses = 0;
  const counting = {
    ...markup,
    parse: (text: string, env: markup.Env) => {
      parses++;
      return markup.parse(text, env);
    },
  };
  const parser = new Blocks(counting);
  const text = "# Title\n\nwords\n\n- one\n- two";
  for (const growing of [true, false]) {
    const blocks = parser.feed(text, growing);
    const before = parses;
    expect(parser.feed(text, growing)).toBe(blocks);
    expect(parses).toBe(before);
  }
  expect(shown(parser.feed(text, false))).toEqual(shown(whole(text)));
});

test("what is done is never looked at again: each piece of a long text parses little", () => {
  const kinds = {
    paragraphs: (at: number) => `word ${at}\n\n`,
    list: (at: number) => `- item ${at}\n`,
    loose: (at: number) => `${at}. item\n\n`,
    table: (at: number) => (at ? `| ${at} | b |\n` : "| a | b |\n|---|---|\n"),
  };
  for (const [kind, line] of Object.entries(kinds)) {
    let parsed = 0;
    const counting = {
      ...markup,
      parse: (text: string, env: markup.Env) => {
        parsed += text.length;
        return markup.parse(text, env);
      },
    };
    const text = Array.from({ length: 1000 }, (_, at) => line(at)).join("");
    const parser = new Blocks(counting);
    for (let end = 0; end <= text.length; end += 16) parser.feed(text.slice(0, end), true);
    expect(parsed / text.length, kind).toBeLessThan(20);
  }
});

test("lines are counted as the parser counts them", () => {
  const text = "a\r\n\r\nb\r\n\r\n- c\r\n- d\r\n";
  const ends = Array.from(text, (_, at) => at);
  expect(shown(grown(text, ends).blocks)).toEqual(shown(whole(text)));
  expect(segmentsOf(markup.parse(text)).map(({ from }) => from)).toEqual([0, 2, 4]);
});

test.each([
  ["so **bol", "so **bol**"],
  ["so **", "so "],
  ["some `cod", "some `cod`"],
  ["see [the docs](https://exam", "see the docs"],
  ["text\n```py", "text\n"],
  ["text\n- ", "text\n"],
  ["text\n-", "text\n"],
  ["```py\nlet **a", "```py\nlet **a"],
  ["done.", "done."],
])("half a mark does not flicker: %j", (open, shown) => {
  expect(mended(open)).toBe(shown);
});
