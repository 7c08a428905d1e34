import { useEffect, useRef, useState } from "preact/hooks";

/** A formula as MathML. The converter comes with the first one; until then, and where it fails, its source is shown. */
export function Formula({ tex, block }: { tex: string; block: boolean }) {
  const place = useRef<HTMLSpanElement>(null);
  const [drawn, setDrawn] = useState(false);
  useEffect(() => {
    let current = true;
    void import("../lib/maths").then(
      ({ draw }) => current && place.current && setDrawn(draw(tex, place.current, block)),
      () => {},
    );
    return () => {
      current = false;
    };
  }, [tex, block]);
  return (
    <span class={block ? "formula block" : "formula"}>
      {!drawn && <code>{tex}</code>}
      <span ref={place} hidden={!drawn} />
    </span>
  );
}
