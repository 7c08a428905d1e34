/** Settings: who may, a change from the form to the file, what cannot be changed, keys, the test of the connection. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { site } from "./page.mjs";

const { server, visit } = site({ env: { LOG_LEVEL: "warning" } });

visit(
  "without the link the page says what to do, in one sentence",
  async (person) => {
    const { page } = person;
    await page.getByText("open the link that kiro2chat serve printed").waitFor();
    await person.axe();
    await person.button("Enter API_KEY").click();
    await page.getByLabel("API key", { exact: true }).fill("guessed");
    await person.button("Use this key").click();
    await page.getByText("The key in this browser may not administer").waitFor();
  },
  { path: "/settings" },
);

visit(
  "a change is reviewed, saved into the file with its comments, and waits for the next start",
  async (person) => {
    const { page } = person;
    writeFileSync(server.config, "# mine\nkeepalive = 3.0 # quick\n");
    await person.administer("/settings");
    const keepalive = page.getByLabel("KEEPALIVE", { exact: true });
    assert.equal(await keepalive.inputValue(), "3");
    await keepalive.fill("7.5");
    await page.getByLabel("CORS_ORIGINS", { exact: true }).fill("https://a.example,");
    await page.getByText("2 changes").waitFor();
    await person.axe();
    await person.button("Review").click();
    const dialog = page.getByRole("dialog");
    assert.match(await dialog.innerText(), /KEEPALIVE\s+3\s+7.5/);
    assert.match(readFileSync(server.config, "utf8"), /keepalive = 3.0/);
    await person.axe();
    await person.button("Save", dialog).click();
    await page.getByText("Saved. It counts from the next start.").waitFor();
    const file = readFileSync(server.config, "utf8");
    assert.match(file, /# mine\nkeepalive = 7.5 # quick/);
    assert.match(file, /cors_origins = \["https:\/\/a.example"\]/);
    await page.getByText("2 saved changes wait for the next start").waitFor();
    await page.locator("#row-keepalive", { hasText: "From the next start: 7.5" }).waitFor();
    await page.locator("#row-keepalive").getByText("file", { exact: true }).waitFor();
    await person.button("KEEPALIVE: back to the default").click();
    await person.button("Save").click();
    await person.until(() => !/keepalive/.test(readFileSync(server.config, "utf8")), "it was not taken out");
  },
);

visit("what the environment owns is read-only and says why", async (person) => {
  await person.administer("/settings");
  const row = person.page.locator("#row-log_level");
  assert.equal(await row.getByRole("combobox").isDisabled(), true);
  assert.match(await row.innerText(), /Set by the environment variable LOG_LEVEL/);
});

visit(
  "a value that cannot be is told at its field, also from another group; others are kept",
  async (person) => {
    const { page } = person;
    await person.administer("/settings");
    await page.getByLabel("PORT", { exact: true }).fill("99999");
    await page.locator(".settings-nav").getByRole("link", { name: "Agent" }).click();
    await page.getByLabel("AGENT_ROUNDS", { exact: true }).fill("12");
    await person.button("Save").click();
    const port = page.getByLabel("PORT", { exact: true });
    await page.locator("#row-port", { hasText: "expected a whole number from 0 to 65535" }).waitFor();
    await person.until(
      () => port.evaluate((field) => field === document.activeElement),
      "the field has no focus",
    );
    assert.equal(await port.getAttribute("aria-invalid"), "true");
    await person.axe();
    await person.button("PORT: undo").click();
    await page.getByText("1 change", { exact: true }).waitFor();
    await person.button("Save").click();
    await person.until(() => /agent_rounds = 12/.test(readFileSync(server.config, "utf8")));
  },
);

visit("a secret is written and never shown", async (person) => {
  const { page } = person;
  await person.administer("/settings?part=login");
  const field = page.getByLabel("KIRO_REFRESH_TOKEN", { exact: true });
  assert.equal(await field.getAttribute("type"), "password");
  await field.fill("aorNobodyMayReadThis");
  await person.button("Review").click();
  assert.match(await page.getByRole("dialog").innerText(), /KIRO_REFRESH_TOKEN\s+nothing\s+a new secret/);
  await person.button("Save", page.getByRole("dialog")).click();
  await page.getByText("Saved.").waitFor();
  assert.match(readFileSync(server.config, "utf8"), /aorNobodyMayReadThis/);
  await page.reload();
  await field.waitFor();
  assert.doesNotMatch(await page.content(), /aorNobody/);
  assert.equal(await field.inputValue(), "");
  assert.equal(await page.evaluate(() => JSON.stringify(localStorage).includes("aorNobody")), false);
});

visit("changes outlive a look at another page, and closing asks", async (person) => {
  const { page } = person;
  await person.administer("/settings");
  await page.getByLabel("HOST", { exact: true }).fill("localhost");
  await page.locator("nav.rail a[href='/login']").first().click();
  await page.getByText("not saved yet").waitFor();
  await person.button("Show them").click();
  assert.equal(await page.getByLabel("HOST", { exact: true }).inputValue(), "localhost");
  /** @type {string[]} */
  const asked = [];
  page.once("dialog", (dialog) => {
    asked.push(dialog.type());
    void dialog.dismiss();
  });
  await page.close({ runBeforeUnload: true });
  await person.until(() => asked.length > 0, "nobody asked");
  assert.deepEqual(asked, ["beforeunload"]);
});

