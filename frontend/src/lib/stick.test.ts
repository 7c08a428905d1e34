import { expect, test } from "vitest";
import { Stick } from "./stick";

const at = (top: number, height = 2000) => ({ top, height, view: 500 });

test("it follows until the reader moves up, and again once they are back at the end", () => {
  const stick = new Stick();
  stick.wrote(at(1500));
  expect(stick.scrolled(at(1500))).toBe(true);
  stick.released();
  expect(stick.scrolled(at(1300))).toBe(false);
  expect(stick.scrolled(at(1400))).toBe(false);
  expect(stick.scrolled(at(1470))).toBe(true);
});

test("a small move up near the end lets go too", () => {
  const stick = new Stick();
  stick.wrote(at(1500));
  expect(stick.scrolled(at(1480))).toBe(false);
});

test("what shrinks above the reader, or a window that changes, is no move of theirs", () => {
  const stick = new Stick();
  stick.wrote(at(1500));
  expect(stick.scrolled(at(1300, 1800))).toBe(true);
});
