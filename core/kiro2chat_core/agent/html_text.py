"""A web page as text: headings, paragraphs, lists and links, without scripts and styles.

A scanner of its own that goes over the page once: the standard library's parser takes minutes over some broken pages of a
megabyte, and nobody says that a page means well. What is not well-formed is read in some way, never refused.
"""

from __future__ import annotations

import html
import re
from urllib.parse import urljoin

__all__ = ["text_of_html"]

_TAG = re.compile(r"(/?)([a-zA-Z][a-zA-Z0-9]*)")
_HREF = re.compile(r"""\bhref\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""", re.IGNORECASE)
_HIDDEN = frozenset({"script", "style", "noscript", "template", "svg", "iframe", "textarea", "select"})
_BLOCKS = frozenset(
    {
        "address", "article", "aside", "blockquote", "body", "dd", "div", "dl", "dt", "fieldset", "figure", "footer", "form",
        "header", "hr", "main", "nav", "ol", "p", "pre", "section", "table", "tbody", "thead", "ul",
    }
)  # fmt: skip
_BEFORE = {"br": "\n", "tr": "\n", "li": "\n- ", "td": " | ", "th": " | ", "title": "\n\n"} | {
    f"h{level}": f"\n\n{'#' * level} " for level in range(1, 7)
}
_AFTER = {f"h{level}": "\n\n" for level in range(1, 7)} | {"title": "\n\n"}
_SPACES = re.compile(r"\s+")
_LEADING = re.compile(r"^ (?! )")
_MAX_TAG = 4000
_MAX_HREF = 500


def text_of_html(page: str, base: str = "") -> str:
    """The text of a page; links stand behind their words, made whole with `base`, the page's address."""
    pieces: list[str] = []
    href = ""
    verbatim = False
    place = 0
    while place < len(page):
        start = page.find("<", place)
        if start < 0:
            start = len(page)
        if start > place:
            text = html.unescape(page[place:start])
            pieces.append(text if verbatim else _SPACES.sub(" ", text))
        if start == len(page):
            break
        place, name, closing, attributes = _tag(page, start)
        if name == "<":
            pieces.append(name)
        elif name == "title" and not closing:
            pieces.append("# ")
        elif name == "head":
            continue
        elif name in _HIDDEN and not closing:
            place = _behind(page, place, name)
        elif name == "a":
            pieces.append(f" ({href})" if closing and href else "")
            href = "" if closing else _link(attributes, base)
        else:
            verbatim = not closing if name == "pre" else verbatim
            pieces.append(_mark(name, closing))
    return _tidy("".join(pieces))


def _tag(page: str, start: int) -> tuple[int, str, bool, str]:
    """Where the text goes on, the tag's name in small letters, whether it closes, and its attributes.

    The name is "" for a comment, and `<` for one that stands by itself.
    """
    if page.startswith("<!--", start):
        end = page.find("-->", start + 4)
        return (len(page) if end < 0 else end + 3), "", False, ""
    match = _TAG.match(page, start + 1)
    if match is None and not page.startswith(("<!", "<?"), start):
        return start + 1, "<", False, ""
    end = page.find(">", start, start + _MAX_TAG)
    if end < 0:
        end = min(start + _MAX_TAG, len(page)) - 1
    if match is None:
        return end + 1, "", False, ""
    return end + 1, match[2].lower(), bool(match[1]), page[match.end() : end]


def _behind(page: str, place: int, name: str) -> int:
    """Behind the end of an element whose content is not shown; the rest of the page where it has none."""
    closed = re.compile(rf"</{name}\b[^<>]{{0,100}}>?", re.IGNORECASE).search(page, place)
    return closed.end() if closed else len(page)


def _link(attributes: str, base: str) -> str:
    found = _HREF.search(attributes)
    href = html.unescape(next((each for each in found.groups() if each), "")).strip() if found else ""
    if not href or href.lower().startswith(("#", "javascript:", "data:")) or len(href) > _MAX_HREF:
        return ""
    try:
        return urljoin(base, href)
    except ValueError:
        return ""


def _mark(name: str, closing: bool) -> str:
    if name in _BLOCKS:
        return "\n\n"
    return (_AFTER if closing else _BEFORE).get(name, "")


def _tidy(text: str) -> str:
    lines = [_LEADING.sub("", line.rstrip()) for line in text.split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(line for line in lines if line != "-")).strip()
