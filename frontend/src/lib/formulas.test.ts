import { expect, test } from "vitest";
import { parse } from "./markup";

function formulasIn(text: string): string[] {
  const tokens = parse(text).flatMap(({ children }) => children ?? []);
  return tokens.filter(({ type }) => type === "formula").map(({ content }) => content);
}

test.each([
  ["the $n$th element", ["n"]],
  ["all $k$s and $n_i$s", ["k", "n_i"]],
  ["2$x$", ["x"]],
  ["the $2n$th, the $2^k$th and the $(n-1)$th", ["2n", "2^k", "(n-1)"]],
  ["$\\alpha$s, $n!$s and $x^*$s", ["\\alpha", "n!", "x^*"]],
  ["so $HOME$ and $sin x$ stand alone", ["HOME", "sin x"]],
])("%j has formulas", (text, formulas) => {
  expect(formulasIn(text)).toEqual(formulas);
});

test.each([
  "PATH=$HOME/bin:$PATH",
  "$SRC/$DST",
  "$src/$dst",
  "$i<$n",
  "$FOO$BAR",
  "costs $5 and $10",
  "$5/$10, $5-$10 and $1,000.50/$2",
  "US$3 and CA$4, 10$, US$3-$4",
  "5$-10$, 5$/10$ and 5$(US$5)",
])("%j has none", (text) => {
  expect(formulasIn(text)).toEqual([]);
});
