/** Nothing is lost: words that are being written, conversations in several tabs, the place where one reads. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { site } from "./page.mjs";

const { visit } = site();

/** A real, small picture: one red pixel. */
const PIXEL = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==",
  "base64",
);

visit("words are never written into a conversation that is deleted", async (person, server) => {
  const { page } = person;
  const row = (/** @type {string} */ title) => page.locator(".chat-row a", { hasText: title });
  await server.script({ text: "one" }, { text: "two" }, { text: "three" });
  await person.ask("Alpha");
  await page.keyboard.press("Control+k");
  await person.ask("Beta");
  await row("Alpha").click();
  await person.last.getByText("one").waitFor();
  await person.pick("More: Beta", "Delete");
  await page.goBack();
  await page.getByText("This conversation is not in this browser.").waitFor();
  await person.ask("Precious words");
  await page.reload();
  await person.last.getByText("three").waitFor();
  assert.deepEqual(await page.locator(".chat-title").allInnerTexts(), ["Precious words", "Alpha"]);
});

visit("Escape gives up a new title", async (person, server) => {
  const { page } = person;
  await server.script({ text: "one" });
  await person.ask("As it was");
  await person.pick("More: As it was", "Rename");
  await page.getByLabel("Title of the conversation").fill("Never");
  await page.keyboard.press("Escape");
  await page.getByLabel("Title of the conversation").waitFor({ state: "detached" });
  assert.equal(await page.locator(".chat-title").innerText(), "As it was");
  await page.reload();
  await page.locator(".chat-title", { hasText: "As it was" }).waitFor();
});

visit("an edited question is a draft, and its pictures can be taken out", async (person, server) => {
  const { page } = person;
  await server.script({ text: "one" }, { text: "two" }, { text: "three" });
  await page
    .locator(".composer input[type=file]")
    .setInputFiles({ name: "red.png", mimeType: "image/png", buffer: PIXEL });
  await person.button("Remove red.png").waitFor();
  await person.ask("First");
  await page.keyboard.press("Control+k");
  await person.ask("Other");
  await page.locator(".chat-row a", { hasText: "First" }).click();
  await person.last.getByText("one").waitFor();
  await person.button("Edit").click();
  const editor = page.getByLabel("Edit your question");
  await person.until(async () => (await editor.inputValue()) === "First");
  await editor.fill("A careful edit");
  await person.button("Remove red.png").click();
  await page.locator(".chat-row a", { hasText: "Other" }).click();
  await person.last.getByText("two").waitFor();
  await page.reload();
  await page.locator(".chat-row a", { hasText: "First" }).click();
  await person.last.getByText("one").waitFor();
  await person.button("Edit").click();
  assert.equal(await editor.inputValue(), "A careful edit");
  assert.equal(await page.locator(".editor .picture").count(), 0);
  await editor.press("Enter");
  await person.last.getByText("three").waitFor();
  assert.equal(await page.locator(".composer textarea:focus").count(), 1, "the focus is where one writes");
});

visit(
  "what a new conversation begins with outlives a look elsewhere and a reload",
  async (person, server) => {
    const { page } = person;
    const prompt = page.getByLabel("System prompt");
    await server.script({ text: "one" });
    await person.ask("Older");
    await page.keyboard.press("Control+k");
    await person.button("Instructions").click();
    await prompt.fill("You are a pirate.");
    await page.keyboard.press("Escape");
    await page.locator(".chat-row a", { hasText: "Older" }).click();
    await person.last.getByText("one").waitFor();
    await page.keyboard.press("Control+k");
    await page.reload();
    await person.button("Instructions").click();
    assert.equal(await prompt.inputValue(), "You are a pirate.");
  },
);

visit("keys of an input method neither stop an answer nor end an edit", async (person, server) => {
  const { page } = person;
  await server.script({ text: Array(300).fill("word ") });
  await person.say("Go");
  await person.last.getByText("word word").waitFor();
  await person.button("Edit").click();
  const session = await page.context().newCDPSession(page);
  for (const field of [page.getByLabel("Edit your question"), person.composer]) {
    await field.focus();
    await session.send("Input.imeSetComposition", { text: "ni", selectionStart: 2, selectionEnd: 2 });
    await page.keyboard.press("Escape");
  }
  assert.equal(await page.getByLabel("Edit your question").count(), 1);
  assert.equal(await page.getByText("Stopped by you.").count(), 0);
  await person.button("Stop").click();
});

