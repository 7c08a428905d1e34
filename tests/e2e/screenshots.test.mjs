/**
 * Pictures of every page, light and dark, large and small. `SCREENSHOTS=docs/screenshots` keeps them (`make screenshots`);
 * otherwise they are only made and looked at: none may be empty.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { folder } from "./harness.mjs";
import { site } from "./page.mjs";

const KEPT = process.env.SCREENSHOTS;
const FOLDER = KEPT ? resolve(KEPT) : folder("screenshots");
const workspace = folder("workspace");
for (const name of ["notes.md", "budget.csv", "photo.txt"]) writeFileSync(join(workspace, name), `${name}\n`);
// The monitor of somebody who has worked for an hour.
const data = folder("data");
const PYTHON = process.env.KIRO2CHAT ? join(dirname(process.env.KIRO2CHAT), "python") : ".venv/bin/python";
execFileSync(PYTHON, ["tests/e2e/past_hour.py", data]);
const { visit } = site({
  login: true,
  env: { LOG_LEVEL: "warning", AGENT_WORKSPACE: workspace, DATA_DIR: data },
});

const ANSWER = `Both read a number and give its square root; the difference is what happens below zero.

| | \`sqrt\` | \`safe_sqrt\` |
|---|---|---|
| 9 | 3.0 | 3.0 |
| -1 | **raises** | \`None\` |

\`\`\`python
def safe_sqrt(x: float) -> float | None:
    return x**0.5 if x >= 0 else None
\`\`\`

For a real $x \\ge 0$ both return $\\sqrt{x}$.`;
/** What comes last on the other pages. */
const FILLED = { monitor: ".request", settings: ".setting", login: ".passport-bar + .passport-bar .meter" };
const SIZES = { desktop: { width: 1280, height: 800 }, phone: { width: 390, height: 844 } };

for (const [size, viewport] of Object.entries(SIZES)) {
  for (const colorScheme of /** @type {const} */ (["light", "dark"])) {
    visit(
      `${size}, ${colorScheme}`,
      async (person, server) => {
        const { page } = person;
        const shot = async (/** @type {string} */ name) => {
          await page.evaluate(() => document.fonts.ready);
          const png = await page.screenshot({ animations: "disabled" });
          assert.ok(png.length > 10_000, `${name} is empty`);
          mkdirSync(FOLDER, { recursive: true });
          writeFileSync(join(FOLDER, `${name}-${size}-${colorScheme}.png`), png);
        };
        await person.administer("/");
        await server.script({ reasoning: "Two functions, one difference.", text: ANSWER });
        await person.ask("How do sqrt and safe_sqrt differ?");
        await page.locator(".hl-keyword").first().waitFor();
        await page.locator("math").first().waitFor();
        await shot("chat");
        await page.goto(`${server.url}/agent`);
        await person.ask("Which files are here? And what is 17 * 23?");
        await person.say('call shell with {"command": "wc -l *.md"}');
        await page.locator(".approval").waitFor();
        await shot("agent");
        for (const [name, last] of Object.entries(FILLED)) {
          await page.goto(`${server.url}/${name}`);
          await page.locator(last).first().waitFor();
          await page.waitForTimeout(300); // what floats in has come to rest
          await shot(name);
        }
      },
      { viewport, colorScheme },
    );
  }
}
