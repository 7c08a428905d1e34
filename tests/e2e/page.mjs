/** A person in front of the page: what a test does over and over, and what must hold whenever it ends. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { browser, Server } from "./harness.mjs";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** Milliseconds until what is waited for counts as not coming; machines for tests are slow at times. */
const PATIENCE = 30_000;

/** @typedef {import("playwright-core").Page} Page */

/**
 * A server for a file of tests, and `visit` to run one of them on a page of its own.
 *
 * @param {ConstructorParameters<typeof Server>[0]} [options]
 */
export function site(options) {
  const server = new Server(options);
  /** @type {import("playwright-core").Browser} */
  let chromium;
  before(async () => {
    [chromium] = await Promise.all([browser(), server.start()]);
  });
  after(async () => {
    await chromium?.close();
    await server.stop();
  });

  /**
   * @param {string} name
   * @param {(person: Person, server: Server) => Promise<void>} run
   * @param {import("playwright-core").BrowserContextOptions & {path?: string}} [context]
   */
  function visit(name, run, { path = "/", ...context } = {}) {
    test(name, { timeout: 120_000 }, async () => {
      await server.forget();
      const opened = await chromium.newContext({
        locale: "en-US",
        viewport: { width: 1280, height: 800 },
        ...context,
      });
      const page = await opened.newPage();
      page.setDefaultTimeout(PATIENCE);
      const person = new Person(page, server.url, server);
      try {
        await page.goto(server.url + path);
        await run(person, server);
        assert.deepEqual(person.complaints, [], "errors in the browser's console");
        assert.deepEqual(person.foreign, [], "requests to other origins");
      } finally {
        await opened.close();
      }
    });
  }
  return { server, visit };
}

export class Person {
  /** @type {string[]} */
  complaints = [];
  /** @type {string[]} */
  foreign = [];

  constructor(/** @type {Page} */ page, /** @type {string} */ url, /** @type {Server} */ server) {
    this.page = page;
    this.server = server;
    page.on("pageerror", (error) => this.complaints.push(String(error.stack)));
    page.on("console", (message) => {
      // A refused request is a line in the console whatever the page does about it.
      if (message.type() === "error" && !/Failed to load resource/.test(message.text())) {
        this.complaints.push(message.text());
      }
    });
    page.on("request", (request) => {
      if (!/^(data|blob):/.test(request.url()) && !request.url().startsWith(url))
        this.foreign.push(request.url());
    });
  }

  get composer() {
    return this.page.locator(".composer textarea");
  }

  get answers() {
    return this.page.locator("article.answer");
  }

  get last() {
    return this.answers.last();
  }

  async say(/** @type {string} */ text) {
    await this.composer.fill(text);
    await this.composer.press("Enter");
  }

  /** Until the newest answer is whole. */
  async whole() {
    await this.page.locator("article.answer.last .stats").waitFor();
    await this.page.locator(".growing-answer").waitFor({ state: "detached" });
  }

  async ask(/** @type {string} */ text) {
    await this.say(text);
    await this.whole();
  }

  button(/** @type {string} */ name, within = this.page.locator("body")) {
    return within.getByRole("button", { name, exact: true });
  }

  async pick(/** @type {string} */ menu, /** @type {string} */ item, within = this.page.locator("body")) {
    await this.button(menu, within).click();
    await this.page
      .getByRole("menuitem", { name: item })
      .or(this.page.getByRole("menuitemradio", { name: item }))
      .click();
  }

  /** Goes to a page as whoever has opened the link that the server printed. */
  async administer(/** @type {string} */ path) {
    const { name, cookie, token } = await this.server.session();
    await this.page.emulateMedia({ reducedMotion: "reduce" }); // axe would see what is still half there
    await this.page.context().addCookies([{ name, value: cookie, url: `${this.server.url}/api` }]);
    await this.page.evaluate((token) => localStorage.setItem("session-token", token), token);
    await this.page.goto(this.server.url + path);
  }

  /** Waits until `what` is so. */
  async until(/** @type {() => Promise<boolean> | boolean} */ what, told = "it never became so") {
    for (const end = Date.now() + PATIENCE; ; await new Promise((resolve) => setTimeout(resolve, 40))) {
      if (await what()) return;
      assert.ok(Date.now() < end, told);
    }
  }

  /** What axe finds, all of its rules, best practices included. */
  async axe() {
    await this.page.evaluate(axe);
    const found = await this.page.evaluate(async () => {
      // @ts-expect-error axe has just been defined
      const { violations } = await axe.run(document);
      return violations.map(
        (/** @type {any} */ each) =>
          `${each.id}: ${each.nodes.map((/** @type {any} */ node) => node.html.slice(0, 200))}`,
      );
    });
    assert.deepEqual(found, []);
  }
}
