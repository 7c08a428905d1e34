/** The language of the page: kept, and told to the browser (hyphens, fonts, screen readers). */
import { effect } from "@preact/signals";
import { write } from "../lib/stored";
import { type Language, language } from "../lib/t";

effect(() => {
  document.documentElement.lang = language.value === "zh" ? "zh-CN" : "en";
});

export function chooseLanguage(next: Language): void {
  language.value = next;
  write("language", next);
}
