/** What is open on the page right now, and nowhere kept. */
import { signal } from "@preact/signals";

/** The question that is being edited, "" for none. */
export const editing = signal("");
/** The list of conversations: on a phone a drawer, elsewhere a column that hides. */
export const drawerOpen = signal(false);
export const columnHidden = signal(false);
/** The sheet that lies over the page. */
export const sheet = signal<"" | "instructions" | "shortcuts">("");
export const search = signal("");
