"""The few colours a canvas needs, derived from the theme's tokens."""

from dataclasses import dataclass
from typing import Self

from studio.ui.tokens import Tokens

INK, PLATE = "#f2f2f2", "#141414"
"""What lies upon the picture is the same in every theme, because photos are not lighter in a light window."""


@dataclass(frozen=True, slots=True)
class CanvasColours:
    """Colours of one scheme: of what surrounds the picture, which follows the theme."""

    surround: str
    check_light: str
    check_dark: str
    accent: str
    refused: str
    text: str
    text_muted: str

    @classmethod
    def of(cls, tokens: Tokens) -> Self:
        """Choose from the tokens of a scheme."""
        dark = tokens.scheme == "dark"
        return cls(
            surround=tokens.canvas,
            check_light="#6a6a6a" if dark else "#f4f4f4",
            check_dark="#585858" if dark else "#d6d6d6",
            accent=tokens.accent,
            refused=tokens.error,
            text=tokens.text,
            text_muted=tokens.text_muted,
        )
