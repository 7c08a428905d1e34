/** The login: none, one by a code in the page, renewed, denied, too late; in both languages, and in the demo. */
import assert from "node:assert/strict";
import { site } from "./page.mjs";

const { server, visit } = site({ login: true });

visit("without the link the page says what to do", async (person) => {
  await person.page.goto(`${server.url}/login`);
  await person.page.getByText("open the link that kiro2chat serve printed").waitFor();
  await person.axe();
});

visit("the login is shown masked with its plan, and renewed", async (person, server) => {
  const { page } = person;
  await person.administer("/login");
  const card = page.locator(".passport");
  await card.getByText("KIRO FREE").waitFor();
  const told = await card.innerText();
  assert.match(told, /AWS Builder ID or IAM Identity Center/);
  assert.match(told, /de…@example.com/);
  assert.match(told, /Ends in \d+ minutes · renewed by itself before/);
  assert.match(told, /1,000 of 1,000 Credits left · new ones on /);
  await person.axe();
  const token = card.locator("dd", { hasText: "…" }).nth(1);
  const before = await token.innerText();
  assert.ok(before.length < 10);
  await person.button("Renew now").click();
  await page.getByText("The login was renewed.").waitFor();
  assert.notEqual(await token.innerText(), before);
  await server.inject("refresh_500", { times: 3 });
  await person.button("Renew now").click();
  await page.locator(".notice.bad").waitFor();
});

visit("a login by code, from the form to the passport", async (person) => {
  const { page } = person;
  await person.administer("/login");
  await page.getByLabel("Name", { exact: false }).fill("../x");
  await person.button("Get a code").click();
  await page.getByText("cannot name a login").waitFor();
  await page.getByLabel("With").selectOption("organisation");
  await page.getByLabel("Start address").fill("https://d-1.awsapps.com/start");
  await page.getByLabel("Name", { exact: false }).fill("work");
  await person.axe();
  await person.button("Get a code").click();
  const code = await page.locator(".device-letters").innerText();
  const link = page.getByRole("link", { name: "Open the page to confirm it" });
  assert.match(String(await link.getAttribute("href")), new RegExp(`user_code=${code}`));
  await page.getByText(/Waiting for you to confirm · \d+:\d\d left/).waitFor();
  await person.axe();
  await page.getByText("Logged in.", { exact: true }).waitFor();
  await page.getByText("config set login_name work").waitFor();
  await page.getByText("Where a login was looked for").click();
  await page.getByText("Kept here: default, work").waitFor();
  await person.axe();
  await person.button("Another code").click();
  await person.button("Get a code").waitFor();
});

for (const [fault, told] of /** @type {const} */ ([
  ["denied", "The login was denied."],
  ["code_expired", "Nobody confirmed the code in time."],
])) {
  visit(`a login by code that ends otherwise: ${fault}`, async (person, server) => {
    await person.administer("/login");
    await person.button("Get a code").click();
    await person.page.locator(".device-letters").waitFor();
    await server.inject(fault);
    await person.page.getByText(told).waitFor();
    await person.axe();
  });
}

visit("a code is there after a reload, until it is cancelled", async (person) => {
  const { page } = person;
  await person.administer("/login");
  await person.button("Get a code").click();
  const code = await page.locator(".device-letters").innerText();
  await page.reload();
  await page.locator(".device-letters", { hasText: code }).waitFor();
  await person.button("Cancel").click();
  await person.button("Get a code").waitFor();
  await page.reload();
  await person.button("Get a code").waitFor();
});

visit(
  "in Chinese, dark, on a phone: nothing overflows, axe finds nothing",
  async (person) => {
    const { page } = person;
    await person.administer("/login");
    await page.getByRole("heading", { level: 1, name: "登录" }).waitFor();
    await page.getByText("KIRO FREE").waitFor();
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth), 0);
    assert.equal(await page.locator("main").evaluate((main) => main.scrollWidth - main.clientWidth), 0);
    await person.axe();
  },
  { locale: "zh-CN", colorScheme: "dark", viewport: { width: 390, height: 800 } },
);

visit("a login that can no longer be renewed says so", async (person, server) => {
  const { page } = person;
  await person.administer("/login");
  await server.inject("refresh_refused");
  await person.button("Renew now").click();
  await page.locator(".passport-error", { hasText: "kiro2chat login" }).waitFor();
  await page.locator(".passport", { hasText: "cannot be renewed" }).waitFor();
  assert.match(await page.locator(".next-command").innerText(), /kiro2chat login/);
  assert.equal(await person.button("Renew now").count(), 0);
  await person.axe();
});

visit("the dot in the rail follows the login to its end", async (person, server) => {
  const { page } = person;
  const login = { source: "a file", kind: "social", renewable: false, region: null, has_profile: false };
  const ends = Date.now() / 1000 + 1000;
  const shown = { places: [], names: [], name: "", error: "", next: "" };
  await page.clock.install();
  await page.route("**/api/login", (route) =>
    route.fulfill({ json: { ...shown, login: { ...login, profile: null, token: "…", expires_at: ends } } }),
  );
  await person.administer("/monitor");
  const dot = (/** @type {string} */ state) => page.locator(`.rail .dot.${state}`).waitFor();
  await dot("good");
  await page.clock.fastForward(150_000);
  await dot("soon");
  await page.clock.fastForward(900_000);
  await dot("ended");
  await page.getByRole("link", { name: "The login has ended" }).waitFor();
  await page.unroute("**/api/login");
  await page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));
  await dot("good"); // renewed by somebody else
  assert.ok(server.url);
});

visit("without a login: what was looked at, and what to type", async (person, server) => {
  const { page } = person;
  server.forgetLogins();
  await person.administer("/login");
  await page.getByRole("heading", { name: "Not logged in" }).waitFor();
  assert.match(await page.locator(".next-command").innerText(), /kiro2chat login/);
  await person.axe();
});
