/** Long answers, long conversations, and everything Markdown can say. */
import assert from "node:assert/strict";
import { site } from "./page.mjs";

const { visit } = site();

visit("Markdown: tables, lists, code, formulas, bold between Chinese letters", async (person, server) => {
  const text = [
    "# Title\n\n**注意：**请看，*强调*与`代码`。",
    "| a | b |\n|---|--:|\n| x<br>y | 1 |",
    "1. one\n2. two\n   - deep\n\n```ts\nconst a: number = 1;\n```",
    "Euler: $e^{i\\pi} = -1$ and it costs $5 or $6.\n\n$$\\int_0^1 x^2 dx$$\n\n\\[\\frac{1}{2}\\]",
    "See [the docs][1] and https://example.com/a.\n\n[1]: https://example.com/docs",
  ].join("\n\n");
  await server.script({ text });
  await person.ask("All");
  const { last } = person;
  assert.equal(await last.locator("strong").first().innerText(), "注意：");
  assert.equal(await last.locator("td.align-right").innerText(), "1");
  assert.equal(await last.locator("td br").count(), 1);
  assert.equal(await last.locator("ol li").count(), 3);
  await last.locator(".hl-keyword", { hasText: "const" }).waitFor();
  await person.until(async () => (await last.locator("math").count()) === 3, "three formulas");
  assert.match(await last.innerText(), /it costs \$5 or \$6/);
  const links = await last.locator("a").evaluateAll((all) => all.map((each) => each.getAttribute("href")));
  assert.deepEqual(links, ["https://example.com/docs", "https://example.com/a"]);
});

visit("scrolling is the reader's: the end is followed only from the end", async (person, server) => {
  const { page } = person;
  await server.script({ text: Array.from({ length: 200 }, (_, at) => `Line ${at}\n\n`) });
  await person.say("Go");
  const box = page.locator(".scroll");
  const gap = () => box.evaluate((each) => each.scrollHeight - each.clientHeight - each.scrollTop);
  await person.until(() => box.evaluate((each) => each.scrollHeight > each.clientHeight + 400));
  assert.ok((await gap()) < 64, "follows the end");
  await box.hover();
  await page.mouse.wheel(0, -300);
  await page.waitForTimeout(100);
  const top = await box.evaluate((each) => each.scrollTop);
  await page.waitForTimeout(400);
  assert.ok(Math.abs((await box.evaluate((each) => each.scrollTop)) - top) < 3, "stays where the reader is");
  await person.button("New text").click();
  await page.waitForTimeout(200);
  assert.ok((await gap()) < 64, "follows again");
});

visit("what is opened and selected in an answer stays when it ends", async (person, server) => {
  const { page, last } = person;
  await server.script({
    reasoning: ["First this. "],
    text: ["Start of it.\n\n- one\n- two\n\n", ...Array(60).fill("word ")],
  });
  await page.locator(".model-button").click();
  await page.getByRole("option", { name: "claude-opus-4.8" }).click();
  await person.say("Think");
  await last.locator("li", { hasText: "two" }).waitFor();
  await last.locator(".reasoning summary").click();
  const first = await last.locator(".markdown p").first().elementHandle();
  await first?.evaluate((each) => getSelection()?.selectAllChildren(each));
  assert.equal(await page.locator(".growing-answer").count(), 1, "it still comes");
  await person.whole();
  assert.equal(await page.evaluate(() => String(getSelection())), "Start of it.");
  assert.equal(await last.locator(".reasoning").evaluate((each) => each.hasAttribute("open")), true);
});

visit("an answer of 200 KB streams without blocking the page", async (person, server) => {
  const { page } = person;
  const paragraph = "The quick **brown** fox jumps over `the lazy` dog, and 中文也在这里。 ".repeat(6);
  const piece = `${paragraph}\n\n- item one\n- item two\n\n\`\`\`python\nfor i in range(10):\n    print(i)\n\`\`\`\n\n`;
  const pieces = Math.ceil(200_000 / piece.length);
  await server.script({ text: Array(pieces).fill(piece) });
  await person.composer.waitFor();
  await page.evaluate(() => {
    const frames = [performance.now()];
    Object.assign(window, { frames });
    const next = () => {
      frames.push(performance.now());
      requestAnimationFrame(next);
    };
    requestAnimationFrame(next);
  });
  await person.say("Much");
  await page.locator("article.answer.last .stats").waitFor({ timeout: 50_000 });
  const { early, late, length } = await page.evaluate(() => {
    /** @type {number[]} */
    const frames = Object(globalThis).frames;
    const gaps = frames.slice(1).map((at, index) => at - Number(frames[index]));
    const third = Math.floor(gaps.length / 3);
    const median = (/** @type {number[]} */ some) => some.sort((a, b) => a - b)[some.length >> 1] ?? 0;
    const length = document.querySelector(".markdown")?.textContent?.length ?? 0;
    return { early: median(gaps.slice(0, third)), late: median(gaps.slice(-third)), length };
  });
  assert.ok(length > 150_000, `all of it is there: ${length}`);
  // The screen's own pace is 16.7 ms. A busy machine draws late; but late in the answer no later than early in it.
  assert.ok(
    late < Math.max(33, 3 * early), // quadratic, it would be five times
    `median of frames: ${early} ms in the first third, ${late} ms in the last`,
  );
});

visit("500 messages open at once, and are all there", async (person) => {
  const { page } = person;
  /** @type {Record<string, object>} */
  const turns = {};
  for (let at = 0; at < 500; at++) {
    const id = `x${at.toString(16)}`;
    const parent = at ? `x${(at - 1).toString(16)}` : "";
    turns[id] = {
      id,
      parent,
      role: at % 2 ? "assistant" : "user",
      text: `Message **${at}**\n\n- with a list\n\n\`\`\`js\nlet a = ${at};\n\`\`\``,
      model: "auto",
    };
  }
  const chats = [{ title: "Long", turns }];
  await page.locator(".list input[type=file]").setInputFiles({
    name: "long.json",
    mimeType: "application/json",
    buffer: Buffer.from(JSON.stringify({ format: "kiro2chat-conversations", version: 1, chats })),
  });
  const began = Date.now();
  await page.locator(".chat-row a", { hasText: "Long" }).click();
  await page.locator("article", { hasText: "Message 499" }).last().waitFor();
  const opened = Date.now() - began;
  assert.ok(opened < 10_000, `opened in ${opened} ms`);
  const box = page.locator(".scroll");
  assert.ok(
    (await box.evaluate((each) => each.scrollHeight - each.clientHeight - each.scrollTop)) < 64,
    "at the end",
  );
  await person.until(async () => (await page.locator("article").count()) === 500);
  assert.ok(
    (await box.evaluate((each) => each.scrollHeight - each.clientHeight - each.scrollTop)) < 64,
    "still at the end",
  );
  await person.composer.fill("typing is quick");
});
