"""What one sets to have a picture translated."""

from typing import ClassVar, Literal

from studio.core.blending import Blending
from studio.core.settings import inherited, setting

__all__ = ["TranslateSettings"]

_OF_DRAWINGS = frozenset({"photo_below", "drawn_at"})
_OF_PICTURES = frozenset(Blending.model_fields)


class TranslateSettings(Blending):
    """The settings of the translate job."""

    leading: ClassVar[tuple[str, ...]] = ("mode", "model", "direction", "strength")

    mode: Literal["photo", "draw"] = setting(
        "photo", label="What", help="A picture as it is, or what is drawn over it, or on a blank sheet.",
        term="what goes into the generator", choices={"photo": "Photo", "draw": "Draw"})  # fmt: skip
    model: str = setting(
        "", label="Pair", help="The pair of worlds: one that you have trained, or other people's generator.",
        term="a name, a weights file or a run", offers="translator", choices={"": "None"})  # fmt: skip
    direction: Literal["AtoB", "BtoA"] = setting(
        "AtoB", label="Direction", help="From the first world to the second, or back.", term="which generator",
        choices={"AtoB": "A → B", "BtoA": "B → A"})  # fmt: skip
    code: int = setting(
        0, label="Answer", help="Of a pair that knows many answers: which of them; 0 is their middle.",
        term="seed of the style code; experimental", low=0, high=2**31 - 1, step=1, look=False)  # fmt: skip

    strength: float = inherited(Blending, "strength", 1.0)

    photo_below: float = setting(
        0.35, label="Photo below", help="How much of the picture shows below the drawing: 0 is white paper.",
        term="opacity of what is drawn on", low=0.0, high=1.0, step=0.05)  # fmt: skip
    drawn_at: int = setting(
        0, label="Painted at", help="How large a drawing is painted: at the size that the pair learnt at, it does as "
        "it learnt; larger has finer strokes and takes longer.", term="longer side", low=0, high=4096, step=32,
        unit="px", lowest="as it learnt")  # fmt: skip

    @property
    def draws(self) -> bool:
        """Whether a drawing is painted, rather than a picture as it is."""
        return self.mode == "draw"

    @property
    def idle(self) -> frozenset[str]:
        """A drawing is painted, and nothing laid over anything; a photo has no paper."""
        return _OF_PICTURES if self.draws else _OF_DRAWINGS

    @property
    def opacity(self) -> float:
        """How much of the result covers the picture: of a drawing all."""
        return 1.0 if self.draws else super().opacity

    @property
    def is_neutral(self) -> bool:
        """True when the composition is the result itself: always of a drawing."""
        return self.draws or super().is_neutral
