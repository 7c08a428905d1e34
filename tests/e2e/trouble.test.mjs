/** When something is wrong: the server, the backend, the input. */
import assert from "node:assert/strict";
import { site } from "./page.mjs";

const { visit } = site();
const EVIL = [
  "<script>window.hacked = 1</script><img src=x onerror='window.hacked=1'>",
  "[click](javascript:window.hacked=1) ![pixel](https://evil.example/p.png)",
  "<svg onload='window.hacked=1'> `<b>` $\\href{javascript:window.hacked=1}{x}$",
  "```html\n<script>window.hacked = 1</script>\n```",
].join("\n\n");

visit(
  "an error stands where the answer would be, with cause, request id and retry",
  async (person, server) => {
    await server.inject("throttled", { times: 3 });
    await server.script({ text: "at last" });
    await person.say("Hello");
    const card = person.page.locator(".failure");
    await card.waitFor({ timeout: 20_000 });
    assert.match(await card.innerText(), /Too many requests[\s\S]*at Kiro[\s\S]*Request id\s+\w/);
    await person.button("Try again").click();
    await person.last.getByText("at last").waitFor();
    await person.whole();
    assert.equal(await person.page.locator(".branches").count(), 0, "it takes the error's place");
    await person.page.reload();
    await person.last.getByText("at last").waitFor();
    assert.equal(await person.page.locator(".branches").count(), 0);
  },
);

visit("an error in the middle keeps what had come", async (person, server) => {
  await server.inject("exception", { arguments: { after: 12 } });
  await server.script({ text: Array(50).fill("word ") });
  await person.say("Hello");
  await person.page.locator(".failure").waitFor();
  assert.match(await person.last.innerText(), /word word/);
});

visit("a reload in the middle of an answer keeps what had come, and says so", async (person, server) => {
  await server.script({ text: Array(500).fill("word ") });
  await person.say("Hello");
  await person.last.getByText(/(word ){60}/).waitFor();
  await person.page.reload();
  await person.last.getByText("The page was closed while this answer came.").waitFor();
  assert.match(await person.last.innerText(), /word word/);
});

visit("the server goes, and comes back", async (person, server) => {
  await server.script({ text: Array(400).fill("word ") }, { text: "back again" });
  await person.say("Hello");
  await person.last.getByText(/word word/).waitFor();
  const port = await server.stopGateway();
  await person.page.getByText("The connection broke in the middle").waitFor();
  await person.composer.fill("Still here?");
  await person.button("Try again").click();
  await person.page.getByText("The server does not answer. What you write is kept").waitFor();
  assert.equal(await person.composer.inputValue(), "Still here?");
  await server.forget();
  await server.script({ text: "back again" });
  await server.startGateway(port);
  await person.page.locator(".strip.bad").waitFor({ state: "detached", timeout: 15_000 });
  await person.button("Try again").click();
  await person.last.getByText("back again").waitFor();
});

visit("nothing in an answer, a question or a file name runs or loads", async (person, server) => {
  await server.script({ text: EVIL, reasoning: EVIL });
  await person.ask(EVIL);
  await person.last.locator("figure.code").waitFor();
  await person.page.waitForTimeout(300);
  assert.equal(await person.page.evaluate("window.hacked"), undefined);
  assert.equal(await person.page.locator("article script, article img, article svg:not(.icon)").count(), 0);
  assert.equal(await person.page.locator("article a[href^='javascript']").count(), 0);
  assert.match(await person.last.innerText(), /<script>window.hacked = 1<\/script>/);
});

visit("an imported conversation runs nothing, and a corrupt one costs nothing", async (person, server) => {
  const { page } = person;
  await server.script({ text: "kept" });
  await person.ask("Mine");
  const turns = {
    xa: {
      id: "xa",
      parent: "",
      role: "user",
      text: EVIL,
      pictures: [{ name: EVIL, url: "javascript:window.hacked=1" }],
    },
    xb: {
      id: "xb",
      parent: "xa",
      role: "assistant",
      text: EVIL,
      model: EVIL,
      calls: [{ name: EVIL, arguments: EVIL, result: EVIL, failed: true }],
    },
  };
  const file = (/** @type {string} */ name, /** @type {string} */ text) => ({
    name,
    mimeType: "application/json",
    buffer: Buffer.from(text),
  });
  await page
    .locator(".list input[type=file]")
    .setInputFiles([
      file("broken.json", '{"format": "kiro2chat-conv'),
      file("other.json", '[{"title": "of another page"}]'),
      file(
        "evil.json",
        JSON.stringify({ format: "kiro2chat-conversations", version: 1, chats: [{ title: EVIL, turns }] }),
      ),
    ]);
  await page.getByText("broken.json holds no conversations that can be read: it is not JSON.").waitFor();
  await page
    .getByText("other.json holds no conversations that can be read: it was not exported from here.")
    .waitFor();
  await page.getByText("1 conversation imported.").waitFor();
  await page.locator(".chat-row", { hasText: "<script>" }).locator("a").click();
  await person.last.locator(".tool[open]").waitFor();
  await page.waitForTimeout(300);
  assert.equal(await page.evaluate("window.hacked"), undefined);
  assert.equal(await page.locator("article script, article img").count(), 0);
  await page.locator(".chat-row", { hasText: "Mine" }).locator("a").click();
  await person.last.getByText("kept").waitFor();
});

visit("a paste of 30 MB is refused in a sentence, and what was written stays", async (person) => {
  await person.composer.fill("before");
  await person.page.evaluate(() => {
    const data = new DataTransfer();
    data.setData("text/plain", "x".repeat(30_000_000));
    document
      .querySelector(".composer textarea")
      ?.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
  });
  await person.page.getByText("The pasted text is 30.0 MB").waitFor();
  assert.equal(await person.composer.inputValue(), "before");
});

visit("a full database is said, and the answer is there", async (person, server) => {
  await person.page.evaluate(() => {
    IDBObjectStore.prototype.put = () => {
      throw new DOMException("no room", "QuotaExceededError");
    };
  });
  await server.script({ text: "still answered" });
  await person.ask("Hello");
  await person.page.getByText("The browser's storage is full").waitFor();
  await person.last.getByText("still answered").waitFor();
  assert.equal(await person.page.locator(".chat-row").count(), 1);
});

visit("Enter within an input method does not send", async (person, server) => {
  const { page } = person;
  await server.script({ text: "sent" });
  await person.composer.focus();
  const session = await page.context().newCDPSession(page);
  await session.send("Input.imeSetComposition", { text: "nihao", selectionStart: 5, selectionEnd: 5 });
  await page.keyboard.press("Enter");
  assert.equal(await page.locator("article").count(), 0);
  await session.send("Input.insertText", { text: "你好" });
  // The browser took this Enter for a new line: only an input method of the system eats it.
  await person.composer.fill("你好");
  await page.keyboard.press("Shift+Enter");
  await page.keyboard.type("**注意：**请看");
  assert.equal(await page.locator("article").count(), 0);
  await page.keyboard.press("Enter");
  await person.whole();
  assert.equal(await page.locator(".question .said").innerText(), "你好\n**注意：**请看");
});
