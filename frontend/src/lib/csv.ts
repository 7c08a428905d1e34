/** Tables as CSV (RFC 4180), safe to open in a spreadsheet. */

export type Cell = string | number | null | undefined;

/** Rows, the first with the names. A mark at the beginning tells Excel that it is UTF-8. */
export function csv(rows: readonly (readonly Cell[])[]): string {
  return `\ufeff${rows.map((row) => row.map(cell).join(",")).join("\r\n")}\r\n`;
}

/**
 * One field. A text that a spreadsheet would take for a formula gets an apostrophe before it: names of models and keys come
 * from whoever calls the server. Numbers of ours may be negative and stay numbers.
 */
export function cell(value: Cell): string {
  if (value === null || value === undefined) return "";
  if (typeof value === "number") return Number.isFinite(value) ? String(value) : "";
  const safe = /^\s*[=+\-@＝＋－＠]|^[\t\r\n]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
