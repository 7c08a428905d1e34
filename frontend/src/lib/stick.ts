/**
 * Whether a growing page follows its end. It does while the reader is there, lets go on any move upward, and takes hold
 * again only when the reader comes back to the end. Scrolls are told from our own writes by the place they lead to, not by
 * timers: a timer cannot know which of two scrolls within 100 ms was the reader's.
 */
const NEAR = 64; // pixels from the end that still count as there

export interface Place {
  top: number;
  height: number;
  view: number;
}

export class Stick {
  held = true;
  #last: Place = { top: 0, height: 0, view: 0 };
  #written = -1;

  /** After we scrolled to the end ourselves. */
  wrote(place: Place): void {
    this.#written = place.top;
    this.#last = place;
  }

  /** A scroll happened, to this place. Whether it holds now. */
  scrolled(place: Place): boolean {
    const own = Math.abs(place.top - this.#written) < 2;
    const up = place.top < this.#last.top - 1;
    const shrank = place.height < this.#last.height || place.view !== this.#last.view;
    this.#last = place;
    if (own) return this.held;
    if (place.height - place.view - place.top <= NEAR && !(up && !shrank && this.#left(place)))
      this.held = true;
    else if (up && !shrank) this.held = false;
    return this.held;
  }

  /** The reader moved upward by wheel, finger or key: the scroll itself may come later. */
  released(): void {
    this.held = false;
    this.#written = -1;
  }

  #left(place: Place): boolean {
    return place.height - place.view - place.top > 4;
  }
}
