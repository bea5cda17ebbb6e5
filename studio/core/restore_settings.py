"""What one sets to have a photo mended or enlarged."""

from typing import Literal

from studio.core.blending import Blending
from studio.core.settings import inherited, setting

__all__ = ["AUTOMATIC", "RestoreSettings"]

AUTOMATIC = -0.05
"""Of `denoise`: as much as the photo's own noise asks for."""


class RestoreSettings(Blending):
    """The settings of the restore job.

    `mode` "enhance" keeps the size; "enlarge" at scale 1 is the same. What is to be taken away is taken away before a
    photo is enlarged.
    """

    mode: Literal["enhance", "enlarge"] = setting(
        "enhance", label="Do", help="Mends the photo at its size, or makes it larger.", term="restoration task",
        choices={"enhance": "Enhance", "enlarge": "Enlarge"})  # fmt: skip
    scale: Literal["1", "2", "4"] = setting(
        "2", label="Enlarge", help="How many times as wide and as high it becomes.", term="scale s",
        choices={"1": "1 ×", "2": "2 ×", "4": "4 ×"})  # fmt: skip
    denoise: float = setting(
        AUTOMATIC, label="Denoise", help="How much noise and JPEG blocks are taken away; too much makes wax of skin. "
        "Automatic: Enhance measures the photo's noise, Enlarge leaves it.",
        term="assumed strength of the damage, 0–1", low=AUTOMATIC, high=1.0, step=0.05,
        lowest="automatic")  # fmt: skip
    crisp: float = setting(
        0.0, label="Crisp", help="0 keeps to what is certain; 1 draws the detail that is likely to be there.",
        term="interpolation between the weights of two networks", low=0.0, high=1.0, step=0.05)  # fmt: skip
    grain: float = setting(
        0.0, label="Grain", help="Puts grain back, as strong as the photo's own was.",
        term="noise of luma, as a share of the standard deviation that was measured", low=0.0, high=1.0,
        step=0.05)  # fmt: skip
    model: str = setting(
        "", label="Network", help="Which network does it; automatic takes the one that comes along for this.",
        term="a name, a weights file or a finished run", offers="restorer", choices={"": "Automatic"})  # fmt: skip
    seed: int = setting(
        0, label="Seed", help="Another number, other grain.", term="random seed", low=0, high=2**31 - 1, step=1,
        look=False)  # fmt: skip

    strength: float = inherited(Blending, "strength", 1.0)

    @property
    def enlargement(self) -> int:
        """How many times as wide the result is."""
        return int(self.scale) if self.mode == "enlarge" else 1

    @property
    def idle(self) -> frozenset[str]:
        """What changes nothing: the scale of what keeps its size, the seed where there is no grain."""
        without = {"scale"} if self.mode == "enhance" else set()
        return frozenset(without | ({"seed"} if not self.grain else set()))
