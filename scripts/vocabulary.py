"""Write the vocabulary that token counts are estimated with: Anthropic's own published tokenizer, packed.

Run it after `npm ci`; the result is the same for the same package. One token a line, in base64, in the order of their ranks.
"""

from __future__ import annotations

import gzip
import json
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "node_modules" / "@anthropic-ai" / "tokenizer"
TARGET = ROOT / "core" / "kiro2chat_core" / "vocabulary"


def main() -> None:
    published = json.loads((SOURCE / "claude.json").read_text(encoding="utf-8"))
    _mark, first_rank, *tokens = published["bpe_ranks"].split(" ")
    assert int(first_rank) == len(published["special_tokens"])
    TARGET.mkdir(exist_ok=True)
    (TARGET / "claude.txt.gz").write_bytes(gzip.compress("\n".join(tokens).encode("ascii"), 9, mtime=0))
    (TARGET / "LICENSE").write_text((SOURCE / "LICENSE").read_text(encoding="utf-8"), encoding="utf-8")
    print(f"{len(tokens)} tokens; pattern: {published['pat_str']}")


if __name__ == "__main__":
    main()
