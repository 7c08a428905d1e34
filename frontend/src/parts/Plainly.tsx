import type { Piece } from "../lib/plainly";
import { t } from "../lib/words/agent";

/** A text of which nothing is out of sight: what has no look of its own is a mark, and emptiness is told. */
export function Plainly({ pieces }: { pieces: Piece[] }) {
  return (
    <>
      {pieces.map((piece, at) =>
        piece.kind === "text" ? (
          piece.text
        ) : piece.kind === "mark" ? (
          <mark key={at} class="hidden-mark">
            {piece.text}
          </mark>
        ) : (
          <span key={at} class="empty-lines">
            {t("emptyLines", { count: piece.lines })}
          </span>
        ),
      )}
    </>
  );
}
