/** The chat: questions, answers, and what can be done with both. */
import assert from "node:assert/strict";
import { site } from "./page.mjs";

const { visit } = site();

visit("an answer streams, and has its numbers under it", async (person, server) => {
  await server.script({ text: ["Hello ", "**you**", " there."] });
  await person.ask("Hi");
  assert.equal(await person.last.locator(".markdown").innerText(), "Hello you there.");
  assert.equal(await person.last.locator("strong").innerText(), "you");
  assert.match(await person.last.locator(".stats").innerText(), /auto · .*tokens · \d.*s · .*tok\/s/);
  assert.match(person.page.url(), /\?chat=x/);
});

visit("the model is chosen by search and keys, is sent, and is remembered", async (person, server) => {
  await person.page.locator(".model-button").click();
  await person.page.getByRole("combobox").fill("sonnet 4.5");
  await person.page.keyboard.press("Enter");
  assert.match(await person.page.locator(".model-button").innerText(), /claude-sonnet-4.5\s+200 K/);
  await server.script({ text: "yes" });
  await person.ask("Which?");
  const seen = (await server.chats()).at(-1);
  assert.equal(seen.conversationState.currentMessage.userInputMessage.modelId, "claude-sonnet-4.5");
  await person.page.goto(new URL("/", person.page.url()).href);
  assert.match(await person.page.locator(".model-button").innerText(), /claude-sonnet-4.5/);
});

visit("stop keeps what came, and the page goes on", async (person, server) => {
  await server.script({ text: Array(400).fill("word ") }, { text: "fine" });
  await person.say("Tell me");
  await person.last.getByText("word word").waitFor();
  await person.button("Stop").click();
  await person.last.getByText("Stopped by you.").waitFor();
  await person.ask("And now?");
  assert.match(await person.last.innerText(), /fine/);
  await server.script({ text: Array(400).fill("more ") });
  await person.say("Again");
  await person.last.getByText("more more").waitFor();
  await person.page.keyboard.press("Escape");
  await person.last.getByText("Stopped by you.").waitFor();
});

visit("regenerate, also with another model; branches are kept", async (person, server) => {
  await server.script({ text: "one" }, { text: "two" }, { text: "three" });
  await person.ask("Count");
  await person.button("Answer again").click();
  await person.last.getByText("2/2").waitFor();
  await person.whole();
  await person.pick("Answer again with another model", "claude-haiku-4.5");
  await person.last.getByText("3/3").waitFor();
  await person.whole();
  assert.match(await person.last.innerText(), /three[\s\S]*claude-haiku-4.5/);
  await person.button("Previous version").click();
  await person.last.locator(".markdown", { hasText: "two" }).waitFor();
  await person.page.reload();
  await person.last.locator(".markdown", { hasText: "two" }).waitFor();
  assert.match(await person.last.innerText(), /2\/3/);
});

visit("an edited question is a branch; ↑ edits the last one", async (person, server) => {
  await server.script({ text: "to the first" }, { text: "to the second" });
  await person.ask("First");
  await person.composer.press("ArrowUp");
  const editor = person.page.getByLabel("Edit your question");
  await editor.fill("Second");
  await editor.press("Enter");
  await person.page.locator(".question .branches", { hasText: "2/2" }).waitFor();
  await person.whole();
  assert.match(await person.last.innerText(), /to the second/);
  await person.button("Previous version").click();
  await person.last.getByText("to the first").waitFor();
  await person.button("Edit").click();
  await editor.press("Escape");
  await editor.waitFor({ state: "detached" });
});

visit("system prompt, presets, effort and length go with the conversation", async (person, server) => {
  await person.button("Instructions").click();
  await person.page.getByLabel("System prompt").fill("Speak like a pirate.");
  await person.page.getByLabel("Name of the preset").fill("Pirate");
  await person.button("Save as preset").click();
  await person.page.getByLabel("System prompt").fill("");
  await person.button("Pirate").click();
  await person.page.getByLabel("Longest answer, in tokens").fill("5");
  await person.button("Close").click();
  await server.script({ text: Array(60).fill("arr ") });
  await person.ask("Ahoy");
  await person.last.getByText("Cut off at the token limit.").waitFor();
  assert.match(JSON.stringify((await server.chats()).at(-1)), /Speak like a pirate/);
  await person.page.reload();
  await person.button("Instructions").click();
  assert.equal(await person.page.getByLabel("System prompt").inputValue(), "Speak like a pirate.");
});

visit("reasoning is folded with its duration", async (person, server) => {
  await server.script({ reasoning: ["First this. ", "Then that."], text: "Done." });
  await person.page.locator(".model-button").click();
  await person.page.getByRole("option", { name: "claude-opus-4.8" }).click();
  await person.ask("Think");
  const line = person.last.locator(".reasoning summary");
  assert.match(await line.innerText(), /Thought for \d/);
  assert.equal(await person.last.getByText("First this. Then that.").isVisible(), false);
  await line.click();
  await person.last.getByText("First this. Then that.").waitFor();
});

visit("tool calls are cards; a failed one opens itself", async (person) => {
  const chunk = (/** @type {object} */ delta, /** @type {string | null} */ finish = null) =>
    `data: ${JSON.stringify({ id: "c", choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;
  const call = (/** @type {number} */ index, /** @type {object} */ rest) => ({
    tool_calls: [{ index, ...rest }],
  });
  await person.page.route("**/v1/chat/completions", (route) =>
    route.fulfill({
      contentType: "text/event-stream",
      body: [
        chunk(call(0, { id: "a", function: { name: "read_file", arguments: '{"path":' } })),
        chunk(call(0, { function: { arguments: '"<b>x</b>"}' } })),
        chunk({}, "tool_calls"),
        "data: [DONE]\n\n",
      ].join(""),
    }),
  );
  await person.say("Read it");
  const card = person.last.locator(".tool");
  await card.waitFor();
  assert.match(await card.innerText(), /read_file\s+<b>x<\/b>\s+asked for/);
  await card.locator("summary").click();
  assert.match(await card.locator("pre").innerText(), /"path": "<b>x<\/b>"/);
});

visit("the agent's tools are shown to whoever asks for them", async (person) => {
  await person.composer.waitFor();
  await person.button("Tools").click();
  await person.page.getByRole("menuitem", { name: "calculator" }).waitFor();
  await person.page.getByRole("menuitem", { name: "file_read" }).click();
  await person.page.waitForURL("**/agent");
});

visit("copy gives the Markdown as it came", async (person, server) => {
  await person.page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await server.script({ text: "A **bold** word\n\n```python\nprint('hi')\n```\n" });
  await person.ask("Write");
  await person.button("Copy as Markdown", person.last).click();
  const read = () => person.page.evaluate(() => navigator.clipboard.readText());
  assert.equal(await read(), "A **bold** word\n\n```python\nprint('hi')\n```\n");
  await person.button("Copy code").click();
  assert.equal(await read(), "print('hi')\n");
});
