"""What a scratch detector learns to find: damage and writing on photos, with the truth beside them."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.degradation_ageing import BlackAndWhite, Fading, Grain, Toning
from models.degradation_damage import Cracks, Creases, Dust, Folds, Scratches, Stains, Tears
from models.degradation_overlays import CutOuts, DateStamp, Watermark
from models.degradation_steps import Bytes
from models.degradation_web import Jpeg, Noise
from models.degradations import AnyDegradation, DegradationRecipe, degrade

__all__ = ["Scratched", "scratched"]

_AGE = (
    BlackAndWhite(probability=0.4, film=(-0.9, 0.3)),
    Grain(probability=0.3),
    Fading(probability=0.5),
    Toning(probability=0.3),
)
_AGED = 0.6
"""How often a photo is an old one. Trained on old ones alone, a network takes bright lines of new ones for damage."""
# Sizes grow with a part's: two to three times the preset's, so that a part is damaged as a whole photo would be.
_DAMAGE = (
    Stains(probability=0.25),  # of these nothing is hidden: they are to be told from damage
    Creases(probability=0.3),
    Folds(probability=0.2),
    Cracks(probability=0.3, width=(2.0, 10.0)),
    Scratches(probability=0.6, count=(1, 10), width=(1.2, 4.0)),
    Tears(probability=0.3, length=(0.15, 0.7), gap=(0.01, 0.1)),  # to what is left of a corner as large as a part
    CutOuts(probability=0.1, size=(0.06, 0.3), tone="white"),
    Dust(probability=0.5, specks=(5, 80), size=(0.9, 4.0)),
)
_ALONE = (Cracks, *5 * (Scratches,), Tears, Tears, CutOuts, Dust, Creases, Folds)
"""Of what there is one kind alone, the hard ones more often."""
_SEVERAL, _ONE = 0.4, 0.45
"""How often there are several kinds and how often one alone; on what is left there is none, and none is to be found."""
_WRITING = DegradationRecipe(
    name="writing", steps=(Watermark(probability=0.85), DateStamp(probability=0.3, size=(0.035, 0.1)))
)
_SCAN = DegradationRecipe(
    name="scan", steps=(Noise(probability=0.3, gaussian=1.0, sigma=(1, 6)), Jpeg(probability=0.5, quality=(60, 95)))
)
_WRITTEN_ON = 0.35
"""How often there is writing."""
_HIDDEN = 64
"""Of 255: from how much on a pixel counts as hidden."""


@dataclass(frozen=True, slots=True, eq=False)
class Scratched:
    """A damaged picture, H×W×3, and what hides it: H×W, by damage and by writing."""

    picture: Bytes
    damage: NDArray[np.bool_]
    writing: NDArray[np.bool_]


def scratched(picture: Bytes, seed: int) -> Scratched:
    """Return what chance makes of a picture, H×W×3, by its seed."""
    random: Any = np.random.default_rng([seed % 2**63, 1])
    aged = degrade(picture, DegradationRecipe(name="scratching", steps=_happening(random)), seed)
    made, writing = aged.picture, np.zeros(picture.shape[:2], np.bool_)
    if random.random() < _WRITTEN_ON:
        written = degrade(made, _WRITING, seed)
        made, writing = written.picture, written.mask >= _HIDDEN
    return Scratched(degrade(made, _SCAN, seed).picture, aged.mask >= _HIDDEN, writing)


def _happening(random: Any) -> tuple[AnyDegradation, ...]:
    """Return what happens to a photo in general; what of it does is decided by its probabilities."""
    age, share = _AGE if random.random() < _AGED else (), random.random()
    if share < _SEVERAL:
        return (*age, *_DAMAGE)
    if share >= _SEVERAL + _ONE:
        return age
    kind = _ALONE[random.integers(len(_ALONE))]
    return (*age, *(each.model_copy(update={"probability": 1.0}) for each in _DAMAGE if isinstance(each, kind)))
