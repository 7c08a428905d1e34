/**
 * One frame, one update: however often new text comes, `draw` runs at most once a frame, and less often where drawing is
 * slow, so that at least half of the time stays for everything else. A hidden page has no frames, so a timer stands in.
 */
export function pump(draw: () => void, now: () => number = () => performance.now()) {
  let waiting = false;
  let ended = false;
  let notBefore = 0;

  function run(): void {
    waiting = false;
    if (ended) return;
    const began = now();
    if (began < notBefore) {
      due();
      return;
    }
    draw();
    // Rendering follows in a microtask, and layout after that; the next frame's delay shows what both cost.
    requestFrame(() => {
      const cost = now() - began;
      notBefore = cost > 40 ? began + 2 * cost : 0;
    });
  }

  function due(): void {
    if (waiting || ended) return;
    waiting = true;
    requestFrame(run);
  }

  return {
    /** There is something new. */
    due,
    end(): void {
      ended = true;
    },
  };
}

function requestFrame(then: () => void): void {
  if (document.hidden) setTimeout(then, 250);
  else requestAnimationFrame(then);
}
