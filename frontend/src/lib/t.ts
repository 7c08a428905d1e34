/**
 * The words of the page. Each part has a dictionary of its own (`lib/words/…`, or beside a page), so that a page's words
 * load with it; a string that one language lacks is a type error. Whatever calls `t()` while it renders is rendered
 * anew when `language` changes.
 */
import { signal } from "@preact/signals";
import { read } from "./stored";

export type Language = "en" | "zh";
export type Values = Record<string, string | number>;

export const language = signal<Language>(preferred(read("language"), navigator.languages));

/** What was chosen here before, else the first language of the browser that we speak. */
export function preferred(chosen: string | null, browser: readonly string[]): Language {
  if (chosen === "en" || chosen === "zh") return chosen;
  for (const each of browser) {
    if (/^zh\b/i.test(each)) return "zh";
    if (/^en\b/i.test(each)) return "en";
  }
  return "en";
}

/** A dictionary → its `t`. `{name}` in a text is replaced by the value of that name. */
export function words<W extends Record<string, string>>(en: W, zh: Record<keyof W, string>) {
  return (key: keyof W, values?: Values): string => fill(language.value === "zh" ? zh[key] : en[key], values);
}

function fill(text: string | undefined, values?: Values): string {
  if (!text || !values) return text ?? "";
  return text.replace(/\{(\w+)\}/g, (place, name: string) => String(values[name] ?? place));
}
