/** The agent: runs with tools, approval by key and by click, sessions, what it may touch, mcp.json. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { folder } from "./harness.mjs";
import { site } from "./page.mjs";

const workspace = folder("agent");
writeFileSync(join(workspace, "notes.txt"), "one\n");
const FILES = fileURLToPath(new URL("../../node_modules/.bin/mcp-server-filesystem", import.meta.url));
const { visit } = site({ env: { LOG_LEVEL: "warning", AGENT_WORKSPACE: workspace } });
const AGENT = { path: "/agent" };
const SHELL = 'call shell with {"command": "echo from the <b>shell</b>"}';

visit(
  "a run shows its steps, and its session is there after a reload",
  async (person) => {
    const { page } = person;
    await page.getByRole("heading", { name: "What shall it do?" }).waitFor();
    await person.axe();
    await page.getByRole("button", { name: "Which files are here?" }).click();
    await person.say("Which files are here? And 6 * 7?");
    await person.whole();
    await page.locator(".tool.done", { hasText: "calculator" }).locator("summary").click();
    assert.match(await page.locator(".tool.done", { hasText: "calculator" }).innerText(), /42/);
    assert.match(await person.last.innerText(), /notes\.txt/);
    assert.match(await person.last.locator(".stats").innerText(), /tokens · 0\.\d\d credits · /);
    await person.axe();
    await page.waitForURL(/\/agent\?session=/);
    await page.reload();
    await page.locator(".tool.done", { hasText: "calculator" }).waitFor();
    assert.match(await person.last.innerText(), /notes\.txt/);
    await page.locator(".list").getByText("Which files are here? And 6 * 7?").waitFor();
  },
  AGENT,
);

visit(
  "a command asks first: by key it is allowed, after a reload too, and nothing of it runs in the page",
  async (person) => {
    const { page } = person;
    await person.say(SHELL);
    await page.locator(".approval", { hasText: "shell wants to run" }).waitFor();
    assert.equal(await page.locator(".approval-what").innerText(), "echo from the <b>shell</b>");
    await person.axe();
    await page.waitForURL(/session=/);
    await page.reload();
    await page.locator(".approval").waitFor();
    await page.locator(".approval-head").click();
    await page.keyboard.press("a");
    await person.whole();
    await page.locator(".tool.done summary").click();
    assert.match(await page.locator(".tool-body").innerText(), /from the <b>shell<\/b>/);
    assert.equal(await page.locator(".tool-body b").count(), 0);
  },
  AGENT,
);

visit(
  "deny is told to the model; allowed for the session it does not ask again",
  async (person) => {
    const { page } = person;
    await person.say(SHELL);
    await person.button("Deny D").click();
    await page.locator(".tool.failed", { hasText: "shell" }).waitFor();
    await person.whole();
    await person.say(SHELL);
    await person.button("Allow for this session S").click();
    await page.locator(".tool.done", { hasText: "shell" }).waitFor();
    await person.whole();
    await person.say(SHELL);
    await page.locator(".tool.done", { hasText: "shell" }).nth(1).waitFor();
    assert.equal(await page.locator(".approval").count(), 0);
  },
  AGENT,
);

visit(
  "a run can be stopped",
  async (person, server) => {
    const { page } = person;
    await server.inject("silence", { arguments: { seconds: 30, after: 2 } });
    await person.say("Tell me a long story");
    await person.button("Stop").click();
    await page
      .getByText("The run was cancelled.")
      .or(page.locator(".answer.last .actions"))
      .first()
      .waitFor();
    await person.button("Send").waitFor();
  },
  AGENT,
);

visit(
  "a run goes on while another session is looked at, and is there when it is opened again",
  async (person, server) => {
    const { page } = person;
    const list = page.locator(".list-rows");
    await server.script({ text: Array(120).fill("slowly ") }, { text: "At once." });
    await person.say("A long one");
    await person.last.getByText("slowly slowly").waitFor();
    await person.button("New session").click();
    await page.getByRole("heading", { name: "What shall it do?" }).waitFor();
    await list.getByText("at work").waitFor();
    await person.ask("A short one");
    await person.last.locator(".markdown", { hasText: "At once." }).waitFor();
    await list.getByText("A long one").click();
    await person.last.getByText("slowly").waitFor();
    await person.whole();
    assert.equal((await person.last.innerText()).split("slowly").length, 121);
    await list.getByText("at work").waitFor({ state: "detached" });
    await page.reload();
    await person.last.getByText("slowly").waitFor();
    assert.equal((await person.last.innerText()).split("slowly").length, 121);
  },
  AGENT,
);

visit(
  "what a call may touch is told after a reload too, and of two calls each is asked for",
  async (person, server) => {
    const { page } = person;
    const calls = ["one", "two"].map((word) => ({ name: "shell", input: { command: `echo ${word}` } }));
    await server.script({ text: "May I?", calls }, { text: "Thanks." });
    await person.say("Do both.");
    await page.locator(".approval").nth(1).waitFor();
    await page.waitForURL(/session=/);
    await page.reload();
    await page.locator(".approval").nth(1).waitFor();
    assert.match(await page.locator(".approval").first().innerText(), /echo one[\s\S]*Runs any command/);
    await page.locator(".approval-head").first().click();
    await page.keyboard.press("a");
    await page.locator(".approval", { hasText: "echo one" }).getByText("Allowed; the other calls").waitFor();
    await person.axe();
    await page.keyboard.press("d");
    await person.last.locator(".markdown", { hasText: "Thanks." }).waitFor();
    await page.locator(".tool.done", { hasText: "echo one" }).waitFor();
    await page.locator(".tool.failed", { hasText: "echo two" }).waitFor();
  },
  AGENT,
);

visit(
  "a run that a reload breaks off says so, and its question can be asked again",
  async (person, server) => {
    const { page } = person;
    await server.script({ text: "Never read." }, { text: "At last." });
    await server.inject("silence", { arguments: { after: 0, seconds: 60 } });
    await person.say("An unlucky one");
    await page.waitForURL(/session=/);
    await page.reload();
    await person.last.getByText("did not come to its end here").waitFor();
    await person.axe();
    await person.button("Ask it again").click();
    await person.last.locator(".markdown", { hasText: "At last." }).waitFor();
    await person.whole();
    await page.reload();
    await person.last.locator(".markdown", { hasText: "At last." }).waitFor();
    assert.equal(await page.locator("article.question").count(), 1);
    assert.equal(await page.locator(".list-rows a", { hasText: "An unlucky one" }).count(), 1);
  },
  AGENT,
);

visit(
  "what was read of a run that a reload breaks off is there, and is gone on from",
  async (person, server) => {
    const { page } = person;
    await server.script({ text: Array(200).fill("slowly ") }, { text: "At last." });
    await person.say("A long one");
    await person.last.getByText("slowly slowly").waitFor();
    await page.waitForURL(/session=/);
    await page.reload();
    await person.last.getByText("did not come to its end here").waitFor();
    await person.say("Go on");
    await person.last.locator(".markdown", { hasText: "At last." }).waitFor();
    await person.whole();
    await page.reload();
    await page.locator(".markdown", { hasText: "slowly slowly" }).waitFor();
    await person.last.locator(".markdown", { hasText: "At last." }).waitFor();
    assert.equal(await page.locator("article.question").count(), 2);
  },
  AGENT,
);

visit(
  "an error is told where the answer would have been, and can be tried again",
  async (person, server) => {
    await server.inject("throttled", { times: 3 });
    await person.say("Hello");
    await person.page.locator(".failure").waitFor();
    await person.axe();
    await person.button("Try again").click();
    await person.page.locator(".failure").waitFor({ state: "detached" });
    await person.page.getByText("This is a demo").first().waitFor();
    await person.whole();
    await server.inject("throttled", { times: 3 });
    await person.say("And then?");
    await person.button("Try again").click();
    await person.page.locator(".failure").waitFor({ state: "detached" });
    await person.whole();
    await person.page.reload();
    await person.page.locator("article.answer").nth(1).waitFor();
    assert.equal(await person.page.locator("article.question").count(), 2);
  },
  AGENT,
);

visit(
  "sessions are searched, deleted and taken back",
  async (person) => {
    const { page } = person;
    await person.ask("A session about walnuts");
    const row = page.locator(".chat-row", { hasText: "walnuts" }).first();
    await page.getByLabel("Search sessions").fill("walnut");
    await row.waitFor();
    await page.getByLabel("Search sessions").fill("nothing like it");
    await page.getByText("Nothing found").waitFor();
    await page.getByLabel("Search sessions").fill("");
    await row.getByRole("button").click();
    await page.getByRole("menuitem", { name: "Delete" }).click();
    await row.waitFor({ state: "detached" });
    await person.button("Undo").click();
    await row.waitFor();
  },
  AGENT,
);

visit(
  "the tools are shown with what they may touch, and can be left out",
  async (person) => {
    const { page } = person;
    await person.button("Tools").click();
    const dialog = page.getByRole("dialog");
    await dialog.getByText(`Files are those below ${workspace}.`).waitFor();
    await dialog.getByText("Runs any command").waitFor();
    await person.axe();
    await dialog.getByLabel("Use calculator in this conversation").uncheck();
    await page.keyboard.press("Escape");
    await person.ask("What is 6 * 7?");
    assert.equal(await page.locator(".tool").count(), 0);
  },
  AGENT,
);

visit("mcp.json: mistakes by line, tried out, saved, and its tools are there", async (person) => {
  const { page } = person;
  await person.administer("/agent");
  await person.button("mcp.json").click();
  const dialog = page.getByRole("dialog");
  const text = dialog.getByLabel("Text of mcp.json");
  await text.fill('{\n  "mcpServers": {\n    "files": { "command": 5 }\n  }\n}');
  await dialog.getByText("Line 3:").waitFor();
  await person.button("The workspace's", dialog).click();
  await page.keyboard.press("Escape");
  await person.button("mcp.json").click(); // what was typed is still there
  await dialog.getByText("Line 3:").waitFor();
  assert.equal(await person.button("Save and reload", dialog).isDisabled(), true);
  await person.axe();
  await text.fill(
    JSON.stringify({ mcpServers: { files: { command: FILES, args: ["."], env: { TOKEN: "s3cret" } } } }),
  );
  await dialog.getByText("No mistakes found.").waitFor();
  await person.button("Try", dialog).click();
  await dialog.getByText(/ready · 14 tools/).waitFor({ timeout: 30_000 });
  await person.button("Save and reload", dialog).click();
  await page.getByText("Saved, and in force.").waitFor({ timeout: 30_000 });
  await person.until(async () => (await text.inputValue()).includes("***"));
  assert.doesNotMatch(await text.inputValue(), /s3cret/);
  await page.keyboard.press("Escape");
  await person.button("Tools").click();
  await dialog.getByText("list_directory", { exact: true }).waitFor();
});

visit(
  "without a right to administer mcp.json is not shown, and the page says what to do",
  async (person) => {
    await person.button("mcp.json").click();
    await person.page.getByRole("dialog").getByText("open the link that kiro2chat serve printed").waitFor();
    await person.axe();
  },
  AGENT,
);

visit(
  "in Chinese, dark, on a phone",
  async (person) => {
    const { page } = person;
    await page.getByRole("heading", { name: "要它做什么？" }).waitFor();
    await person.say(SHELL);
    await page.getByText("shell 请求运行").waitFor();
    await page.getByText(`从 ${workspace} 开始`).waitFor(); // the server says this in English
    await person.axe();
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    assert.ok(width <= 390, `the page is ${width} wide`);
  },
  { ...AGENT, locale: "zh-CN", colorScheme: "dark", viewport: { width: 390, height: 844 } },
);
