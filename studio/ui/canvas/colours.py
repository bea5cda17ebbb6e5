"""The few colours a canvas needs, derived from the theme's tokens."""

from dataclasses import dataclass
from typing import Self

from studio.ui.tokens import Tokens


@dataclass(frozen=True, slots=True)
class CanvasColours:
    """Colours of one scheme.

    What surrounds the picture follows the theme; what lies upon it (`ink` on `plate`) is the same in every theme,
    because photos are not lighter in a light window.
    """

    surround: str
    check_light: str
    check_dark: str
    accent: str
    refused: str
    text: str
    text_muted: str
    ink: str = "#f2f2f2"
    plate: str = "#141414"

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
