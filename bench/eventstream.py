"""How the frame decoder does: against botocore's on the same bytes, and against itself on twice as many.

Run `.venv/bin/python bench/eventstream.py`. It prints ratios, which travel between machines better than seconds do.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator

from botocore.eventstream import EventStreamBuffer

from kiro2chat_core.kiro.eventstream import Decoder, Frame, encode

HEADERS = {":event-type": "assistantResponseEvent", ":content-type": "application/json", ":message-type": "event"}


def stream(frames: int, payload: int) -> bytes:
    return encode(Frame(HEADERS, b'{"content":"' + b"x" * payload + b'"}')) * frames


def ours(data: bytes, piece: int) -> int:
    decoder = Decoder()
    count = sum(len(decoder.feed(part)) for part in pieces(data, piece))
    decoder.finish()
    return count


def botocores(data: bytes, piece: int) -> int:
    buffer, count = EventStreamBuffer(), 0
    for part in pieces(data, piece):
        buffer.add_data(part)
        count += sum(1 for _ in buffer)
    return count


def pieces(data: bytes, size: int) -> Iterator[bytes]:
    return (data[at : at + size] for at in range(0, len(data), size))


def best(work: Callable[[bytes, int], int], data: bytes, piece: int) -> float:
    times = []
    for _ in range(5):
        start = time.perf_counter()
        work(data, piece)
        times.append(time.perf_counter() - start)
    return min(times)


CASES = [
    # name, frames, payload bytes, bytes per read
    ("4000 small frames, 16 KiB reads", 4_000, 12, 16_384),
    ("4000 small frames, one per read", 4_000, 12, len(stream(1, 12))),
    ("500 small frames, 7-byte reads", 500, 12, 7),
    ("one frame of 200 kB, 64-byte reads", 1, 200_000, 64),
]
LINEAR = [
    ("small frames in one read", 20_000, 12, 1 << 30),
    ("small frames, 1-byte reads", 2_000, 12, 1),
    ("one frame of 1 MB, 1-byte reads", 1, 1_000_000, 1),
]


def main() -> None:
    sys.stdout.write("time of botocore's parser / time of ours (above 1: ours is faster)\n")
    for name, frames, payload, piece in CASES:
        data = stream(frames, payload)
        assert ours(data, piece) == botocores(data, piece) == frames
        sys.stdout.write(f"  {name:<40}{best(botocores, data, piece) / best(ours, data, piece):8.1f}\n")
    sys.stdout.write("time of ours for 2N bytes / for N bytes (2.0: linear)\n")
    for name, frames, payload, piece in LINEAR:
        many = (
            (stream(2 * frames, payload), stream(frames, payload))
            if frames > 1
            else (stream(1, 2 * payload), stream(1, payload))
        )
        twice, once = (best(ours, data, piece) for data in many)
        sys.stdout.write(f"  {name:<40}{twice / once:8.1f}\n")


if __name__ == "__main__":
    main()
