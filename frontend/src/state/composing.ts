/** The input method of this page: whichever field it writes into, its keys are its own. */
import { Composition } from "../lib/ime";

const composition = new Composition();
addEventListener("compositionstart", () => composition.start(), true);
addEventListener("compositionend", () => composition.end(performance.now()), true);

/** Whether a key is for the input method, and not for the page. */
export function isComposing(event: KeyboardEvent): boolean {
  return composition.holds(event, performance.now());
}
