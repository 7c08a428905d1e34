import { useLayoutEffect, useRef, useState } from "preact/hooks";

/** The width of an element in whole pixels, as it changes: what is drawn to it has lines and letters of one size. */
export function useWidth<E extends HTMLElement>(otherwise: number) {
  const ref = useRef<E>(null);
  const [width, setWidth] = useState(otherwise);
  useLayoutEffect(() => {
    const element = ref.current;
    if (!element) return;
    const look = () => setWidth(Math.max(160, Math.floor(element.clientWidth)));
    look();
    const observer = new ResizeObserver(look);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return [ref, width] as const;
}