visit("the page to share holds pictures and long questions whole", async (person, server) => {
  const { page } = person;
  await server.script({ text: "seen" });
  await page
    .locator(".composer input[type=file]")
    .setInputFiles({ name: "red.png", mimeType: "image/png", buffer: PIXEL });
  await person.button("Remove red.png").waitFor();
  await person.ask(`Long ${"word ".repeat(1200)} END OF IT`);
  await person.button("Edit").click();
  const [file] = await Promise.all([
    page.waitForEvent("download"),
    person.pick("More", "Save as a web page", page.locator("header.head")),
  ]);
  const html = readFileSync(await file.path(), "utf8");
  assert.match(html, /END OF IT/);
  assert.match(html, /<img[^>]+src="data:image\/png;base64,/);
  assert.doesNotMatch(html, /<button|<textarea/);
});

visit("another version takes the place of the one that was looked at", async (person, server) => {
  const { page } = person;
  const long = Array.from({ length: 40 }, (_, at) => `Line ${at}`).join("\n\n");
  await server.script({ text: "short" }, { text: long }, { text: long }, { text: long });
  await person.ask("First");
  await person.button("Answer again").click();
  await person.last.getByText("2/2").waitFor();
  await person.whole();
  await person.ask("Second");
  await person.ask("Third");
  const arrow = page.locator("article").first().locator("xpath=following-sibling::article[1]");
  await arrow.locator(".branches").scrollIntoViewIfNeeded();
  const place = () => arrow.evaluate((each) => Math.round(each.getBoundingClientRect().top));
  await person.button("Previous version", arrow).click();
  await arrow.getByText("1/2").waitFor();
  const before = await place();
  await person.button("Next version", arrow).click();
  await arrow.getByText("2/2").waitFor();
  assert.ok(Math.abs((await place()) - before) < 4, `${before} → ${await place()}`);
});

visit(
  "a conversation that is deleted in one tab is gone in the other, where its answer comes",
  async (person, server) => {
    const { page } = person;
    await server.script({ text: Array(250).fill("slowly ") });
    await person.say("Doomed");
    await person.last.getByText("slowly slowly").waitFor();
    const other = await page.context().newPage();
    await other.goto(page.url());
    await other.locator(".chat-row .menu > button").click();
    await other.getByRole("menuitem", { name: "Delete" }).click();
    await page.getByRole("heading", { name: "What shall we do?" }).waitFor();
    await person.until(async () => (await page.locator(".chat-row").count()) === 0);
    await page.waitForTimeout(1000); // some more of its answer comes
    await other.reload();
    assert.equal(await other.locator(".chat-row").count(), 0);
    await other.close();
  },
);

visit("nothing that was written in a conversation outlives its deletion", async (person, server) => {
  const { page } = person;
  const drafts = () =>
    page.evaluate(() =>
      [localStorage, sessionStorage].flatMap(Object.keys).filter((name) => /^draft:/.test(name)),
    );
  await page.clock.install();
  await server.script({ text: "one" });
  await person.ask("Secret words");
  await person.button("Edit").click();
  await page.getByLabel("Edit your question").waitFor();
  assert.deepEqual(await drafts(), [], "what was not changed is no draft");
  await page.getByLabel("Edit your question").fill("Other secret words");
  await person.composer.fill("More secrets");
  assert.equal((await drafts()).length, 4);
  await person.pick("More: Secret words", "Delete");
  await person.button("Undo").waitFor();
  await page.clock.fastForward(11_000);
  await person.until(async () => (await drafts()).length === 0);
});

visit(
  "an import into a full database is there, is not counted, and is written once there is room",
  async (person, server) => {
    const { page } = person;
    await person.composer.waitFor();
    await page.evaluate(() => {
      const put = IDBObjectStore.prototype.put;
      const full = () => {
        throw new DOMException("no room", "QuotaExceededError");
      };
      IDBObjectStore.prototype.put = full;
      Object.assign(window, { makeRoom: () => Object.assign(IDBObjectStore.prototype, { put }) });
    });
    const turns = { xa: { id: "xa", parent: "", role: "user", text: "From a file" } };
    const chats = [{ title: "Imported", turns }];
    await page.locator(".list input[type=file]").setInputFiles({
      name: "some.json",
      mimeType: "application/json",
      buffer: Buffer.from(JSON.stringify({ format: "kiro2chat-conversations", version: 1, chats })),
    });
    await page.getByText("The browser's storage is full").waitFor();
    await page.locator(".chat-row a", { hasText: "Imported" }).click();
    await page.locator(".question", { hasText: "From a file" }).waitFor();
    assert.equal(await page.getByText("conversation imported").count(), 0);
    await page.evaluate("makeRoom()");
    await page.keyboard.press("Control+k");
    await server.script({ text: "fine" });
    await person.ask("Room again");
    await page.reload();
    await page.locator(".chat-row a", { hasText: "Imported" }).click();
    await page.locator(".question", { hasText: "From a file" }).waitFor();
  },
);

visit("a menu whose list comes late keeps the focus, and Escape closes it from anywhere", async (person) => {
  const { page } = person;
  await page.route("**/v1/agent/tools", async (route) => {
    await new Promise((resolve) => setTimeout(resolve, 300));
    await route.continue();
  });
  await person.button("Tools").focus();
  await page.keyboard.press("Enter");
  await page.getByRole("menuitem", { name: "calculator" }).waitFor();
  await page.keyboard.press("ArrowDown");
  assert.equal(await page.locator("[role=menuitem]:focus").count(), 1);
  assert.ok(((await page.locator("[role=menuitem] small").first().textContent()) ?? "").length > 5);
  await person.composer.evaluate((each) => each.focus());
  await page.keyboard.press("Escape");
  await page.getByRole("menuitem").first().waitFor({ state: "detached" });
});

visit("the chat is found again where it was left, also while its answer comes", async (person, server) => {
  const { page } = person;
  await server.script({ text: Array(300).fill("word ") });
  await person.say("Where was I");
  await person.last.getByText("word word").waitFor();
  await page.getByRole("img", { name: "An answer is coming" }).waitFor();
  await page.locator('.rail a[href="/agent"]').click();
  await page.waitForURL("**/agent");
  await page.locator(".rail a", { hasText: "Chat" }).click();
  await person.last.getByText("word word").waitFor();
  await person.button("Stop").click();
});

visit("a paste that is too long is refused wherever one writes", async (person, server) => {
  const { page } = person;
  await server.script({ text: "one" });
  await person.ask("First");
  await person.button("Edit").click();
  for (const field of [page.getByLabel("Edit your question"), page.getByLabel("Search conversations")]) {
    const before = await field.inputValue();
    await field.evaluate((each) => {
      const data = new DataTransfer();
      data.setData("text/plain", "x".repeat(1_200_000));
      const options = { clipboardData: data, bubbles: true, cancelable: true };
      each.dispatchEvent(new ClipboardEvent("paste", options));
    });
    await page.getByText("The pasted text is 1.2 MB").waitFor();
    await person.button("Dismiss").click();
    assert.equal(await field.inputValue(), before);
  }
});

visit("an answer of another tab is cut off when that tab is gone without a word", async (person, server) => {
  const { page } = person;
  await server.script({ text: Array(600).fill("slowly ") });
  const other = await page.context().newPage();
  await other.goto(page.url());
  await other.locator(".composer textarea").fill("Hello");
  await other.locator(".composer textarea").press("Enter");
  await page.locator(".chat-row a", { hasText: "Hello" }).click();
  await person.last.getByText("coming in another tab").waitFor();
  const session = await page.context().newCDPSession(other);
  void session.send("Page.crash").catch(() => {});
  await person.last.getByText("The page was closed while this answer came.").waitFor();
});

visit("all of many deletions can be undone", async (person) => {
  const { page } = person;
  const chats = Array.from({ length: 6 }, (_, at) => ({
    title: `Number ${at}`,
    turns: { xa: { id: "xa", parent: "", role: "user", text: "words" } },
  }));
  await page.locator(".list input[type=file]").setInputFiles({
    name: "six.json",
    mimeType: "application/json",
    buffer: Buffer.from(JSON.stringify({ format: "kiro2chat-conversations", version: 1, chats })),
  });
  const rows = page.locator(".chat-row");
  await person.until(async () => (await rows.count()) === 6);
  for (let left = 5; left >= 0; left--) {
    await rows.first().locator(".menu > button").click();
    await page.getByRole("menuitem", { name: "Delete" }).click();
    await person.until(async () => (await rows.count()) === left);
  }
  assert.equal(await person.button("Undo").count(), 6);
  for (let left = 6; left > 0; left--) await person.button("Undo").first().click();
  await person.until(async () => (await rows.count()) === 6);
});

visit("models that could not be listed are asked for again", async (person) => {
  const { page } = person;
  let fails = true;
  await page.route("**/v1/models", (route) => (fails ? route.fulfill({ status: 503 }) : route.continue()));
  await page.reload();
  await page.locator(".model-button").click();
  await page.getByText("The models cannot be listed.").waitFor();
  fails = false;
  await person.button("Ask again").click();
  await page.getByRole("option").first().waitFor();
});
