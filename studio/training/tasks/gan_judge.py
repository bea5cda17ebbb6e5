"""What a generator in training is measured by: pictures that nobody has learnt from, and how it uses those it has."""

from collections.abc import Callable, Mapping, Sequence
from collections.abc import Generator as Steps

import torch
from torch import Tensor

from models.backbones import Backbone
from models.gan import Generator
from models.kernel_distance import KernelDistance
from models.latent import pictures_of
from models.likeness import pooled_features, variety
from models.mirror import Mirror, different_pictures
from studio.training.data.pictures import PictureExamples
from studio.training.data.sampler import seed_of

__all__ = ["Judge"]

_LEAST = 4
_AT_ONCE = 16
_LOOKED_THROUGH = 5_000
"""For copies: no more pictures than these, drawn by chance, are looked through."""
_COPIES, _TWINS = 0.05, 0.1
"""What deserves a word: so large a share of copies; so many pairs of twins for each picture (1 in 100 is usual)."""


class Judge:
    """Compares what is made with pictures that nobody has learnt from, and with those that were.

    Args:
        backbone: looks.
        pictures: that are learnt from.
        kept: the numbers of those that are not; fewer than a handful are compared with nothing.
        size: side at which they are compared, px.
        seed: of the run.
        taught: whether the critic sees through the same network.

    """

    def __init__(
        self, backbone: Backbone, pictures: PictureExamples, kept: Sequence[int], size: int, seed: int, *, taught: bool
    ) -> None:
        self.taught = taught
        self._backbone, self._pictures, self._kept, self._size = backbone, pictures, kept, size
        # the first pictures in the order of the data would be alike: chosen by chance, but always the same
        chance = torch.Generator().manual_seed(seed_of("judge", seed) % 2**63)
        order = torch.randperm(len(pictures.chosen), generator=chance)[: max(_LOOKED_THROUGH, len(kept))]
        self._learnt = [pictures.chosen[index] for index in order.tolist()]
        self._distance: KernelDistance | None = None
        self._mirror: Mirror | None = None
        self._real: dict[str, float] = {}
        self._remarked: set[str] = set()

    def __deepcopy__(self, memo: object) -> "Judge":
        """It judges copies of the task as well: what it knows of the pictures does not change."""
        return self

    def __len__(self) -> int:
        """How many pictures are kept."""
        return len(self._kept)

    def __bool__(self) -> bool:
        return len(self) >= _LEAST

    def measure(self, generator: Generator) -> Steps[None, None, dict[str, float]]:
        """Return the numbers that `GanTask.validate` tells."""
        if self._distance is None or self._mirror is None:
            real = yield from self._seen(lambda first, after: self._squares(self._kept[first:after]), len(self))
            learnt = yield from self._seen(
                lambda first, after: self._squares(self._learnt[first:after]), len(self._learnt)
            )
            self._distance, self._mirror = KernelDistance(real, learnt[: len(self)]), Mirror(learnt, real)
            self._real = {"kid_real": self._distance.of_real, "kid_noise": self._distance.spread}
        z = torch.randn(len(self), generator.latent, generator=torch.Generator().manual_seed(0)).to(self._device)
        made = yield from self._seen(
            lambda first, after: pictures_of(generator, generator.map(z[first:after])), len(self)
        )
        found = {"kid": self._distance.to(made), "spread": variety(made, self._distance.real)}
        if made.isfinite().all():
            found |= self._mirror.of(made).told
        return {**found, **self._real}

    def remark(self, values: Mapping[str, float]) -> str:
        """Say, once each, that it copies, and that it knows few pictures."""
        said: dict[str, str] = {}
        if values.get("copies", 0.0) > _COPIES:
            said["copies"] = (
                f"{values['copies']:.0%} of what it makes is nearer to a picture that it learnt from than new pictures "
                "are: it learns by heart. Keep an earlier checkpoint, add pictures, or show the critic more variation."
            )
        if (twins := values.get("twins", 0.0)) > len(self) * _TWINS:
            said["twins"] = (
                f"Among {len(self)} of its pictures there are {twins:.0f} pairs of twins, as if it knew about "
                f"{different_pictures(len(self), round(twins)):,.0f} pictures: much of the data is left out."
            )
        fresh = {what: words for what, words in said.items() if what not in self._remarked}
        self._remarked |= fresh.keys()
        return " ".join(fresh.values())

    @property
    def _device(self) -> torch.device:
        return next(self._backbone.parameters()).device

    def _squares(self, numbers: Sequence[int]) -> Tensor:
        return self._pictures.squares(numbers, self._size)

    def _seen(self, pictures: Callable[[int, int], Tensor], count: int) -> Steps[None, None, Tensor]:
        """Return the features of `pictures(first, after)`, some at a time."""
        parts: list[Tensor] = []
        for first in range(0, count, _AT_ONCE):
            some = pictures(first, min(count, first + _AT_ONCE))
            yield
            parts.append(pooled_features(self._backbone, some.to(self._device).float()))
            yield
        return torch.cat(parts)
