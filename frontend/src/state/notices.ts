/** Short sentences at the edge of the page, some with a button: what happened, and how to undo it. */
import { signal } from "@preact/signals";

export interface Notice {
  id: number;
  text: string;
  tone: "plain" | "bad";
  action?: { label: string; run: () => void };
}

export const notices = signal<Notice[]>([]);
let last = 0;
const MOST = 4;

/**
 * The same sentence twice is one, unless each has a button of its own. It goes by itself, later where there is a button or
 * something went wrong. Many drive out the oldest, but none that can be undone. */
export function tell(text: string, options: { bad?: boolean; action?: Notice["action"] } = {}): void {
  const id = ++last;
  const notice: Notice = { id, text, tone: options.bad ? "bad" : "plain" };
  if (options.action) notice.action = options.action;
  const others = notices.value.filter((each) => each.text !== text || each.action);
  const all = [...others, notice];
  notices.value = all.filter((each, at) => each.action || at >= all.length - MOST);
  setTimeout(() => dismiss(id), options.bad ? 12_000 : options.action ? 8_000 : 4_000);
}

export function dismiss(id: number): void {
  notices.value = notices.value.filter((each) => each.id !== id);
}
