"""Following a slider on a small copy of a painting that is itself too large to follow."""

from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from models.painting_init import fitted, resize, size_of
from models.style_optimisation import StyleOptimisation
from models.style_transfer import LossWeights
from studio.jobs.style.inputs import StyleInputs


class Proxy:
    """A small painting that answers at once, and what it means for the large one.

    Only the difference the sketch makes is shown, laid over the large painting: its sharpness stays, and nothing jumps.

    Args:
        easel: makes the loss at the sketch's size.
        painting: the large painting, which stays as it is meanwhile.
        side: longer side of the sketch.
        weights: the newest weights.

    """

    def __init__(self, easel: StyleInputs, painting: Tensor, side: int, weights: LossWeights) -> None:
        self.side = side
        self._painting = painting
        height, width = fitted(*size_of(painting), side)
        self._start = resize(painting, height, width)
        self.optimisation = StyleOptimisation(easel.objective(height, width), self._start, weights)
        self._unchanged = self.optimisation.painting

    @property
    def has_changed(self) -> bool:
        """True once the sketch differs from its start."""
        return self.optimisation.painting is not self._unchanged

    def over_painting(self, share: float = 1.0) -> Tensor:
        """Return the large painting with `share` of what the sketch has changed."""
        change = share * (self.optimisation.painting - self._start)
        size = self._painting.shape[2:]
        large = F.interpolate(change, tuple(size), mode="bilinear", align_corners=False)
        return (self._painting + large).clamp_(0.0, 1.0)
