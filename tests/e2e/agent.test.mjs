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
const COMMAND = "echo 'from the <b>shell</b>'";
const SHELL = `call shell with ${JSON.stringify({ command: COMMAND })}`;

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
    assert.equal(await page.locator(".approval-what").innerText(), COMMAND);
    await person.axe();
    await page.waitForURL(/session=/);
    await page.reload();
    await page.locator(".approval:focus").waitFor(); // nobody clicked it
    await person.button("Language").click();
    await page.getByRole("menu").waitFor();
    await page.keyboard.press("a"); // means something else there
    await page.keyboard.press("Escape");
    await page.getByRole("menu").waitFor({ state: "detached" });
    assert.equal(await page.locator(".approval").count(), 1);
    await page.locator(".approval").focus();
    await page.keyboard.press("a");
    await person.whole();
    assert.equal(await person.composer.evaluate((area) => area === document.activeElement), true);
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
    await page.locator(".approval:focus", { hasText: "echo one" }).waitFor();
    await page.keyboard.press("a");
    await page.locator(".approval", { hasText: "echo one" }).getByText("Allowed; the other calls").waitFor();
    await person.axe();
    await page.locator(".approval:focus", { hasText: "echo two" }).waitFor();
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
    await person.button("Tools · 1 tool off").waitFor();
    await page.reload();
    await person.button("Tools · 1 tool off").waitFor(); // of this session
    await person.button("New session").click();
    await person.button("Tools").waitFor(); // and of no other
    await person.ask("What is 6 * 7?");
    await page.locator(".tool.done", { hasText: "calculator" }).waitFor();
  },
  AGENT,
);

visit(
  "what was switched off and is not there any more bars nobody",
  async (person) => {
    const { page } = person;
    await person.ask("Hello");
    await page.waitForURL(/session=/);
    await page.evaluate(() => {
      const id = new URLSearchParams(location.search).get("session");
      localStorage.setItem(`agent-off:${id}`, JSON.stringify(["gone_tool", "calculator"]));
    });
    await page.reload();
    await person.button("Tools · 2 tools off").waitFor(); // as long as nobody asked which there are
    await person.say("What is 6 * 7?");
    await person.button("Tools · 1 tool off").waitFor();
    await page.locator("article.answer").nth(1).locator(".stats").waitFor();
    assert.equal(await page.locator(".failure, .tool").count(), 0);
  },
  AGENT,
);

visit(
  "an approval shows all of what would run, and nothing that only seems so",
  async (person, server) => {
    const { page } = person;
    const command = `echo harmless${"\n".repeat(61)}rm -rf \u202e~ ohce #\u202c\u200b`;
    await server.script({ text: "May I?", calls: [{ name: "shell", input: { command } }] });
    await person.say("Do it.");
    const what = page.locator(".approval-what");
    await what.getByText("60 empty lines").waitFor();
    assert.match(
      await what.innerText(),
      /echo harmless\s+60 empty lines\s+rm -rf ⟨U\+202E⟩~ ohce #⟨U\+202C⟩⟨U\+200B⟩/,
    );
    assert.doesNotMatch(await what.innerText(), /[\u202e\u202c\u200b]/);
    assert.equal(await what.evaluate((box) => box.scrollHeight > box.clientHeight), false);
    await person.axe();
    await page.locator(".approval:focus").waitFor();
    await page.keyboard.press("d");
    await page.locator(".tool.failed").waitFor();
  },
  AGENT,
);

visit(
  "who is writing when something is asked does not answer it by accident",
  async (person) => {
    const { page } = person;
    await person.say(SHELL);
    await person.composer.fill("and ");
    await page.locator(".approval").waitFor();
    await person.composer.pressSequentially("add a dash");
    assert.equal(await person.composer.inputValue(), "and add a dash");
    assert.equal(await page.locator(".approval button").count(), 3);
  },
  AGENT,
);

visit(
  "a decision that does not get through is kept, and sent again",
  async (person) => {
    const { page } = person;
    await person.say(SHELL);
    await page.locator(".approval:focus").waitFor();
    await page.route("**/v1/agent/approve", (route) => route.abort(), { times: 1 });
    await page.keyboard.press("a");
    await page.locator(".approval").getByText("the server did not hear of it").waitFor();
    await person.axe();
    await person.button("Try again").click();
    await page.locator(".tool.done", { hasText: "shell" }).waitFor();
    await person.whole();
    assert.equal(await page.locator("article.question").count(), 1);
    assert.equal(await page.locator(".approval, .failure").count(), 0);
  },
  AGENT,
);

