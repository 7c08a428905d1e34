/** The last finished sentence of a growing text, for screen readers: a whole answer would be read again and again. */
export function spoken(text: string): string {
  const tail = text.slice(-600);
  const ends = [...tail.matchAll(/[.!?。！？](?=\s|$|[\u3400-\u9fff])|\n/g)].map(({ index }) => index + 1);
  const end = ends.at(-1);
  if (end === undefined) return "";
  return tail
    .slice(ends.at(-2) ?? 0, end)
    .replace(/[*_`#>|]/g, "")
    .trim();
}