visit(
  "search goes over all groups; a list can be typed by any means, or chosen in an order",
  async (person) => {
    const { page } = person;
    await person.administer("/settings");
    await page.getByLabel("Search settings").fill("shell seconds");
    await page.getByLabel("AGENT_SHELL_TIMEOUT", { exact: true }).waitFor();
    assert.equal(await page.locator(".setting").count(), 1);
    await page.getByLabel("Search settings").fill("allowed_hosts");
    const list = page.getByLabel("ALLOWED_HOSTS", { exact: true });
    await list.focus();
    await page.keyboard.insertText("主机.example，b.example, ");
    assert.equal(await list.inputValue(), "主机.example，b.example, ");
    await page.getByLabel("Search settings").fill("agent_tools");
    const tools = page.getByRole("group", { name: "AGENT_TOOLS" });
    await tools.getByLabel("Add to AGENT_TOOLS").selectOption("shell");
    await tools.getByLabel("Add to AGENT_TOOLS").selectOption("calculator");
    assert.deepEqual(await tools.getByRole("listitem").allInnerTexts(), ["shell", "calculator"]);
    await person.button("Review").click();
    const told = await page.getByRole("dialog").innerText();
    assert.match(told, /ALLOWED_HOSTS\s+nothing\s+主机.example,b.example/);
    assert.match(told, /AGENT_TOOLS\s+nothing\s+shell,calculator/);
    await page.keyboard.press("Escape");
    await person.button("Discard").click();
  },
);

visit("the connection is tried step by step", async (person, server) => {
  await person.administer("/settings?part=connection");
  await server.script({ text: "ready" });
  await server.inject("silence", { after: 0, seconds: 1.5 });
  await person.button("Test now").click();
  await person.page.locator(".test-steps li.good").nth(3).waitFor();
  assert.equal(await person.page.getByText("All is well.").count(), 0);
  await person.page.getByText("All is well.").waitFor();
  assert.equal(await person.page.locator(".test-steps li.good").count(), 6);
  await person.axe();
  await server.inject("throttled", { times: 9 });
  await person.button("Test now").click();
  await person.page.getByText("It ends here.").waitFor({ timeout: 30_000 });
});

visit(
  "what is typed while it saves stays, and another tab's changes are not written over",
  async (person, server) => {
    const { page } = person;
    await person.administer("/settings?part=server");
    await page.route("**/api/settings", async (route) => {
      if (route.request().method() === "PUT") await new Promise((done) => setTimeout(done, 800));
      await route.continue();
    });
    await page.getByLabel("KEEPALIVE", { exact: true }).fill("7");
    await person.button("Save").click();
    await page.getByLabel("HOST", { exact: true }).fill("localhost");
    await page.getByText("Saved. It counts from the next start.").waitFor();
    assert.equal(await page.getByLabel("HOST", { exact: true }).inputValue(), "localhost");
    await page.getByText("1 change", { exact: true }).waitFor();
    writeFileSync(server.config, `${readFileSync(server.config, "utf8")}pdf_pages = 7\n`);
    await person.button("Save").click();
    await page.getByText("was changed meanwhile").waitFor();
    assert.equal(await page.getByLabel("HOST", { exact: true }).inputValue(), "localhost");
    await person.button("Save").click();
    await page.getByText("1 change", { exact: true }).waitFor({ state: "hidden" });
    assert.match(readFileSync(server.config, "utf8"), /pdf_pages = 7[\s\S]*host = "localhost"/);
  },
);

