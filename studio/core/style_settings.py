"""What an artist sets about a painting. Free of torch, so that a window can show it first."""

from typing import ClassVar, Literal

from studio.core.blending import Blending
from studio.core.settings import setting

DEFAULT_BACKBONE = "atelier-slim"
DEFAULT_FAST_STYLE = "fast-starry-night"

_OF_FAST_STYLES = frozenset({"method", "fast_style", "strength", "size", "original_colours", "saturation", "blend"})
"""What there is to set where a network has learnt everything else."""

_STROKES = ("Grain", "Fine strokes", "Broad strokes", "Shapes", "Masses")


def _style_layer(scale: int, default: float) -> float:
    value: float = setting(
        default,
        label=_STROKES[scale - 1],
        help=f"How much of the painting's {_STROKES[scale - 1].lower()} comes across; 1 is as much as it has.",
        term=f"energy of octave {scale} of 5 (1 = finest), and style loss weight of the network's scale {scale}",
        low=0.0, high=4.0, step=0.05, group="Strokes", effect="steer",
    )  # fmt: skip
    return value


def _content_layer(scale: int, default: float) -> float:
    names = ("Pixels", "Edges", "Textures", "Parts", "Things")
    value: float = setting(
        default,
        label=names[scale - 1],
        help=f"How firmly the photo's {names[scale - 1].lower()} are kept.",
        term=f"content loss weight of the network's scale {scale} of 5 (1 = finest)",
        low=0.0, high=4.0, step=0.05, group="Kept from the photo", effect="steer",
    )  # fmt: skip
    return value


