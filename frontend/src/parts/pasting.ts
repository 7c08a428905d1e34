/** A guard for fields of text: what no model takes is not let in, as a browser would stand still over it. */
import { size } from "../lib/numbers";
import { t } from "../lib/words/chat";
import { tell } from "../state/notices";

const LONGEST = 1_000_000; // characters
const LONG = 100_000;

/** For `onPaste` and `onDrop`. Whether the text was refused. */
export function refuse(event: ClipboardEvent | DragEvent): boolean {
  const data = event instanceof DragEvent ? event.dataTransfer : event.clipboardData;
  const pasted = data?.getData("text/plain").length ?? 0;
  const field = event.currentTarget as HTMLTextAreaElement | HTMLInputElement;
  const replaced = (field.selectionEnd ?? 0) - (field.selectionStart ?? 0);
  if (pasted + field.value.length - replaced <= LONGEST) return false;
  event.preventDefault();
  tell(t("textTooLarge", { size: size(pasted), limit: size(LONGEST) }), { bad: true });
  return true;
}

/** Fields that grow with their text are measured anew with every letter; long ones keep their height. */
export function lengthClass(text: string): string {
  return text.length > LONG ? "long" : "";
}
