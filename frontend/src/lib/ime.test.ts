import { expect, test } from "vitest";
import { Composition } from "./ime";

const enter = (isComposing: boolean, keyCode = 13) => ({ isComposing, keyCode });

test("Enter belongs to the input method while it composes, and shortly after in Safari", () => {
  const composition = new Composition();
  expect(composition.holds(enter(false), 0)).toBe(false);
  composition.start();
  expect(composition.holds(enter(false), 5)).toBe(true);
  composition.end(10);
  expect(composition.holds(enter(false, 229), 20)).toBe(true);
  expect(composition.holds(enter(false, 229), 500)).toBe(false);
  expect(composition.holds(enter(true), 500)).toBe(true);
});
