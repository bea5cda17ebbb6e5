"""The degradation recipes that come along: the lessons', Real-ESRGAN's, and those looked at until they fit."""

from collections.abc import Mapping

from models.degradation_ageing import BlackAndWhite, Fading, Grain, Halftone, Toning
from models.degradation_damage import Cracks, Creases, Dust, Folds, Scratches, Stains, Tears
from models.degradation_overlays import CutOuts, DateStamp, QualityNumber, Watermark
from models.degradation_web import Blur, Jpeg, Noise, Rescale, Shrink, Wrapping
from models.degradations import DegradationRecipe
from models.line_drawing import LineDrawing

__all__ = ["PRESETS"]

_LESSON_7_CRITIC = DegradationRecipe(
    name="lesson7-critic", steps=(Shrink(short_side=96, filter="bilinear"), QualityNumber(quality=(10, 70)))
)
"""fast.ai 2019, lesson7-superres-gan, `crappifier`."""

_LESSON_7_SR = DegradationRecipe(
    name="lesson7-sr", steps=(Shrink(short_side=96, filter="bilinear"), Jpeg(quality=(60, 60)))
)
"""fast.ai 2019, lesson7-superres, `resize_one`."""


def _web(name: str, scale: int) -> DegradationRecipe:
    """Return Real-ESRGAN's pipeline with the numbers of `train_realesrgan_x4plus.yml`."""
    return DegradationRecipe(
        name=name,
        scale=scale,
        steps=(
            Blur(sigma=(0.2, 3.0)),
            Rescale(up=0.2, down=0.7, keep=0.1, factor=(0.15, 1.5)),
            Noise(gaussian=0.5, sigma=(1, 30), photons=(0.05, 3.0), grey=0.4),
            Jpeg(quality=(30, 95)),
            Blur(probability=0.8, sigma=(0.2, 1.5)),
            Rescale(up=0.3, down=0.4, keep=0.3, factor=(0.3, 1.2), of_result=True),
            Noise(gaussian=0.5, sigma=(1, 25), photons=(0.05, 2.5), grey=0.4),
            Wrapping(quality=(30, 95), sinc=0.8),
        ),
    )


_OLD_PHOTO = DegradationRecipe(
    name="old-photo",
    steps=(
        # the camera and the print
        Blur(probability=0.5, sigma=(0.3, 1.1), shapes=(0.7, 0.3, 0, 0, 0, 0), sinc=0.0),
        BlackAndWhite(probability=0.6, film=(-0.9, 0.3)),
        Grain(probability=0.8),
        Halftone(probability=0.12),
        # the years
        Fading(probability=1.0),
        Toning(probability=0.45),
        Stains(probability=0.45),
        # hands
        Creases(probability=0.5),
        Folds(probability=0.3),
        Cracks(probability=0.5),
        Scratches(probability=0.55),
        Tears(probability=0.3),
        # the scan
        Dust(probability=0.85),
        Noise(probability=0.5, gaussian=1.0, sigma=(1, 6), grey=0.5),
        Jpeg(probability=0.6, quality=(60, 95)),
    ),
)

_WATERMARK = DegradationRecipe(
    name="watermark",
    steps=(Watermark(probability=0.9), DateStamp(probability=0.25), Jpeg(probability=0.5, quality=(60, 95))),
)
_BLACK_AND_WHITE = DegradationRecipe(name="black-and-white", steps=(BlackAndWhite(film=(0.0, 0.0)),))
_CUT_OUTS = DegradationRecipe(name="cut-outs", steps=(CutOuts(),))
_EDGES = DegradationRecipe(name="edges", steps=(LineDrawing(),))
_PEN = DegradationRecipe(
    name="pen-drawing", steps=(LineDrawing(sigma=(2.0, 4.5), detail=(8.0, 14.0), softness=(4.0, 8.0)),)
)
"""In squares of 128 px, in which networks learn to paint drawings, lines are as wide as a hand draws them there."""


def _enlarging(name: str, scale: int, *quality: int) -> DegradationRecipe:
    jpeg = tuple(Jpeg(quality=(each, each)) for each in quality)
    return DegradationRecipe(name=name, scale=scale, steps=(Shrink(filter="bicubic"), *jpeg))


PRESETS: Mapping[str, DegradationRecipe] = {
    recipe.name: recipe
    for recipe in (
        _OLD_PHOTO, _web("web", 1), _web("web-x2", 2), _web("web-x4", 4), _WATERMARK, _CUT_OUTS, _BLACK_AND_WHITE,
        _EDGES, _PEN, _LESSON_7_CRITIC, _LESSON_7_SR, _enlarging("bicubic-x2", 2), _enlarging("bicubic-x4", 4),
        _enlarging("bicubic-x4-jpeg40", 4, 40),
    )
}  # fmt: skip
"""Name → recipe, in the order in which they are offered."""
