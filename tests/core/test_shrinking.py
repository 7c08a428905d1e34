"""Large images are scaled down until they fit; all others stay as they are, byte by byte."""

from __future__ import annotations

import base64
import io
import random
import struct
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as pillow
from tests.openai_bodies import GIF, JPEG, PIXEL, WEBP

from kiro2chat_core.errors import BadRequest
from kiro2chat_core.images import MAX_CHARS, from_bytes, image_format
from kiro2chat_core.shrinking import Limits, fitted, limits
from kiro2chat_core.turns import Image

FIELD = "messages[0]"


def picture(
    width: int, height: int, mode: str = "RGB", kind: str = "PNG", *, noise: bool = False, **options: object
) -> Image:
    made = pillow.new(mode, (width, height))
    if noise:
        made.frombytes(random.Random(width).randbytes(width * height * len(mode)))
    buffer = io.BytesIO()
    made.save(buffer, kind, **options)
    return from_bytes(buffer.getvalue(), FIELD)


def opened(image: Image) -> pillow.Image:
    data = base64.b64decode(image.data)
    assert image_format(data[:12]) == image.format
    assert len(image.data) <= MAX_CHARS
    found = pillow.open(io.BytesIO(data))
    found.load()
    return found


@pytest.mark.parametrize("data", [PIXEL, GIF, JPEG, WEBP])
def test_what_fits_stays_as_it_is(data: str) -> None:
    image = from_bytes(base64.b64decode(data), FIELD)
    assert fitted(image, Limits(), FIELD) is image


def test_at_the_limit_an_image_stays_and_beyond_it_is_scaled() -> None:
    at, beyond = picture(2000, 10), picture(2000 + 1, 10)
    assert fitted(at, Limits(longest=2000), FIELD) is at
    assert opened(fitted(beyond, Limits(longest=2000), FIELD)).size == (2000, 10)


HEAVY = {
    "a photograph": ("RGB", "JPEG", {"quality": 100, "subsampling": 0}, "jpeg"),
    "a drawing": ("RGB", "PNG", {}, "jpeg"),
    "a drawing with holes": ("RGBA", "PNG", {}, "png"),
    "shades": ("L", "PNG", {}, "jpeg"),
}


@pytest.mark.parametrize(("mode", "kind", "options", "becomes"), HEAVY.values(), ids=HEAVY)
def test_heavy_images_become_lighter(mode: str, kind: str, options: dict[str, object], becomes: str) -> None:
    heavy = picture(2600, 2000, mode, kind, noise=True, **options)
    assert len(heavy.data) > MAX_CHARS
    light = fitted(heavy, Limits(), FIELD)
    assert light.format == becomes
    width, height = opened(light).size
    assert abs(width / height - 1.3) < 0.01
    assert width >= 1000


def test_holes_stay_holes() -> None:
    made = pillow.new("RGBA", (9000, 20), (0, 0, 0, 0))
    buffer = io.BytesIO()
    made.save(buffer, "PNG")
    small = opened(fitted(from_bytes(buffer.getvalue(), FIELD), Limits(), FIELD))
    assert (small.mode, small.size[0], small.getpixel((5, 5))) == ("RGBA", 8000, (0, 0, 0, 0))


def test_a_photograph_on_its_side_is_set_upright() -> None:
    made = pillow.new("RGB", (9000, 100))
    exif = made.getexif()
    exif[0x0112] = 6
    buffer = io.BytesIO()
    made.save(buffer, "JPEG", exif=exif)
    assert opened(fitted(from_bytes(buffer.getvalue(), FIELD), Limits(), FIELD)).size[1] == 8000


def test_an_animation_becomes_its_first_frame() -> None:
    frames = [pillow.new("P", (9000, 10), color) for color in (0, 1)]
    buffer = io.BytesIO()
    frames[0].save(buffer, "GIF", save_all=True, append_images=frames[1:])
    small = opened(fitted(from_bytes(buffer.getvalue(), FIELD), Limits(), FIELD))
    assert (small.size[0], small.format) == (8000, "PNG")


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def test_a_few_bytes_that_unpack_to_gigabytes_are_refused() -> None:
    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    bomb = (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    )
    with pytest.raises(BadRequest, match="60000 x 60000 pixels") as refused:
        fitted(from_bytes(bomb, FIELD), Limits(), FIELD)
    assert refused.value.field == FIELD


