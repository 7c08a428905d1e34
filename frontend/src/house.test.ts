/** The house rules of the page that no linter knows. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";

const HERE = import.meta.dirname;
const FLOORS = ["lib", "state", "parts", "pages"];
const BUILT = join(HERE, "../../functions/kiro2chat_functions/static");

function files(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? files(path) : [path];
  });
}

const sources = files(HERE).filter((path) => /\.(tsx?|css)$/.test(path) && !/\.test\./.test(path));

test.each(sources.map((path) => relative(HERE, path)))("%s", (name) => {
  const text = readFileSync(join(HERE, name), "utf8");
  const isWritten = name === join("lib", "wire.ts"); // by scripts/wire.py
  const isText = name.startsWith(join("lib", "words"));
  if (!isWritten) expect(text.split("\n").length, "lines").toBeLessThanOrEqual(isText ? 600 : 201);
  expect(text).not.toMatch(/innerHTML|outerHTML\s*=|insertAdjacentHTML|document\.write|\beval\(/);
  const floor = FLOORS.indexOf(name.split(/[\\/]/)[0] ?? "");
  for (const [, target = ""] of text.matchAll(/(?:from|import\()\s*"(\.[^"]+)"/g)) {
    const other = FLOORS.indexOf(relative(HERE, join(HERE, name, "..", target)).split(/[\\/]/)[0] ?? "");
    if (floor >= 0) expect(other, `${name} imports ${target}`).toBeLessThanOrEqual(floor);
  }
});

test("what loads first is at most 60 KB packed, and asks no other origin", () => {
  const index = readFileSync(join(BUILT, "index.html"), "utf8");
  expect(index).not.toMatch(/https?:\/\//);
  expect(index).not.toMatch(/<script(?![^>]*src=)|<style|style=/);
  const names = [...index.matchAll(/(?:src|href)="\/(assets\/[^"]+)"/g)].map(([, name = ""]) => name);
  expect(names.length).toBeGreaterThan(1);
  const packed = names.map((name) => gzipSync(readFileSync(join(BUILT, name))).length);
  expect(packed.reduce((sum, each) => sum + each, 0)).toBeLessThan(60_000);
});
