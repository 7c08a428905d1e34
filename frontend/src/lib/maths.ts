/** TeX → MathML elements. Loaded with the first formula. */
import temml from "temml";

/** Draw a formula into an element; false where it cannot be read. */
export function draw(tex: string, place: HTMLElement, block: boolean): boolean {
  if (tex.length > 10_000) return false;
  try {
    temml.render(tex, place, { displayMode: block, throwOnError: true, trust: false, maxExpand: 200 });
    return true;
  } catch {
    return false;
  }
}
