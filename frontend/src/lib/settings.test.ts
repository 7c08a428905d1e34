import { expect, test } from "vitest";
import {
  before,
  blamed,
  changes,
  defaultOf,
  edited,
  found,
  groupsOf,
  sourceOf,
  waiting,
  wordsOf,
} from "./settings";
import type { SettingSchema, SettingShown, SettingsShown } from "./wire";

const setting = (variable: string, value: string, rest: Partial<SettingShown> = {}): SettingShown => ({
  value,
  source: "default",
  variable,
  secret: false,
  editable: true,
  next: null,
  ...rest,
});
const schema = (
  type: SettingSchema["type"],
  group: string,
  rest: Partial<SettingSchema> = {},
): SettingSchema => ({
  type,
  group,
  title: "",
  description: "Some help.",
  description_zh: "帮助。",
  ...rest,
});
const SHOWN: SettingsShown = {
  file: "/config.toml",
  version: "1",
  problem: null,
  schema: {
    type: "object",
    additionalProperties: false,
    properties: {
      port: schema("integer", "server", { description: "Port to listen on.", default: 8000 }),
      keepalive: schema("number", "server"),
      hosts: schema("array", "server", { shown: "none of them" }),
      optout: schema("boolean", "kiro", { default: true }),
      token: schema("string", "login", { writeOnly: true }),
      region: schema("string", "kiro"),
    },
  },
  settings: {
    port: setting("PORT", "8000"),
    keepalive: setting("KEEPALIVE", "10.0", { next: { value: "5.0", source: "file" } }),
    hosts: setting("HOSTS", "a,b", { source: "file" }),
    optout: setting("OPTOUT", "true"),
    token: setting("TOKEN", "***", { secret: true, source: "file" }),
    region: setting("REGION", "-"),
  },
};
const ROWS = Object.fromEntries(groupsOf(SHOWN).flatMap(({ rows }) => rows.map((row) => [row.name, row])));
const row = (name: string) => {
  const known = ROWS[name];
  if (!known) throw new Error(name);
  return known;
};

test("groups come in the order of their first settings, each with all of its own", () => {
  expect(groupsOf(SHOWN).map(({ name, rows }) => [name, rows.length])).toEqual([
    ["server", 3],
    ["kiro", 2],
    ["login", 1],
  ]);
});

test.each([
  ["port listen", ["port"]],
  ["PORT", ["port"]],
  ["help", ["keepalive", "hosts", "optout", "region", "token"]],
  ["nowhere", []],
])("search %j", (query, names) => {
  expect(found(groupsOf(SHOWN), query).flatMap(({ rows }) => rows.map(({ name }) => name))).toEqual(names);
});

test.each([
  ["port", "8000"],
  ["keepalive", "5"],
  ["hosts", ["a", "b"]],
  ["optout", true],
  ["token", ""],
  ["region", ""],
])("the form begins with %s as %j", (name, value) => {
  expect(before(row(name))).toEqual(value);
});

test("what waits for the next start is what is edited", () => {
  expect(waiting(SHOWN)).toBe(1);
  expect(sourceOf(row("keepalive"))).toBe("file");
  expect(sourceOf(row("port"))).toBe("default");
});

test.each([
  ["port", "8000", false],
  ["port", "9000", true],
  ["hosts", ["a", "b"], false],
  ["hosts", ["b", "a"], true],
  ["optout", false, true],
  ["hosts", null, true],
  ["port", null, false],
  ["token", "", false],
] as const)("%s as %j is a change: %s", (name, value, isChange) => {
  const edits = edited({ [name]: "x" }, row(name), value as never);
  expect(name in edits).toBe(isChange);
});

test("changes are sent as their kind; what is empty goes back to the default", () => {
  const edits = { port: " 9000 ", keepalive: "many", hosts: [], optout: false, token: "s", region: " " };
  expect(changes(edits, SHOWN)).toEqual({
    port: 9000,
    keepalive: "many",
    hosts: null,
    optout: false,
    token: "s",
    region: null,
  });
});

test.each([
  ["changes.port", "port"],
  ["changes.PORT", "port"],
  ["changes.prot", ""],
  ["", ""],
])("the error's field %j is %j", (param, name) => {
  expect(blamed(param, SHOWN)).toBe(name);
});

test("words stand between commas of any language, or on lines; each once", () => {
  expect(wordsOf(" a, b，c\n\nd,, a")).toEqual(["a", "b", "c", "d"]);
  expect(wordsOf("")).toEqual([]);
});

test("a default in words goes before its value", () => {
  expect(defaultOf(schema("array", "x", { default: ["a"] }), "all")).toBe("all");
  expect(defaultOf(schema("array", "x", { default: ["a", "b"] }), undefined)).toBe("a, b");
  expect(defaultOf(schema("boolean", "x", { default: false }), undefined)).toBe("false");
  expect(defaultOf(schema("string", "x"), undefined)).toBe("");
});
