/** A server that demands a key: the page asks for it in place. */
import assert from "node:assert/strict";
import { site } from "./page.mjs";

const { visit } = site({ env: { API_KEY: "k".repeat(40) } });

visit("the key is asked for, kept, and opens what is the administrator's", async (person, server) => {
  const { page } = person;
  await page.getByText("This server wants an API key").waitFor();
  await page.getByLabel("API key", { exact: true }).fill("密钥");
  await person.button("Use this key").click();
  await page.getByText("No key has such characters").waitFor();
  await page.getByLabel("API key", { exact: true }).fill("wrong");
  await person.button("Use this key").click();
  await page.getByText("That key is wrong").waitFor();
  await page.getByLabel("API key", { exact: true }).fill("k".repeat(40));
  await person.button("Use this key").click();
  await page.locator(".key-gate").waitFor({ state: "detached" });
  await server.script({ text: "welcome" });
  await person.ask("Hi");
  await page.reload();
  await person.last.getByText("welcome").waitFor();
  assert.equal(await page.locator(".key-gate").count(), 0);
  await page.goto(`${server.url}/settings`);
  await page.getByLabel("API_KEY", { exact: true }).waitFor();
  assert.doesNotMatch(await page.locator("main").innerText(), /kkkk/);
});

visit("a stored key that no header takes bars nobody", async (person) => {
  const { page } = person;
  await page.evaluate(() => localStorage.setItem("api-key", "密钥"));
  for (const path of ["/", "/monitor", "/settings", "/login"]) {
    await page.goto(new URL(path, page.url()).href);
    await page
      .getByText(path === "/" ? "This server wants an API key" : "This is for the administrator")
      .waitFor();
    assert.equal(await page.getByText("The page itself failed").count(), 0);
  }
});
