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

/** The same sentence twice is one, unless each has a button of its own. It goes by itself, later where there is a button or something went wrong. */
export function tell(text: string, options: { bad?: boolean; action?: Notice["action"] } = {}): void {
  const id = ++last;
  const notice: Notice = { id, text, tone: options.bad ? "bad" : "plain" };
  if (options.action) notice.action = options.action;
  const others = notices.value.filter((each) => each.text !== text || each.action);
  notices.value = [...others, notice].slice(-4);
  setTimeout(() => dismiss(id), options.bad ? 12_000 : options.action ? 8_000 : 4_000);
}

export function dismiss(id: number): void {
  notices.value = notices.value.filter((each) => each.id !== id);
}
