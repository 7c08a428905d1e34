/** Light, dark, or as the system has it; `public/theme.js` applies it before the first paint of the next visit. */
import { signal } from "@preact/signals";
import { read, write } from "../lib/stored";

export type Theme = "system" | "light" | "dark";

const kept = read("theme");
export const theme = signal<Theme>(kept === "light" || kept === "dark" ? kept : "system");

export function chooseTheme(next: Theme): void {
  theme.value = next;
  write("theme", next === "system" ? "" : next);
  if (next === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = next;
}
