import { expect, test } from "vitest";
import { type Piece, plainly } from "./plainly";

const said = (pieces: Piece[]) =>
  pieces.map((piece) => (piece.kind === "empty" ? `(${piece.lines})` : piece.text)).join("|");

test.each([
  ["echo hi", "echo hi"],
  ["a\n\n\nb\tc", "a\n\n\nb\tc"],
  [`echo hi${"\n".repeat(61)}rm -rf ~`, "echo hi|(60)|rm -rf ~"],
  [`a\n${" \t\r\n".repeat(9)}b`, "a|(9)|b"],
  [`${"\n".repeat(5)}a${"\n".repeat(5)}`, "(5)|a|(5)"],
  ["rm \u202etxt.exe\u202c", "rm |⟨U+202E⟩|txt.exe|⟨U+202C⟩"],
  ["a\u200bb\u2066c\ufeff", "a|⟨U+200B⟩|b|⟨U+2066⟩|c|⟨U+FEFF⟩"],
  ["a\u001b[2Kb\rc\u0000", "a|⟨U+001B⟩|[2Kb|⟨U+000D⟩|c|⟨U+0000⟩"],
  ["a\u00a0b\u3000c\u3164d\u2800", "a|⟨U+00A0⟩|b\u3000c|⟨U+3164⟩|d|⟨U+2800⟩"],
  ["a\u{e0041}b", "a|⟨U+E0041⟩|b"],
  ["删除 مرحبا 🙂", "删除 مرحبا 🙂"],
])("%j", (text, pieces) => {
  expect(said(plainly(text))).toBe(pieces);
});
