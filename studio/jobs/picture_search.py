"""A picture looked for in what a generator knows: which part of it counts, and the nearest so far, step by step."""

from collections.abc import Iterator

import numpy as np
from torch import Tensor

from models.projection import Projection, ProjectionSettings, projecting
from studio.core.events import DeepPicture, Picture
from studio.jobs.dream_encoder import encoder_of
from studio.jobs.generators import OpenGenerator
from studio.training.data.augment import centred
from studio.training.slim import open_slim

__all__ = ["PictureSearch"]


class PictureSearch:
    """Looks for one picture after the other; begins at the encoder's guess, where the generator has an encoder.

    Args:
        generator: whose pictures are looked through.

    """

    def __init__(self, generator: OpenGenerator) -> None:
        self._generator, self._encoder = generator, encoder_of(generator)
        self._backbone = open_slim().to(generator.device)

    def square_of(self, picture: Picture | DeepPicture) -> Tensor:
        """Return the square in a picture's middle, in the size of the generator's: 1×3×S×S, 0–1."""
        return centred(np.ascontiguousarray(picture[:, :, :3]), self._generator.network.size)[None]

    def nearest(self, square: Tensor, settings: ProjectionSettings) -> Iterator[Projection]:
        """Yield the nearest so far after each step, of which there are two at least (see `projecting`)."""
        best: Projection | None = None
        target = square.to(self._generator.device)
        for now in projecting(self._generator.network, self._backbone, target, settings, self._encoder):
            best = now if best is None or now.loss < best.loss else best
            yield best