visit("a key is made, shown once, used, and revoked", async (person, server) => {
  const { page } = person;
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await person.administer("/settings?part=keys");
  await page.getByText("There are no keys yet.").waitFor();
  await person.button("New key").click();
  const form = page.getByRole("dialog");
  await form.getByLabel("Name", { exact: true }).fill("laptop");
  await form.getByLabel("Tokens per UTC day").fill("0");
  await form.getByLabel("Models").fill("auto, claude-*");
  await person.axe();
  await person.button("Create", form).click();
  await form.getByText("A whole number from 1 on.").waitFor();
  await form.getByLabel("Tokens per UTC day").fill("100 000");
  await form.getByLabel("Credits per UTC month").fill("1,5");
  await person.button("Create", form).click();
  await form.getByText("A number above 0, such as 1.5.").waitFor();
  await form.getByLabel("Credits per UTC month").fill("");
  await person.button("Create", form).click();
  await page.getByText("it is shown this once").waitFor();
  await person.axe();
  const secret = await page.locator(".key-secret code").innerText();
  await page.keyboard.press("Escape");
  await page.keyboard.press("Escape");
  await page.mouse.click(5, 5); // beside it
  await page.keyboard.press("Control+k");
  assert.equal(await page.locator(".key-secret code").innerText(), secret);
  await person.button("Copy the key").click();
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), secret);
  await person.button("Use it in this browser").click();
  await page.getByText("0 of 100 K").waitFor();
  assert.doesNotMatch(await page.content(), new RegExp(secret));
  await person.axe();
  await page.goto(`${server.url}/`);
  await server.script({ text: "by key" });
  await person.ask("Hi");
  await page.goto(`${server.url}/settings?part=keys`);
  const card = page.locator(".key-card");
  await card.waitFor();
  assert.match(
    await card.innerText(),
    /laptop[\s\S]*auto, claude-\*[\s\S]*[1-9][\d.]* K? ?of 100 K|laptop[\s\S]*\d+ of 100 K/,
  );
  await person.button("New key").click();
  await form.getByLabel("Name", { exact: true }).fill("prometheus");
  await form.getByLabel("Only for /metrics").check();
  assert.equal(await form.getByLabel("Models").count(), 0);
  await person.axe();
  await person.button("Create", form).click();
  await person.button("I have it").click();
  await page.locator(".key-card", { hasText: "prometheus" }).getByText("Only for /metrics").waitFor();
  await person.button("Revoke prometheus").click();
  await person.button("Revoke", page.getByRole("dialog")).click();
  await page.getByText("prometheus is revoked.").waitFor();
  await person.button("Revoke laptop").click();
  await person.button("Revoke", page.getByRole("dialog")).click();
  await page.getByText("laptop is revoked.").waitFor();
  await page.getByText("There are no keys yet.").waitFor();
});

visit(
  "in Chinese, dark, on a phone: nothing overflows, axe finds nothing",
  async (person) => {
    const { page } = person;
    await page.emulateMedia({ reducedMotion: "reduce", colorScheme: "dark" });
    for (const part of ["server", "login", "kiro", "agent", "keys", "connection"]) {
      await person.administer(`/settings?part=${part}`);
      await page.locator(".settings h2").waitFor();
      assert.equal(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth), 0);
      assert.equal(
        await page.locator("main").evaluate((main) => main.scrollWidth - main.clientWidth),
        0,
        part,
      );
      await person.axe();
    }
    await page.getByRole("heading", { level: 1, name: "设置" }).waitFor();
  },
  { locale: "zh-CN", colorScheme: "dark", viewport: { width: 390, height: 800 } },
);

visit("an address that names no part shows the first one; faults are told in Chinese too", async (person) => {
  const { page } = person;
  await person.administer("/settings?part=nonsense");
  await page.getByLabel("KEEPALIVE", { exact: true }).fill("-1");
  await person.button("Language").click();
  await page.getByRole("menuitemradio", { name: "中文" }).click();
  await person.button("保存").click();
  await page.getByText("keepalive 不可用：应为").waitFor();
});

for (const [path, there] of [
  ["/settings", "KEEPALIVE"],
  ["/monitor", "Recent requests"],
  ["/login", "Ways to log in"],
]) {
  visit(`the server goes and comes back while ${path} is open`, async (person, server) => {
    const { page } = person;
    await person.administer(path ?? "");
    await page
      .getByText(there ?? "")
      .first()
      .waitFor();
    const port = await server.stopGateway();
    await page.evaluate(() => document.dispatchEvent(new Event("visibilitychange"))); // somebody looks at it again
    await page.getByText("The server does not answer. What you write is kept").waitFor();
    await server.startGateway(port);
    await page.locator(".strip.bad").waitFor({ state: "detached" });
    await page
      .getByText(there ?? "")
      .first()
      .waitFor();
    assert.equal(await page.locator("main [role=alert]").count(), 0);
  });
}
