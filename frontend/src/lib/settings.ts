/** Settings as a form: what the server shows → groups of rows, what was typed → changes to be sent. */
import type { SettingSchema, SettingShown, SettingsShown } from "./wire";

/** What was typed, by the kind of the setting; null: back to the default. */
export type Edit = string | boolean | string[] | null;
export type Edits = Record<string, Edit>;

export interface Row {
  name: string;
  setting: SettingShown;
  schema: SettingSchema;
}

export interface Group {
  name: string;
  rows: Row[];
}

/** How the server writes that there is nothing. */
const NOTHING = "-";

/** The groups in the order in which their first settings come. */
export function groupsOf(shown: SettingsShown): Group[] {
  const groups = new Map<string, Row[]>();
  for (const [name, schema] of Object.entries(shown.schema.properties)) {
    const setting = shown.settings[name];
    if (!setting) continue;
    const rows = groups.get(schema.group);
    if (rows) rows.push({ name, setting, schema });
    else groups.set(schema.group, [{ name, setting, schema }]);
  }
  return [...groups].map(([name, rows]) => ({ name, rows }));
}

/** The rows that hold every word of a search in their name, variable or help. */
export function found(groups: Group[], query: string): Group[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  const holds = ({ name, setting, schema }: Row) => {
    const text = `${name} ${setting.variable} ${schema.description} ${schema.description_zh}`.toLowerCase();
    return words.every((word) => text.includes(word));
  };
  return groups
    .map(({ name, rows }) => ({ name, rows: rows.filter(holds) }))
    .filter(({ rows }) => rows.length > 0);
}

/** Where the value comes from that the form begins with: the file's, where it waits for the next start. */
export function sourceOf({ setting }: Row): string {
  return setting.next?.source ?? setting.source;
}

/** The value that the form begins with. */
export function before({ setting, schema }: Row): Edit {
  const text = setting.next?.value ?? setting.value;
  if (setting.secret) return "";
  if (schema.type === "boolean") return text === "true";
  if (schema.type === "array") return text === NOTHING ? [] : text.split(",");
  return text === NOTHING ? "" : plain(text, schema);
}

/** "10.0" is how Python writes ten. */
function plain(text: string, { type }: SettingSchema): string {
  return type === "number" ? text.replace(/\.0$/, "") : text;
}

/** The edits with one more; what is as it was before is no edit. */
export function edited(edits: Edits, row: Row, value: Edit): Edits {
  const { [row.name]: _gone, ...rest } = edits;
  return isSame(row, value) ? rest : { ...rest, [row.name]: value };
}

function isSame(row: Row, value: Edit): boolean {
  if (value === null) return sourceOf(row) !== "file";
  const old = before(row);
  if (row.setting.secret && typeof value === "string" && !value.trim()) return true; // blanks are no secret
  return Array.isArray(value) ? Array.isArray(old) && value.join() === old.join() : value === old;
}

/** What PUT /api/settings takes. What is left empty goes back to its default; what is no number is sent for the server to say so. */
export function changes(edits: Edits, shown: SettingsShown): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(edits).map(([name, value]) => [name, sent(value, shown.schema.properties[name])]),
  );
}

function sent(value: Edit, schema: SettingSchema | undefined): unknown {
  if (value === null || value === "" || (Array.isArray(value) && !value.length)) return null;
  if (typeof value !== "string") return value;
  const text = value.trim();
  if (!text) return null;
  const isNumber = schema?.type === "integer" || schema?.type === "number";
  return isNumber && Number.isFinite(Number(text)) ? Number(text) : text;
}

/** The setting that an error's `param` names: `changes.port`, or a variable, as the check of all together has it. */
export function blamed(param: string, shown: SettingsShown): string {
  const name = param.replace(/^changes\./, "");
  if (name in shown.settings) return name;
  return Object.keys(shown.settings).find((each) => shown.settings[each]?.variable === name) ?? "";
}

/** What stands between commas or on lines of its own, each word once. */
export function wordsOf(text: string): string[] {
  return [...new Set(text.split(/[,，\n]/).map((word) => word.trim()))].filter(Boolean);
}

/** The default in words, "" where there is none. */
export function defaultOf({ default: value }: SettingSchema, shown: string | undefined): string {
  if (shown) return shown;
  if (value === undefined || value === null) return "";
  return Array.isArray(value) ? value.join(", ") : String(value);
}

/** How many settings have other values in the file by now. */
export function waiting(shown: SettingsShown): number {
  return Object.values(shown.settings).filter(({ next }) => next).length;
}
