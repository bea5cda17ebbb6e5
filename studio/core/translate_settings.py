"""What one sets to have a picture translated."""

from typing import ClassVar, Literal

from studio.core.blending import Blending
from studio.core.settings import inherited, setting

__all__ = ["TranslateSettings"]


class TranslateSettings(Blending):
    """The settings of the translate job."""

    leading: ClassVar[tuple[str, ...]] = ("model", "direction", "strength")

    model: str = setting(
        "", label="Pair", help="The pair of worlds: one that you have trained, or other people's generator.",
        term="a name, a weights file or a finished run", offers="translator", choices={"": "None"})  # fmt: skip
    direction: Literal["AtoB", "BtoA"] = setting(
        "AtoB", label="Direction", help="From the first world to the second, or back.", term="which generator",
        choices={"AtoB": "A → B", "BtoA": "B → A"})  # fmt: skip
    code: int = setting(
        0, label="Answer", help="Of a pair that knows many answers: which of them; 0 is their middle.",
        term="seed of the style code; experimental", low=0, high=2**31 - 1, step=1, look=False)  # fmt: skip

    strength: float = inherited(Blending, "strength", 1.0)
