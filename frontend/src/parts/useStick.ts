/** A column that follows its end while the reader is there. */
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { Stick } from "../lib/stick";

/** `id` names what is shown, `sent` changes with what its reader sends. */
export function useStick(id: string, sent: number) {
  const box = useRef<HTMLDivElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const [away, setAway] = useState(false);
  const stick = useMemo(() => new Stick(), [id]);

  const toEnd = () => {
    const element = box.current;
    if (!element) return;
    stick.held = true;
    element.scrollTop = element.scrollHeight;
    stick.wrote(placeOf(element));
    setAway(false);
  };
  // What is new in a conversation is what its reader just sent, or opened.
  useLayoutEffect(toEnd, [id, sent]);

  /** Whatever has become of what is around it, an element is where it was: so far below the top of the window. */
  const stay = (element: Element, top: number) => {
    const scrolled = box.current;
    if (!scrolled) return;
    stick.released();
    scrolled.scrollTop += element.getBoundingClientRect().top - top;
    setAway(!stick.scrolled(placeOf(scrolled)));
  };

  useEffect(() => {
    const element = box.current;
    const inner = content.current;
    if (!element || !inner) return;
    const release = () => stick.released();
    const onWheel = (event: WheelEvent) => event.deltaY < 0 && release();
    let touchedAt = 0;
    const onTouchStart = (event: TouchEvent) => {
      touchedAt = event.touches[0]?.clientY ?? 0;
    };
    const onTouchMove = (event: TouchEvent) => (event.touches[0]?.clientY ?? 0) > touchedAt + 4 && release();
    const onKey = (event: KeyboardEvent) => {
      const typing = (event.target as HTMLElement).closest("textarea, input");
      if (!typing && ["PageUp", "ArrowUp", "Home"].includes(event.key)) release();
    };
    const onScroll = () => setAway(!stick.scrolled(placeOf(element)));
    const watch = new ResizeObserver(() => {
      if (stick.held) toEnd();
    });
    watch.observe(inner);
    watch.observe(element);
    const options = { passive: true };
    element.addEventListener("scroll", onScroll, options);
    element.addEventListener("wheel", onWheel, options);
    element.addEventListener("touchstart", onTouchStart, options);
    element.addEventListener("touchmove", onTouchMove, options);
    element.addEventListener("keydown", onKey);
    return () => {
      watch.disconnect();
      element.removeEventListener("scroll", onScroll);
      element.removeEventListener("wheel", onWheel);
      element.removeEventListener("touchstart", onTouchStart);
      element.removeEventListener("touchmove", onTouchMove);
      element.removeEventListener("keydown", onKey);
    };
  }, [stick]);

  return { box, content, away, toEnd, stay };
}

function placeOf(element: HTMLElement) {
  return { top: element.scrollTop, height: element.scrollHeight, view: element.clientHeight };
}
