/** Lists that open beside a button: in the top layer, so that nothing clips them, on the side where there is room. */
import { useLayoutEffect } from "preact/hooks";

const GAP = 4;
const ENOUGH = 260; // pixels below the button that need no better place

export function useFloating(
  button: { current: HTMLElement | null },
  list: { current: HTMLElement | null },
  open: boolean,
  side: "start" | "end",
): void {
  useLayoutEffect(() => {
    const anchor = button.current;
    const floating = list.current;
    if (!open || !anchor || !floating) return;
    floating.showPopover?.();
    const place = () => {
      const at = anchor.getBoundingClientRect();
      const below = innerHeight - at.bottom;
      const up = below < ENOUGH && at.top > below;
      const { style } = floating;
      style.maxHeight = `${Math.min(420, (up ? at.top : below) - 3 * GAP)}px`;
      style.top = up ? "auto" : `${at.bottom + GAP}px`;
      style.bottom = up ? `${innerHeight - at.top + GAP}px` : "auto";
      const width = floating.offsetWidth;
      const left = side === "start" ? at.left : at.right - width;
      style.left = `${Math.max(8, Math.min(left, innerWidth - width - 8))}px`;
    };
    place();
    addEventListener("resize", place);
    return () => removeEventListener("resize", place);
  }, [open]);
}
