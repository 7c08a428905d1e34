"""Images within what the models take: large ones are scaled down, all others stay as they are (protocol notes 3.4)."""

from __future__ import annotations

import base64
import io
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from .errors import BadRequest
from .images import MAX_CHARS
from .turns import Image, ImageFormat

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

__all__ = ["Limits", "fitted", "limits", "opened"]

_LONGEST = 8_000
_LONGEST_OF_MANY = 2_000
_MANY = 20

_LIGHTEST = 20_000
"""Characters of base64 that an image is not held below: it would show nothing."""

_PIXELS = 40_000_000
"""Larger ones are refused: a few kilobytes can unpack to any size."""

_JPEG_PIXELS = 250_000_000
"""The same for JPEG, which is opened at a fraction of its size."""

_OPENED = 4_000
"""Pixels a side, and not many more, that huge JPEGs are opened at."""

_SIDES = (8_000, 4_000, 3_000, 2_000, 1_568, 1_024, 768, 512, 256, 128)
_QUALITIES = (90, 80, 65)

_ORIENTATION = 0x0112
_TURNS: Mapping[object, str] = {
    2: "FLIP_LEFT_RIGHT",
    3: "ROTATE_180",
    4: "FLIP_TOP_BOTTOM",
    5: "TRANSPOSE",
    6: "ROTATE_270",
    7: "TRANSVERSE",
    8: "ROTATE_90",
}
"""What sets a picture upright, by its EXIF orientation."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What an image may have: characters of base64, and pixels a side."""

    heaviest: int = MAX_CHARS
    longest: int = _LONGEST


def limits(sizes: Sequence[int], *, total: int) -> Limits:
    """The limits for images of these sizes in one request.

    With more than 20 images the models take smaller ones only; and all together must fit through the backend's door, so the
    heaviest are held to what is left when the lighter ones have had their share.
    """
    longest = _LONGEST_OF_MANY if len(sizes) > _MANY else _LONGEST
    left, heaviest = total, MAX_CHARS
    for count, size in zip(range(len(sizes), 0, -1), sorted(sizes), strict=True):
        if size > left // count:
            heaviest = min(heaviest, max(left // count, _LIGHTEST))
            break
        left -= size
    return Limits(heaviest, longest)


def fitted(image: Image, limits: Limits, field: str, name: str = "An image") -> Image:
    """The image, or one that shows the same within the limits. `name` begins what an error says.

    Raises:
        BadRequest: it is too big and cannot be opened, or too big to be opened; names the field.
    """
    from PIL import Image as pillow

    pillow.MAX_IMAGE_PIXELS = None  # our own limit below says which field it is
    warnings.filterwarnings("ignore", module=r"PIL\.")  # it tells of every flaw of every file
    too_heavy = len(image.data) > limits.heaviest
    try:
        with pillow.open(io.BytesIO(base64.b64decode(image.data))) as picture:
            width, height = picture.size
            if not too_heavy and max(width, height) <= limits.longest:
                return image
            if width * height > (_JPEG_PIXELS if picture.format == "JPEG" else _PIXELS):
                raise BadRequest(
                    f"{name} in {field} has {width} x {height} pixels, too many to scale down.", field=field
                )
            small = _shrunk(picture, limits)
    except BadRequest:
        raise
    except Exception as broken:  # a broken file breaks its reader in every way there is
        if not too_heavy:
            return image  # the models may read what we cannot
        told = f"{name} in {field} is too large to send and too broken to scale down ({type(broken).__name__})."
        raise BadRequest(told, field=field) from None
    if small is None:
        raise BadRequest(f"{name} in {field} cannot be made small enough to send.", field=field)
    return small


def opened(image: Image, limits: Limits, field: str, name: str = "An image") -> Image:
    """As `fitted`, and it can be opened to its end: for pictures that nobody has seen yet.

    Raises:
        BadRequest: as `fitted`, or it is broken.
    """
    from PIL import Image as pillow

    small = fitted(image, limits, field, name)
    if small is image:
        try:
            with pillow.open(io.BytesIO(base64.b64decode(image.data))) as picture:
                picture.load()
        except Exception as broken:  # a broken file breaks its reader in every way there is
            raise BadRequest(f"{name} in {field} is broken ({type(broken).__name__}).", field=field) from None
    return small


def _shrunk(picture: Picture, limits: Limits) -> Image | None:
    flat = picture.format == "JPEG"
    if picture.width * picture.height > _PIXELS:
        picture.draft("RGB", (_OPENED, _OPENED))  # JPEG can be opened smaller than it is
    base = picture if picture.mode in ("RGB", "RGBA", "L") else _plain(picture)
    factor = max(1, min(*base.size, max(base.size) // limits.longest))
    whole = _upright(_plain(base.reduce(factor) if factor > 1 else base), picture)
    clear = whole.mode == "RGBA"
    for side in sorted({min(limits.longest, side) for side in _SIDES}, reverse=True):
        whole.thumbnail((side, side))  # each from the one before: none is kept besides
        for kind, data in _written(whole, clear=clear, flat=flat):
            if len(data) * 4 <= (limits.heaviest - 4) * 3:
                return Image(cast("ImageFormat", kind), base64.b64encode(data).decode("ascii"))
    return None


def _upright(picture: Picture, source: Picture) -> Picture:
    """Pillow's own `exif_transpose` writes all of the EXIF anew, which fails where any of it is broken."""
    from PIL.Image import Transpose

    try:
        turn = _TURNS.get(source.getexif().get(_ORIENTATION))
    except Exception:  # broken EXIF breaks its reader in every way there is; the picture itself may be sound
        return picture
    return picture.transpose(Transpose[turn]) if turn else picture


def _plain(picture: Picture) -> Picture:
    """Three colours, or four where something can be seen through it: most pictures that say so are opaque. An animation is
    its first frame."""
    if not picture.has_transparency_data:
        return picture if picture.mode == "RGB" else picture.convert("RGB")
    whole = picture if picture.mode == "RGBA" else picture.convert("RGBA")
    return whole.convert("RGB") if whole.getchannel("A").getextrema() == (255, 255) else whole


def _written(picture: Picture, *, clear: bool, flat: bool) -> Iterator[tuple[str, bytes]]:
    """From the most faithful to the smallest. Photographs are no use as PNG; what is transparent is none as JPEG."""
    if not flat:
        yield "png", _saved(picture, "PNG", optimize=False)
    if clear:
        return
    for quality in _QUALITIES:
        yield "jpeg", _saved(picture, "JPEG", quality=quality)


def _saved(picture: Picture, kind: str, **options: int) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()
