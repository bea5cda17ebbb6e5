"""What one sets to have a photo mended or enlarged."""

from typing import TYPE_CHECKING, ClassVar, Literal, Self

from studio.core.blending import COLOUR, Blending
from studio.core.settings import inherited, setting

if TYPE_CHECKING:
    from studio.core.blending import Layer
    from studio.core.compositing import Backdrop

__all__ = ["AUTOMATIC", "AUTOMATIC_DETECTOR", "FILLING", "RestoreSettings"]

SCALES = 1, 2, 4
"""How many times as wide the networks that come along make a photo."""
AUTOMATIC_DETECTOR = "atelier-scratches"
"""The network that comes along for finding what is to be filled."""
FILLING = frozenset({"scratches", "fill", "text", "old-photo"})
"""The modes that fill holes."""
AUTOMATIC = -0.05
"""Of `denoise`: as much as the photo's own noise or JPEG asks for."""


class RestoreSettings(Blending):
    """The settings of the restore job.

    `mode` "enhance" keeps the size; "enlarge" at scale 1 is the same. What is to be taken away is taken away by the
    network that enlarges, where it is told of it, or else by one before. "fill" fills a hole; "scratches" and "text"
    find one first, of damage or of writing; "old-photo" does so, enhances what comes of it and, as `recolour` says,
    colours that. "colourise" keeps size and lightness.
    """

    leading: ClassVar[tuple[str, ...]] = (
        "mode", "scale", "longer_side", "sensitivity", "proposal", "denoise", "crisp", "recolour", "strength",
    )  # fmt: skip

    mode: Literal["enhance", "enlarge", "scratches", "fill", "text", "colourise", "old-photo"] = setting(
        "enhance", label="Do", help="Mends the photo at its size, makes it larger, fills what is damaged or painted "
        "over, or gives it colours.", term="restoration task",
        choices={"enhance": "Enhance", "enlarge": "Enlarge", "scratches": "Scratches", "fill": "Fill", "text": "Text",
                 "colourise": "Colour", "old-photo": "Old Photo"})  # fmt: skip
    scale: Literal["1", "2", "4", "size"] = setting(
        "2", label="Enlarge", help="How many times as wide and as high it becomes.", term="scale s",
        choices={"1": "1 ×", "2": "2 ×", "4": "4 ×", "size": "To a size"})  # fmt: skip
    longer_side: int = setting(
        4096, label="Longer side", help="How many pixels the longer side of the result has, where a size is asked for.",
        term="enlarged by the next larger scale, then reduced", low=64, high=16384, step=1, unit="px",
        scale="log")  # fmt: skip
    denoise: float = setting(
        AUTOMATIC, label="Denoise", help="How much noise and JPEG blocks are taken away; too much makes wax of skin. "
        "Automatic: as much as the photo's noise and JPEG ask for; an enlarger of your own leaves them unless told.",
        term="assumed strength of the damage, 0–1", low=AUTOMATIC, high=1.0, step=0.05,
        lowest="automatic")  # fmt: skip
    crisp: float = setting(
        0.0, label="Faithful ↔ Crisp",
        help="0 keeps to what is certain; 1 draws the detail that is likely to be there.",
        term="interpolation between the weights of two networks", low=0.0, high=1.0, step=0.05)  # fmt: skip
    grain: float = setting(
        0.0, label="Grain", help="Puts grain back, as strong as the photo's own was.",
        term="noise of luma, as a share of the standard deviation that was measured", low=0.0, high=1.0,
        step=0.05, effect="instant")  # fmt: skip
    model: str = setting(
        "", label="Network", help="Which network does it; automatic takes the one that comes along for this.",
        term="a name, a weights file or a finished run", offers="restorer", choices={"": "Automatic"})  # fmt: skip
    sensitivity: float = setting(
        0.5, label="Sensitivity", help="How faint a scratch, or writing, may be to be taken for one; too much takes "
        "branches and wrinkles as well.", term="threshold of the detector's probability, on a scale of log odds",
        low=0.0, high=1.0, step=0.05)  # fmt: skip
    proposal: int = setting(
        0, label="Proposal", help="Another number, another filling of large holes.",
        term="which sources are preferred for patches", low=0, high=999, step=1, look=False)  # fmt: skip
    inpainter: str = setting(
        "", label="Filler", help="Which network fills holes; automatic takes the one that comes along.",
        term="a name, a weights file or a finished run", offers="inpainter", choices={"": "Automatic"})  # fmt: skip
    scratch_detector: str = setting(
        "", label="Detector", help="Which network finds what is filled; automatic takes the one that comes along.",
        term="a name, a weights file or a finished run", offers="scratch_detector",
        choices={"": "Automatic"})  # fmt: skip
    colouriser: str = setting(
        "", label="Colouriser", help="Which network finds the colours; automatic takes the one that comes along.",
        term="a name, a weights file or a finished run", offers="colouriser", choices={"": "Automatic"})  # fmt: skip
    recolour: Literal["grey", "always", "never"] = setting(
        "grey", label="Colours", help="Whether an old photo is coloured, last of all: where it is grey or toned, or "
        "hints are painted; always; or never.", term="colourisation of what was mended",
        choices={"grey": "If it is grey", "always": "Always", "never": "Never"})  # fmt: skip
    warmth: float = setting(
        0.0, label="Warmth", help="Bluer below 0, more golden above.", term="chroma that is added to middle tones",
        low=-1.0, high=1.0, step=0.01, group=COLOUR, effect="instant")  # fmt: skip
    seed: int = setting(
        0, label="Seed", help="Another number, other grain.", term="random seed", low=0, high=2**31 - 1, step=1,
        look=False, effect="instant")  # fmt: skip

    strength: float = inherited(Blending, "strength", 1.0)

    def prepared(self, layer: "Layer", backdrop: "Backdrop") -> "Layer":
        """Warm the result's colours, and put grain on it, as wide as it was enlarged; reduced, it is as much weaker."""
        if self._warms:
            from studio.core.compositing import warmed

            layer = warmed(layer, self.warmth)
        if not self._grains:
            return layer
        from models.noise import add_grain
        from studio.core.resizing import to_16_bits

        share = layer.shape[1] / backdrop.photo.shape[1]
        grainy = to_16_bits(layer[..., :3]).copy()
        add_grain(grainy, self.grain * backdrop.noise * min(1.0, share), self.seed, max(1, round(share)))
        return grainy

    @property
    def is_neutral(self) -> bool:
        """Whether the composition is the result itself."""
        return not (self._warms or self._grains) and super().is_neutral

    @property
    def _warms(self) -> bool:
        return bool(self.warmth) and "warmth" not in self.idle

    @property
    def _grains(self) -> bool:
        return bool(self.grain) and "grain" not in self.idle

    @property
    def enlargement(self) -> int:
        """How many times as wide a network makes it; settings that ask for a size know it once they are `for_photo`."""
        return int(self.scale) if self.mode == "enlarge" and self.scale != "size" else 1

    def for_photo(self, width: int, height: int, own: int = 1) -> Self:
        """Return settings with a number for a scale: a size is reached with the smallest that suffices, or the largest.

        Args:
            width: of the photo, px.
            height: of the photo, px.
            own: how many times the network that the settings name enlarges; more than once, and it is this one.

        """
        if self.mode != "enlarge" or self.scale != "size":
            return self
        enough = [scale for scale in SCALES if scale * max(width, height) >= self.longer_side]
        return self.model_copy(update={"scale": str(own if own > 1 else min(enough, default=SCALES[-1]))})

    def size_of(self, width: int, height: int) -> tuple[int, int]:
        """Return width and height, px, of what becomes of a photo of this size."""
        if self.mode == "enlarge" and self.scale == "size":
            share = self.longer_side / max(width, height)
            return max(1, round(width * share)), max(1, round(height * share))
        return width * self.enlargement, height * self.enlargement

    @property
    def colours(self) -> bool:
        """Whether a colouriser may be asked."""
        return self.mode == "colourise" or (self.mode == "old-photo" and self.recolour != "never")

    @property
    def idle(self) -> frozenset[str]:
        """What changes nothing: other modes' own, the scale of what keeps its size, the seed without chance."""
        mends = self.mode in {"enhance", "enlarge", "old-photo"}
        without = {"scale"} if self.mode != "enlarge" else set()
        without |= {"longer_side"} if self.mode != "enlarge" or self.scale != "size" else set()
        without |= set() if mends else {"denoise", "crisp", "grain", "model"}
        without |= {"proposal", "inpainter"} if self.mode not in FILLING else set()
        without |= {"sensitivity", "scratch_detector"} if self.mode not in FILLING - {"fill"} else set()
        without |= {"recolour"} if self.mode != "old-photo" else set()
        without |= set() if self.colours else {"colouriser", "warmth"}
        return frozenset(without | (set() if mends and self.grain else {"seed"}))