class StyleSettings(Blending):
    """Everything an artist can set about a painting (Gatys et al. 2016, and what later work added)."""

    leading: ClassVar[tuple[str, ...]] = ("method", "fast_style", "", "Strokes", "Kept from the photo")

    method: Literal["live", "instant"] = setting(
        "live", label="Paint", help="Stroke by stroke after any painting, or at once with a fast style.",
        term="optimisation (Gatys et al. 2016), or a network trained for one painting (Johnson et al. 2016)",
        choices={"live": "Live", "instant": "Instant"})  # fmt: skip
    fast_style: str = setting(
        DEFAULT_FAST_STYLE, label="Fast style", help="The painting that a network has learnt by heart.",
        term="feed-forward network: a name, a file, or the folder of a training run",
        offers="fast_style")  # fmt: skip
    strength: float = setting(
        1.0, label="Strength", help="How much of the painting covers the photo.",
        term="opacity of the result; of a fast style, what its network is conditioned on",
        low=0.0, high=1.0, step=0.01, effect="instant")  # fmt: skip
    style_weight: float = setting(
        2.0, label="Style", help="How strongly the painting's manner takes over.", term="style weight β",
        low=0.0, high=10.0, step=0.05, effect="steer", scale="log")  # fmt: skip
    content_weight: float = setting(
        2.0, label="Content", help="How faithfully the photo's shapes are kept.", term="content weight α",
        low=0.0, high=10.0, step=0.05, effect="steer", scale="log")  # fmt: skip

    style_layer_1: float = _style_layer(1, 1.0)
    style_layer_2: float = _style_layer(2, 1.0)
    style_layer_3: float = _style_layer(3, 1.0)
    style_layer_4: float = _style_layer(4, 1.0)
    style_layer_5: float = _style_layer(5, 1.0)
    total_variation: float = setting(
        0.15, label="Smoothness", help="Calms grain and speckles; at its end paint looks like plastic.",
        term="weight of the total variation, and how much less energy the two finest octaves are to have",
        low=0.0, high=4.0, step=0.05, group="Strokes",
        effect="steer")  # fmt: skip
    stroke_size: float = setting(
        1.5, label="Stroke size", help="Size of the painting's strokes in the result.",
        term="size of the style picture ÷ size of the result", low=0.25, high=3.0, step=0.05,
        group="Strokes", effect="restart", scale="log")  # fmt: skip

    content_layer_1: float = _content_layer(1, 0.0)
    content_layer_2: float = _content_layer(2, 0.0)
    content_layer_3: float = _content_layer(3, 0.3)
    content_layer_4: float = _content_layer(4, 1.0)
    content_layer_5: float = _content_layer(5, 0.0)

    style_mix: tuple[float, ...] = setting(
        (), label="Mix", help="How much each painting counts; equal shares where nothing is set.",
        term="weights of the cached style targets", group="Mix", effect="steer", look=False)  # fmt: skip

    mode: Literal["paint", "reconstruct", "texture"] = setting(
        "paint", label="Make", help="A painted photo, the photo as the network sees it, or pure texture.",
        term="both losses, content only (reconstruction), style only (texture synthesis)",
        group="Size and steps",
        choices={"paint": "Painted photo", "reconstruct": "Photo only", "texture": "Texture only"})  # fmt: skip
    size: int = setting(
        1024, label="Size", help="Longer side of the result.", term="working resolution",
        low=64, high=8192, step=32, unit="px", group="Size and steps", scale="log", look=False)  # fmt: skip
    steps: int = setting(
        120, label="Steps", help="How long the painting is worked on, over all sizes.",
        term="evaluations of the loss", low=1, high=2000, step=10, group="Size and steps")  # fmt: skip
    start_from: Literal["photo", "painting", "noise", "instant"] = setting(
        "photo", label="Start from", help="The first state of the canvas.", term="initialisation",
        group="Size and steps",
        choices={"photo": "The photo", "painting": "The painting", "noise": "Soft noise",
                 "instant": "The fast style"})  # fmt: skip
    seed: int = setting(
        0, label="Seed", help="Another number, another variation; 0 begins with the bare photo.",
        term="random seed of the noise on the first canvas",
        low=0, high=2**31 - 1, step=1, group="Size and steps", look=False)  # fmt: skip

    backbone: str = setting(
        DEFAULT_BACKBONE, label="Network", help="The network that looks at the pictures.",
        term="perceptual backbone: a name or a weights file", group="Network",
        offers="backbone", choices={DEFAULT_BACKBONE: "Atelier"})  # fmt: skip
    pooling: Literal["max", "average"] = setting(
        "average", label="Pooling",
        help="Average carries colours and strokes across; max keeps to fine texture. Atelier's network averages.",
        term="pooling layers", group="Network", choices={"max": "Max", "average": "Average"})  # fmt: skip
    finish: Literal["clean", "raw"] = setting(
        "clean", label="Finish",
        help="Clean paint keeps to the painting's grain, tones and edges; raw is as in Atelier 0.1.",
        term="octave energies, tones and edge-keeping variation beside the Gram matrices, or Gatys et al. 2016 alone",
        group="Network", choices={"clean": "Clean", "raw": "Raw"})  # fmt: skip
    statistic: Literal["gram", "gram_diagonal", "mean_std"] = setting(
        "gram", label="Manner", help="What is measured of the painting.",
        term="Gram matrix, its diagonal, or channel mean and deviation", group="Network",
        choices={"gram": "Full texture", "gram_diagonal": "Loose texture", "mean_std": "Tones only"})  # fmt: skip

    @property
    def idle(self) -> frozenset[str]:
        """A fast style has learnt nearly everything; a photo alone has no strokes, a texture keeps no photo."""
        if self.method == "instant":
            return frozenset(type(self).model_fields) - _OF_FAST_STYLES
        prefixes = {"reconstruct": ("style_", "stroke_size", "statistic"), "texture": ("content_",)}.get(self.mode, ())
        idle = {name for name in type(self).model_fields if name.startswith(prefixes)} if prefixes else set()
        return frozenset(idle if self.start_from == "instant" else idle | {"fast_style"})

    @property
    def opacity(self) -> float:
        """How much of the painting covers the photo when they are composed; a fast style has seen to it itself."""
        return 1.0 if self.method == "instant" else self.strength

    @property
    def style_layers(self) -> tuple[float, float, float, float, float]:
        """Style weights of the five scales, finest first."""
        return (
            self.style_layer_1, self.style_layer_2, self.style_layer_3, self.style_layer_4, self.style_layer_5,
        )  # fmt: skip

    @property
    def content_layers(self) -> tuple[float, float, float, float, float]:
        """Content weights of the five scales, finest first."""
        return (
            self.content_layer_1, self.content_layer_2, self.content_layer_3, self.content_layer_4,
            self.content_layer_5,
        )  # fmt: skip