visit(
  "what was decided in another tab is shown, and not decided again",
  async (person, server) => {
    const { page } = person;
    await person.say(SHELL);
    await page.locator(".approval:focus").waitFor();
    const session_id = new URL(page.url()).searchParams.get("session");
    const [call] = (await (await page.request.get(`${server.url}/v1/agent/sessions/${session_id}`)).json())
      .waiting_for;
    const answer = await page.request.post(`${server.url}/v1/agent/approve`, {
      data: { session_id, id: call, decision: "allow" },
    });
    assert.equal(answer.status(), 200);
    await page.keyboard.press("d");
    await page.getByText("This was decided elsewhere").waitFor();
    await page.locator(".tool.done", { hasText: "shell" }).waitFor();
    assert.equal(await page.locator(".failure, .approval").count(), 0);
  },
  AGENT,
);

visit(
  "what a new question goes over is not allowed, here and after a reload",
  async (person, server) => {
    const { page } = person;
    await person.say(SHELL);
    await page.locator(".approval").waitFor();
    await server.script({ text: "Never mind." });
    await person.say("Leave it.");
    await person.last.locator(".markdown", { hasText: "Never mind." }).waitFor();
    const passed = page.locator(".tool.ended", { hasText: "not allowed; the conversation went on" });
    await passed.waitFor();
    assert.equal(await page.locator(".approval").count(), 0);
    await page.reload();
    await passed.waitFor();
  },
  AGENT,
);

visit(
  "Escape stops a run; its call is cancelled, and broken off after a reload",
  async (person) => {
    const { page } = person;
    await person.say('call shell with {"command": "sleep 30"}');
    await page.locator(".approval:focus").waitFor();
    await page.keyboard.press("a");
    await page.locator(".tool.running").waitFor();
    await page.keyboard.press("Escape");
    await page.locator(".tool.ended", { hasText: "cancelled" }).waitFor();
    await person.button("Send").waitFor();
    await page.reload();
    await page.locator(".tool.ended", { hasText: "broken off" }).waitFor();
    await page.keyboard.press("Control+/");
    await page.getByRole("dialog", { name: "Keyboard shortcuts" }).waitFor();
    await page.keyboard.press("Escape");
    await page.keyboard.press("Control+k");
    await page.getByRole("heading", { name: "What shall it do?" }).waitFor();
    await page.waitForURL(/\/agent$/);
  },
  AGENT,
);

visit(
  "a command that fails is neither done nor failed, but says its exit code",
  async (person) => {
    await person.say('call shell with {"command": "exit 3"}');
    await person.page.locator(".approval:focus").waitFor();
    await person.page.keyboard.press("a");
    await person.page.locator(".tool.ended", { hasText: "exit 3" }).waitFor();
  },
  AGENT,
);

visit(
  "sessions that cannot be had are told of, and come with the next try",
  async (person) => {
    const { page } = person;
    await person.ask("A session about almonds");
    const lost = {
      error: { message: "The store is gone.", type: "server_error", param: null, code: "store_unavailable" },
    };
    await page.route("**/v1/agent/sessions", (route) => route.fulfill({ status: 503, json: lost }), {
      times: 1,
    });
    await page.reload();
    const list = page.locator(".list-rows");
    await list.getByText("The server cannot keep or find its data.").waitFor();
    await person.axe();
    await list.getByRole("button", { name: "Try again" }).click();
    await list.getByText("almonds").first().waitFor();
    assert.equal(await list.getByRole("alert").count(), 0);
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

visit("mcp.json of somebody else is not written over without a word", async (person, server) => {
  const { page } = person;
  await person.administer("/agent");
  const { token } = await server.session();
  const theirs = async (/** @type {string} */ name) => {
    const text = JSON.stringify({ mcpServers: { [name]: { command: "true", disabled: true } } });
    const headers = { "x-kiro2chat-token": token };
    const answer = await page.request.put(`${server.url}/api/mcp`, { data: { file: "user", text }, headers });
    assert.equal(answer.status(), 200);
  };
  await theirs("first");
  await person.button("mcp.json").click();
  const dialog = page.getByRole("dialog");
  const text = dialog.getByLabel("Text of mcp.json");
  await person.until(async () => (await text.inputValue()).includes("first"));
  await text.fill('{"mcpServers": {"mine": {"command": "true", "disabled": true}}}');
  await dialog.getByText("No mistakes found.").waitFor();
  await theirs("second");
  await page.keyboard.press("Escape");
  await person.button("mcp.json").click(); // the file is read anew, and what was typed is of the old one
  await dialog.getByText("The file was changed meanwhile").waitFor();
  assert.equal(await person.button("Save and reload", dialog).isDisabled(), true);
  await dialog.getByText("Show what it is now").click();
  await dialog.getByText('"second"').waitFor();
  await person.axe();
  await person.button("Use theirs", dialog).click();
  assert.match(await text.inputValue(), /second/);
  await text.fill('{"mcpServers": {"mine": {"command": "true", "disabled": true}}}');
  await dialog.getByText("No mistakes found.").waitFor();
  await theirs("third");
  await person.button("Save and reload", dialog).click();
  await dialog.getByText("The file was changed meanwhile").waitFor();
  await person.button("Write mine over it", dialog).click();
  await page.getByText("Saved, and in force.").waitFor({ timeout: 30_000 });
  assert.match(await text.inputValue(), /mine/);
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
