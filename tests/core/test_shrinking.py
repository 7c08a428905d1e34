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
from PIL import ImageOps
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


@pytest.mark.parametrize("size", [(90, 60), (360, 240)], ids=["scaled", "opened smaller and scaled"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_is_set_upright(orientation: int, size: tuple[int, int]) -> None:
    made = pillow.new("RGB", size, "white")
    made.paste("red", (0, 0, size[0] // 2, size[1] // 2))
    exif = made.getexif()
    exif[0x0112] = orientation
    buffer = io.BytesIO()
    made.save(buffer, "PNG", exif=exif)
    upright = ImageOps.exif_transpose(pillow.open(buffer))
    small = opened(fitted(from_bytes(buffer.getvalue(), FIELD), Limits(longest=60), FIELD))
    assert max(small.size) == 60
    expected = upright.resize(small.size)
    for place in ((10, 10), (small.width - 10, 10), (10, small.height - 10)):
        assert small.getpixel(place) == expected.getpixel(place)


def exif(tag: int, kind: int, value: bytes) -> bytes:
    """Orientation 6, and one more field of four bytes."""
    turned, broken = struct.pack("<HHI4s", 0x0112, 3, 1, b"\6\0\0\0"), struct.pack("<HHI4s", tag, kind, 1, value)
    return b"Exif\0\0II*\0" + struct.pack("<IH", 8, 2) + turned + broken + bytes(4)


FLAWS = {
    "a text where a number belongs": exif(0x0128, 2, b"x\0\0\0"),
    "a number where a text belongs": exif(0x8298, 11, b"\1\2\3\4"),
    "half of it": exif(0x0128, 3, b"\1\0\0\0")[:-9],
}


@pytest.mark.parametrize("flawed", FLAWS.values(), ids=FLAWS)
def test_flaws_of_exif_do_not_keep_a_photograph_from_being_scaled(flawed: bytes) -> None:
    """Python's warnings are errors here, as they are in every test."""
    small = opened(fitted(picture(900, 90, "RGB", "JPEG", exif=flawed), Limits(longest=300), FIELD))
    assert small.size == (30, 300)


def test_an_animation_becomes_its_first_frame() -> None:
    frames = [pillow.new("P", (9000, 10), color) for color in (0, 1)]
    buffer = io.BytesIO()
    frames[0].save(buffer, "GIF", save_all=True, append_images=frames[1:])
    small = opened(fitted(from_bytes(buffer.getvalue(), FIELD), Limits(), FIELD))
    assert (small.size[0], small.format) == (8000, "PNG")


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def hollow(side: int) -> bytes:
    """A PNG of a few bytes that says it has this many pixels a side."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")


def test_a_few_bytes_that_unpack_to_gigabytes_are_refused_by_their_name() -> None:
    with pytest.raises(BadRequest) as refused:
        fitted(from_bytes(hollow(50_000), FIELD), Limits(), FIELD, "Image 2 of 3")
    assert refused.value.field == FIELD
    assert refused.value.message == f"Image 2 of 3 in {FIELD} has 50000 x 50000 pixels, too many to scale down."


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
    assert abs(small.size[0] - width * scale) < 1.5  # rounded twice
    assert abs(small.size[1] - height * scale) < 1.5  # rounded twice


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


SOUND = [base64.b64decode(picture(120, 90, *form, noise=form[0] in ("RGB", "L")).data) for form in FORMS]


@settings(max_examples=400, deadline=None)
@given(
    st.sampled_from(SOUND),
    st.lists(st.tuples(st.integers(4, 600), st.integers(0, 4), st.binary(max_size=6)), min_size=1, max_size=6),
    st.sampled_from([Limits(longest=50), Limits(heaviest=3000)]),
)
def test_damaged_pictures_are_scaled_or_left_or_refused(
    sound: bytes, damages: list[tuple[int, int, bytes]], bounds: Limits
) -> None:
    data = sound
    for at, gone, new in damages:
        data = data[:at] + new + data[at + gone :]
    if image_format(data[:12]) is None:
        return
    image = from_bytes(data, FIELD)
    try:
        small = fitted(image, bounds, FIELD)
    except BadRequest as refused:
        assert refused.field == FIELD  # noqa: PT017 - either is right
        return
    if small is not image:
        assert max(opened(small).size) <= bounds.longest
        assert len(small.data) <= bounds.heaviest


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
