/** What is kept: the list of conversations, search, files out and in, drafts. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { site } from "./page.mjs";

const { visit } = site();

/** A real, small picture: one red pixel. */
const PIXEL = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==",
  "base64",
);

visit("rename, pin, delete with undo; the list outlives a reload", async (person, server) => {
  const { page } = person;
  await server.script({ text: "one" }, { text: "two" });
  await person.ask("Alpha question");
  await person.button("New chat Ctrl K").click();
  await person.ask("Beta question");
  const rows = page.locator(".chat-row");
  assert.deepEqual(await rows.locator(".chat-title").allInnerTexts(), ["Beta question", "Alpha question"]);
  await person.pick("More: Alpha question", "Rename");
  await page.getByLabel("Title of the conversation").fill("Omega");
  await page.keyboard.press("Enter");
  await person.pick("More: Omega", "Pin");
  await page.getByText("Pinned", { exact: true }).waitFor();
  await page.waitForTimeout(500); // it is written beside what is shown
  await page.reload();
  await rows.first().waitFor();
  assert.deepEqual(await rows.locator(".chat-title").allInnerTexts(), ["Omega", "Beta question"]);
  await person.pick("More: Beta question", "Delete");
  assert.equal(await rows.count(), 1);
  await page.getByRole("heading", { name: "What shall we do?" }).waitFor();
  await person.button("Undo").click();
  await rows.nth(1).waitFor();
  await rows.nth(1).locator("a").click();
  await person.last.getByText("two").waitFor();
});

visit("search finds every word that was said", async (person, server) => {
  const { page } = person;
  await server.script({ text: "The capybara is a rodent." }, { text: "nothing" });
  await person.ask("Animals");
  await page.keyboard.press("Control+k");
  await person.ask("Other");
  await page.keyboard.press("Control+Shift+k");
  await page.keyboard.type("capyb rodent");
  const row = page.locator(".chat-row");
  await person.until(async () => (await row.count()) === 1);
  assert.match(await row.innerText(), /Animals[\s\S]*capybara is a rodent/);
  await page.keyboard.press("Escape");
  await person.until(async () => (await row.count()) === 2);
});

visit(
  "a conversation leaves as JSON, Markdown and a page, and comes back from JSON",
  async (person, server) => {
    const { page } = person;
    await server.script({ text: "Some **bold** words\n\n```js\nlet a = 1;\n```" });
    await person.ask("Write <b>it</b>");
    const saved = async (/** @type {string} */ item) => {
      const [file] = await Promise.all([
        page.waitForEvent("download"),
        person.pick("More", item, page.locator("header.head")),
      ]);
      return readFileSync(await file.path(), "utf8");
    };
    const markdown = await saved("Export as Markdown");
    assert.match(
      markdown,
      /^# Write <b>it<\/b>\n\n## You\n\nWrite <b>it<\/b>\n\n## auto\n\nSome \*\*bold\*\* words/,
    );
    const html = await saved("Save as a web page");
    assert.match(html, /<strong>bold<\/strong>/);
    assert.doesNotMatch(html, /<script|<button|<b>it/);
    assert.match(html, /default-src 'none'/);
    const json = await saved("Export as JSON");
    await person.pick("More", "Delete", page.locator("header.head"));
    await page
      .locator(".list input[type=file]")
      .setInputFiles({ name: "back.json", mimeType: "application/json", buffer: Buffer.from(json) });
    await page.getByText("1 conversation imported.").waitFor();
    await page.locator(".chat-row a").click();
    await person.last.locator("strong", { hasText: "bold" }).waitFor();
  },
);

visit(
  "pictures come by picker, paste and drop, go to the model, and can be taken out",
  async (person, server) => {
    const { page } = person;
    await page.locator(".composer input[type=file]").setInputFiles([
      { name: "<img src=x onerror=alert(1)>.png", mimeType: "image/png", buffer: PIXEL },
      { name: "notes.txt", mimeType: "text/plain", buffer: Buffer.from("no") },
    ]);
    await page.getByText("notes.txt is not a picture").waitFor();
    const hand = (/** @type {string} */ kind) =>
      page.evaluate(
        ([kind, base64]) => {
          const bytes = Uint8Array.from(atob(String(base64)), (letter) => letter.charCodeAt(0));
          const data = new DataTransfer();
          data.items.add(new File([bytes], `${kind}.png`, { type: "image/png" }));
          const target = document.querySelector(".composer textarea");
          const options = { bubbles: true, cancelable: true };
          target?.dispatchEvent(
            kind === "paste"
              ? new ClipboardEvent("paste", { ...options, clipboardData: data })
              : new DragEvent("drop", { ...options, dataTransfer: data }),
          );
        },
        [kind, PIXEL.toString("base64")],
      );
    await hand("paste");
    await hand("drop");
    const pictures = page.locator(".composer .picture");
    await person.until(async () => (await pictures.count()) === 3);
    await person.button("Remove paste.png").click();
    assert.equal(await pictures.count(), 2);
    await page.reload();
    await person.until(async () => (await pictures.count()) === 2, "pictures of a draft are kept");
    await server.script({ text: "I see" });
    await person.ask("Look");
    const message = (await server.chats()).at(-1).conversationState.currentMessage.userInputMessage;
    assert.equal(message.images.length, 2);
    await person.button("Open drop.png").click();
    await page.locator("dialog img.large").waitFor();
  },
);

visit("a draft outlives a reload, also that of a new conversation", async (person) => {
  await person.composer.fill("half a thou");
  await person.page.reload();
  assert.equal(await person.composer.inputValue(), "half a thou");
});

