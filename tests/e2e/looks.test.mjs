/** The page in both languages, light and dark, large and small, with keys, and for whoever cannot see it. */
import assert from "node:assert/strict";
import { site } from "./page.mjs";

const { visit } = site();
const PAGES = {
  "/": "",
  "/agent": "What shall it do?",
  "/monitor": "Monitor",
  "/settings": "Settings",
  "/login": "Login",
};

for (const [colorScheme, locale] of /** @type {const} */ ([
  ["light", "en-US"],
  ["dark", "zh-CN"],
])) {
  visit(
    `axe finds nothing on any page: ${colorScheme}, ${locale}`,
    async (person, server) => {
      const { page } = person;
      await page.emulateMedia({ reducedMotion: "reduce", colorScheme });
      for (const path of Object.keys(PAGES)) {
        await page.goto(server.url + path);
        await page.locator("h1").waitFor();
        await person.axe();
      }
      await page.goto(`${server.url}/`);
      await server.script({
        reasoning: "thinking",
        text: "# Title\n\ntext [link](https://example.com) `code`\n\n| a |\n|---|\n| b |\n\n```js\nlet a = 'b'; // c\n```\n\n$x^2$",
      });
      await person.ask("Hi");
      await page.locator(".hl-keyword").waitFor();
      await person.axe();
      await server.inject("throttled", { times: 3 });
      await person.say("Fail");
      await page.locator(".failure").waitFor();
      await person.axe();
      await page.keyboard.press("Control+/");
      await person.axe();
      await page.keyboard.press("Escape");
      await page.locator(".model-button").click();
      await person.axe();
    },
    { colorScheme, locale },
  );
}

visit("each route can be reloaded, and says what it is", async (person, server) => {
  for (const [path, title] of Object.entries(PAGES)) {
    await person.page.goto(server.url + path);
    await person.page.reload();
    await person.page.getByRole("heading", { level: 1, name: title || "What shall we do?" }).waitFor();
  }
  await person.page.locator("nav.rail a[href='/']").click();
  await person.composer.waitFor();
});

visit(
  "Chinese from the start for whoever reads it, English without a reload, and it stays",
  async (person) => {
    const { page } = person;
    await page.getByRole("heading", { name: "想做点什么？" }).waitFor();
    assert.equal(await page.locator("html").getAttribute("lang"), "zh-CN");
    await person.composer.fill("写到一半");
    await person.pick("语言", "English");
    await page.getByRole("heading", { name: "What shall we do?" }).waitFor();
    assert.equal(await person.composer.inputValue(), "写到一半");
    await page.reload();
    await page.getByRole("heading", { name: "What shall we do?" }).waitFor();
  },
  { locale: "zh-CN" },
);

visit(
  "dark stays dark after a reload, from the first paint",
  async (person) => {
    const { page } = person;
    await person.pick("Theme", "Dark");
    const paper = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
    assert.equal(await paper(), "rgb(21, 21, 26)");
    await page.route("**/assets/*.js", () => {}); // the page's own script never comes
    await page.reload({ waitUntil: "commit" });
    await page.locator("#page").waitFor({ state: "attached" });
    await person.until(async () => (await paper()) === "rgb(21, 21, 26)");
  },
  { colorScheme: "light" },
);

visit(
  "on a phone the list is a drawer, nothing overflows, and targets are large",
  async (person, server) => {
    const { page } = person;
    await server.script({
      text: `${"x".repeat(300)}\n\n| ${"wide cell | ".repeat(12)}\n|${"---|".repeat(12)}\n`,
    });
    await person.ask("Hi");
    const overflow = () => page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.equal(await overflow(), 0);
    await person.button("Open the list").click();
    await page.locator(".list.open .chat-row a").click();
    await page.locator(".list.open").waitFor({ state: "detached" });
    for (const link of await page.locator("nav.rail a.rail-link").all()) {
      const box = await link.boundingBox();
      assert.ok(box && box.width >= 44 && box.height >= 44);
    }
  },
  { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true },
);

visit("keys alone: new chat, the list of keys, a model", async (person, server) => {
  const { page } = person;
  await server.script({ text: "yes" });
  await person.ask("Hi");
  await page.keyboard.press("Control+/");
  await page.getByRole("dialog", { name: "Keyboard shortcuts" }).waitFor();
  await page.keyboard.press("Escape");
  await page.keyboard.press("Control+k");
  await page.getByRole("heading", { name: "What shall we do?" }).waitFor();
  assert.equal(await person.composer.evaluate((each) => each === document.activeElement), true);
  await page.locator(".model-button").focus();
  await page.keyboard.press("Enter");
  await page.keyboard.type("haiku");
  await page.keyboard.press("Enter");
  assert.match(await page.locator(".model-button").innerText(), /haiku/);
});
