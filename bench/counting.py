"""Estimates of tokens against reference tokenizers, on English, Chinese and code; and what counting costs.

The reference is the tokenizer that Anthropic published: the estimate must be within 10 % of it. OpenAI's are shown beside it.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

from kiro2chat_core import tokenizer
from kiro2chat_core.counting import Counter

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
SAMPLES = {
    "English": (ROOT / "docs" / "kiro-protocol.md", ROOT / "README.md"),
    "Chinese": (ROOT / "README.zh-CN.md",),
    "Python": tuple(sorted((ROOT / "core" / "kiro2chat_core" / "kiro").glob("*.py"))),
    "JavaScript": tuple(sorted((ROOT / "tests" / "clients").glob("*.mjs"))),
    "JSON": (ROOT / "package-lock.json",),
}
LIMIT = 0.10


def main() -> int:
    texts = {name: "\n".join(path.read_text(encoding="utf-8") for path in paths) for name, paths in SAMPLES.items()}
    texts["Chinese prose"] = (
        "人工智能是计算机科学的一个分支，它企图了解智能的实质，并生产出一种新的能以人类智能相似的方式做出反应的智能机器。"
        "该领域的研究包括机器人、语言识别、图像识别、自然语言处理和专家系统等。“北京”和“上海”都是大城市；２０２６年！"
    ) * 20
    asked = json.dumps(list(texts.values()))
    told = subprocess.run(["node", str(HERE / "counting.mjs")], input=asked, capture_output=True, text=True, check=True)
    worst = 0.0
    for (name, text), reference in zip(texts.items(), json.loads(told.stdout), strict=True):
        ours = tokenizer.count(text)
        off = ours / reference["anthropic"] - 1
        worst = max(worst, abs(off))
        others = ", ".join(f"{which} {ours / reference[which]:.2f}" for which in ("cl100k", "o200k"))
        print(f"{name}: {ours} tokens, {off:+.1%} off the reference (ratio to {others})")
    print(f"worst: {worst:.1%}; allowed: {LIMIT:.0%}")
    _cost(texts["English"])
    return 0 if worst <= LIMIT else 1


def _cost(text: str) -> None:
    began = time.perf_counter()
    tokenizer.count(text)
    whole = time.perf_counter() - began
    counter = Counter()
    began = time.perf_counter()
    for at in range(0, len(text), 12):
        counter.add(text[at : at + 12])
    pieces = time.perf_counter() - began
    print(f"{len(text.encode()) / whole / 1e6:.1f} MB/s; in pieces of 12 letters {pieces / whole:.1f} times the whole")


if __name__ == "__main__":
    sys.exit(main())