visit("two tabs on one conversation lose nothing of each other", async (person, server) => {
  const { page } = person;
  await server.script({ text: "First." }, { text: Array(60).fill("slowly ") }, { text: "Meanwhile." });
  await person.ask("One");
  const other = await page.context().newPage();
  await other.goto(page.url());
  await other.locator(".markdown", { hasText: "First." }).waitFor();
  await other.locator(".composer textarea").fill("From the other tab");
  await other.locator(".composer textarea").press("Enter");
  await person.last.getByText("coming in another tab").waitFor();
  await person.last.locator(".markdown", { hasText: "slowly" }).waitFor();
  await person.button("Edit").first().click(); // a branch of its own, while that answer comes
  await page.getByLabel("Edit your question").fill("Another one");
  await page.keyboard.press("Enter");
  await person.last.locator(".markdown", { hasText: "Meanwhile." }).waitFor();
  await other.locator("article.answer.last .stats").waitFor();
  await other.locator(".growing-answer").waitFor({ state: "detached" });
  await person.button("Previous version").first().click();
  await person.until(async () => (await person.last.innerText()).split("slowly").length === 61);
  for (const tab of [page, other]) {
    await tab.reload();
    const versions = tab.locator("article.question").first();
    await versions.getByText("/2").waitFor();
    if ((await versions.innerText()).includes("2/2"))
      await person.button("Previous version", versions).click();
    await versions.getByText("1/2").waitFor();
    assert.equal((await tab.locator("article.answer").last().innerText()).split("slowly").length, 61);
    await person.button("Next version", versions).click();
    await tab.locator("article.answer").last().getByText("Meanwhile.").waitFor();
  }
  await other.close();
});

visit(
  "what was deleted while its answer came is back with all of it, and in view",
  async (person, server) => {
    const { page } = person;
    await server.script({ text: Array(40).fill("slowly ") });
    await person.say("Doomed");
    await person.last.getByText("slowly slowly").waitFor();
    await person.pick("More: Doomed", "Delete");
    await page.getByRole("heading", { name: "What shall we do?" }).waitFor();
    await page.waitForTimeout(800); // its answer ends in the meantime
    await person.button("Undo").click();
    await person.whole();
    assert.equal((await person.last.innerText()).split("slowly").length, 41);
    await page.reload();
    assert.equal((await person.last.innerText()).split("slowly").length, 41);
  },
);

/** Another tab that hears nothing of this one until `hear()` is called in it, as if it were busy. */
async function deaf(/** @type {import("playwright-core").Page} */ page) {
  const other = await page.context().newPage();
  await other.addInitScript(() => {
    const { addEventListener } = BroadcastChannel.prototype;
    /** @type {(() => void)[]} */
    const held = [];
    let isHeld = true;
    BroadcastChannel.prototype.addEventListener = function (
      /** @type {string} */ type,
      /** @type {any} */ listener,
    ) {
      addEventListener.call(this, type, (event) =>
        isHeld ? held.push(() => listener(event)) : listener(event),
      );
    };
    const hear = () => {
      isHeld = false;
      for (const each of held.splice(0)) each();
    };
    Object.assign(window, { hear });
  });
  await other.goto(page.url());
  return other;
}

visit(
  "a deletion that was undone is undone, also for a tab that hears of both late",
  async (person, server) => {
    const { page } = person;
    await server.script({ text: "one" }, { text: "two" });
    await person.ask("Alpha");
    const other = await deaf(page);
    await other.locator("article.answer").waitFor();
    await person.pick("More: Alpha", "Delete");
    await person.button("Undo").click();
    await person.last.getByText("one").waitFor();
    await person.ask("Later words");
    await person.until(async () =>
      (await kept(page)).some((each) => /"text":"two"(?!.*"streaming")/.test(each)),
    );
    await page.close();
    await other.evaluate("hear()");
    await other.locator("article.answer", { hasText: "two" }).waitFor();
    await other.reload();
    await other.locator("article.answer", { hasText: "two" }).waitFor();
    assert.equal(await other.locator("article").count(), 4);
  },
);

visit("what still comes for a conversation that another tab removed is refused", async (person, server) => {
  const { page } = person;
  await server.script({ text: "one" }, { text: Array(250).fill("slowly ") });
  await person.ask("Doomed");
  const other = await deaf(page);
  await other.locator("article.answer").waitFor();
  await other.locator(".composer textarea").fill("More");
  await other.locator(".composer textarea").press("Enter");
  await other.locator("article.answer.last", { hasText: "slowly slowly" }).waitFor();
  await person.pick("More: Doomed", "Delete");
  await person.until(async () => (await page.locator(".chat-row").count()) === 0);
  await other.locator(".growing-answer").waitFor({ state: "detached" });
  assert.deepEqual(
    (await kept(other)).filter((each) => /^(chat|answer):/.test(each)),
    [],
  );
  await person.button("Undo").click(); // and whoever removed it gets it back with that answer
  await other.evaluate("hear()");
  await page.locator(".chat-row a").click();
  await person.until(async () => (await person.last.innerText()).split("slowly").length === 251);
  await other.close();
});

/** What is in the database: names, each with its value as JSON. */
function kept(/** @type {import("playwright-core").Page} */ page) {
  return page.evaluate(
    () =>
      /** @type {Promise<string[]>} */ (
        new Promise((resolve) => {
          const opening = indexedDB.open("kiro2chat");
          opening.onsuccess = () => {
            const store = opening.result.transaction("chats").objectStore("chats");
            const names = store.getAllKeys();
            const values = store.getAll();
            values.onsuccess = () =>
              resolve(names.result.map((name, at) => `${name} ${JSON.stringify(values.result[at])}`));
          };
        })
      ),
  );
}
