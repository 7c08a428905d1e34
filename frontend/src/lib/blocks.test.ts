import { expect, test } from "vitest";
import { Blocks, mended } from "./blocks";

const TEXT = `# Title

A paragraph
of two lines.
\`\`\`js
let a = 1;

let b = 2;
\`\`\`
After.

- one

- two

  more of two

  \`\`\`
  code in a list

  \`\`\`
- three

Last, with [a link][1].

$$
x^2

y
$$

[1]: https://example.com
`;

function whole(text: string): string[] {
  const blocks = new Blocks();
  const open = blocks.feed(text);
  return [...blocks.done, open];
}

test("blocks stand alone: fences, lists and formulas stay whole", () => {
  expect(whole(TEXT).map((block) => block.trim().split("\n")[0])).toEqual([
    "# Title",
    "A paragraph",
    "```js",
    "After.",
    "- one",
    "Last, with [a link][1].",
    "$$",
    "[1]: https://example.com",
  ]);
  const lines = (text: string) => text.split("\n").filter(Boolean); // blank lines between blocks belong to none
  expect(lines(whole(TEXT).join(""))).toEqual(lines(TEXT));
});

test("a text that grows letter by letter ends in the same blocks", () => {
  const blocks = new Blocks();
  let open = "";
  for (let end = 1; end <= TEXT.length; end++) open = blocks.feed(TEXT.slice(0, end));
  expect([...blocks.done, open]).toEqual(whole(TEXT));
  expect(blocks.definitions).toBe("[1]: https://example.com\n");
});

test("what is done is never looked at again: twice the text takes about twice the time", () => {
  const time = (size: number) => {
    const text = "word word word\n\n".repeat(size);
    const blocks = new Blocks();
    const began = performance.now();
    for (let end = 0; end <= text.length; end += 64) blocks.feed(text.slice(0, end));
    return performance.now() - began;
  };
  const best = (size: number) => Math.max(1, Math.min(time(size), time(size), time(size)));
  time(2000);
  const ratio = best(16_000) / best(4_000);
  expect(ratio).toBeLessThan(12); // 4 if it is linear, 16 if it is not
});

test.each([
  ["so **bol", "so **bol**"],
  ["so **", "so "],
  ["some `cod", "some `cod`"],
  ["see [the docs](https://exam", "see the docs"],
  ["text\n```py", "text\n"],
  ["text\n- ", "text\n- "],
  ["text\n-", "text\n"],
  ["```py\nlet **a", "```py\nlet **a"],
  ["done.", "done."],
])("half a mark does not flicker: %j", (open, shown) => {
  expect(mended(open)).toBe(shown);
});
