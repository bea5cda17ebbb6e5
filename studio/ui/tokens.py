"""The look in numbers: one frozen set of colours and measures per scheme, from which everything else is derived."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Scheme = Literal["dark", "light"]


@dataclass(frozen=True, slots=True)
class Tokens:
    """Colours (`#rrggbb`) and measures (device-independent px) of one scheme.

    Backgrounds, from the outside in: `canvas` (behind the picture), `window`, `panel`, `raised` (buttons), `hover` and
    `pressed` (buttons under the hand), `field` (where one types). All are neutral greys, so that no tint sways the eye
    that judges a picture's colours; `accent` is the only colour that means "yours to act on".
    """

    scheme: Scheme
    canvas: str
    window: str
    panel: str
    raised: str
    hover: str
    pressed: str
    field: str
    border: str
    outline: str
    groove: str
    handle: str
    text: str
    text_muted: str
    text_disabled: str
    accent: str
    accent_hover: str
    accent_soft: str
    on_accent: str
    focus: str
    warning: str
    error: str

    unit: int = 8
    gap: int = 8
    margin: int = 16
    radius: int = 4
    row: int = 24
    control: int = 32
    icon: int = 18
    text_size: int = 13
    title_size: int = 16
    small_size: int = 11

    def text_pairs(self) -> Iterator[tuple[str, str]]:
        """Yield every pair of token names (text, background) that the studio shows; all must be easy to read."""
        surfaces = ("canvas", "window", "panel", "raised", "hover", "pressed", "field", "accent_soft")
        yield from (("text", surface) for surface in surfaces)
        yield from (("text_muted", surface) for surface in ("canvas", "window", "panel", "raised", "field"))
        yield from (("text_disabled", surface) for surface in ("window", "panel", "field"))
        yield from (("accent", surface) for surface in ("window", "panel"))
        yield from (("on_accent", surface) for surface in ("accent", "accent_hover"))
        yield from ((kind, surface) for kind in ("warning", "error") for surface in ("window", "panel", "raised"))

    def mark_pairs(self) -> Iterator[tuple[str, str]]:
        """Yield pairs (mark, background) that carry meaning without being text: handles, focus rings, bars."""
        yield from (("focus", surface) for surface in ("canvas", "window", "panel", "raised", "field"))
        yield from (("handle", surface) for surface in ("groove", "window", "panel"))
        yield from (("accent", surface) for surface in ("groove", "field"))
        yield from (("outline", surface) for surface in ("window", "panel", "field"))


DARK = Tokens(
    scheme="dark",
    canvas="#1a1a1a",
    window="#232323",
    panel="#282828",
    raised="#343434",
    hover="#3e3e3e",
    pressed="#2e2e2e",
    field="#1d1d1d",
    border="#3a3a3a",
    outline="#797979",
    groove="#474747",
    handle="#c4c4c4",
    text="#d2d2d2",
    text_muted="#a8a8a8",
    text_disabled="#8e8e8e",
    accent="#6fa8dc",
    accent_hover="#86b7e3",
    accent_soft="#2f3f4d",
    on_accent="#10171d",
    focus="#6fa8dc",
    warning="#dfb15b",
    error="#ef8b80",
)

LIGHT = Tokens(
    scheme="light",
    canvas="#c9c9c9",
    window="#dedede",
    panel="#e8e8e8",
    raised="#f4f4f4",
    hover="#ffffff",
    pressed="#dadada",
    field="#f7f7f7",
    border="#c2c2c2",
    outline="#747474",
    groove="#b9b9b9",
    handle="#464646",
    text="#1c1c1c",
    text_muted="#484848",
    text_disabled="#606060",
    accent="#1c5c99",
    accent_hover="#174d80",
    accent_soft="#c9dcee",
    on_accent="#ffffff",
    focus="#1c5c99",
    warning="#7a4f00",
    error="#a3271b",
)


def contrast(first: str, second: str) -> float:
    """Return the contrast ratio of two colours, 1–21 (WCAG 2.1, "contrast ratio")."""
    lighter, darker = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    channels = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
