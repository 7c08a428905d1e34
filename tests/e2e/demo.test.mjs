/** The demo, as newcomers get it, and how a browser is let in. */
import assert from "node:assert/strict";
import { site } from "./page.mjs";

const { visit } = site({ demo: true });

visit("the demo says what it is on every page, and answers", async (person, server) => {
  const { page } = person;
  for (const path of ["/monitor", "/"]) {
    await page.goto(server.url + path);
    await page.getByText("Demo: answers are an echo.").waitFor();
  }
  await person.ask("Tell me about capybaras");
  assert.match(await person.last.innerText(), /This is a demo[\s\S]*Tell me about capybaras/);
});

visit("the demo's settings and login say so too, and how to leave it", async (person) => {
  const { page } = person;
  for (const path of ["/settings?part=login", "/login"]) {
    await person.administer(path);
    await page.getByText("Demo: answers are an echo.").waitFor();
  }
  await page.getByText("start the server again without --demo").waitFor();
  await person.axe();
});

visit(
  "a link that is no longer good is said, and gone from the address",
  async (person) => {
    await person.page.getByText("The link was used before, or is too old").waitFor();
    assert.doesNotMatch(person.page.url(), /open=/);
  },
  { path: "/#open=old" },
);

visit(
  "a good link opens a session: its token goes with changes, and no address keeps it",
  async (person, server) => {
    const { page } = person;
    await page.route("**/api/session", (route) => route.fulfill({ json: { token: "of-the-session" } }));
    await page.goto(`${server.url}/login`);
    await page.goto(`${server.url}/#open=once`);
    await page.getByText("This browser may administer the server now.").waitFor();
    assert.equal(page.url(), `${server.url}/`);
    assert.equal(await page.evaluate(() => localStorage.getItem("session-token")), "of-the-session");
  },
);

visit("two tabs show the same conversations", async (person, server) => {
  await person.ask("From the first tab");
  const other = await person.page.context().newPage();
  await other.goto(server.url);
  await other.locator(".chat-row a").click();
  await other.getByText("This is a demo").waitFor();
  await person.pick("More: From the first tab", "Rename");
  await person.page.getByLabel("Title of the conversation").fill("Renamed");
  await person.page.keyboard.press("Enter");
  await other.locator(".chat-title", { hasText: "Renamed" }).waitFor();
});