def test_what_is_too_heavy_and_broken_is_refused() -> None:
    heavy = base64.b64decode(picture(2600, 2000, noise=True).data)
    with pytest.raises(BadRequest, match="too broken") as refused:
        fitted(from_bytes(heavy[: len(heavy) - 400_000], FIELD), Limits(), FIELD)
    assert refused.value.field == FIELD


FORMS = [("RGB", "PNG"), ("L", "JPEG"), ("RGBA", "WEBP"), ("P", "GIF"), ("1", "PNG"), ("I;16", "PNG"), ("CMYK", "JPEG")]


@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, 2500),
    st.integers(1, 2500),
    st.sampled_from(FORMS),
    st.sampled_from([500, 2000]),
)  # fmt: skip
def test_any_picture_comes_out_within_the_limits(width: int, height: int, form: tuple[str, str], longest: int) -> None:
    small = opened(fitted(picture(width, height, *form), Limits(longest=longest), FIELD))
    assert max(small.size) <= longest
    scale = min(1, longest / max(width, height))
    assert abs(small.size[0] - width * scale) <= 1
    assert abs(small.size[1] - height * scale) <= 1


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from([b"\x89PNG\r\n\x1a\n", b"GIF89a", b"\xff\xd8\xff\xe0", b"RIFF\x20\0\0\0WEBPVP8X"]),
    st.binary(max_size=80),
)
def test_broken_light_images_are_left_to_the_model(head: bytes, rest: bytes) -> None:
    image = from_bytes(head + rest, FIELD)
    try:
        assert fitted(image, Limits(), FIELD).data
    except BadRequest as refused:
        assert "pixels" in refused.message  # noqa: PT017 - either is right


TOTALS: dict[str, tuple[list[int], int, Limits]] = {
    "none": ([], 100_000, Limits()),
    "all fit": ([10, 20, 30], 100_000, Limits()),
    "a heavy one": ([10, 200_000], 100_010, Limits(100_000)),
    "two heavy ones": ([10, 200_000, 200_000], 200_010, Limits(100_000)),
    "all heavy": ([90_000, 90_000], 100_000, Limits(50_000)),
    "far too many": ([90_000] * 100, 100_000, Limits(20_000, 2000)),
    "heavier than any may be": ([9_000_000], 8_000_000, Limits()),
    "many": ([1] * 21, 100_000, Limits(longest=2000)),
}


@pytest.mark.parametrize(("sizes", "total", "told"), TOTALS.values(), ids=TOTALS)
def test_limits_of_a_request(sizes: list[int], total: int, told: Limits) -> None:
    assert limits(sizes, total=total) == told
    assert limits(sizes[::-1], total=total) == told


@given(st.lists(st.integers(1, 10_000_000), max_size=40))
def test_within_their_limits_all_images_fit_together(sizes: list[int]) -> None:
    assert sum(min(size, limits(sizes, total=3_000_000).heaviest) for size in sizes) <= 3_000_000


def test_an_image_is_held_to_its_share() -> None:
    light = fitted(picture(1200, 900, noise=True), Limits(100_000), FIELD)
    assert len(light.data) <= 100_000
    assert opened(light).size[0] >= 200


def test_a_screenshot_that_only_says_it_is_transparent_is_treated_as_what_it_is() -> None:
    """macOS and browsers save opaque pictures as RGBA."""
    noise = picture(2600, 2000, "RGB", noise=True)
    opaque = pillow.open(io.BytesIO(base64.b64decode(noise.data))).convert("RGBA")
    buffer = io.BytesIO()
    opaque.save(buffer, "PNG")
    light = fitted(from_bytes(buffer.getvalue(), FIELD), Limits(), FIELD)
    assert (light.format, opened(light).size[0]) == ("jpeg", 2600)
