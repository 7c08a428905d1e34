/**
 * Whether a key is for an input method: Enter confirms its characters, Escape gives them up.
 *
 * `isComposing` says so in Chromium and Firefox. Safari ends the composition before the key arrives, and then only
 * keyCode 229 tells; but macOS Pinyin sends 229 also for keys outside of a composition, so it counts only just after one.
 */
export class Composition {
  #composing = false;
  #endedAt = Number.NEGATIVE_INFINITY;

  start(): void {
    this.#composing = true;
  }

  end(now: number): void {
    this.#composing = false;
    this.#endedAt = now;
  }

  holds(event: { isComposing: boolean; keyCode: number }, now: number): boolean {
    return event.isComposing || this.#composing || (event.keyCode === 229 && now - this.#endedAt < 50);
  }
}
