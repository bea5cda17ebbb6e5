"""The picture that degradations work on, the paper that it is printed on, and where something hides it."""

from io import BytesIO
from typing import Any, Literal, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from models.degradation_steps import Bytes, Chance, Colours, Plane
from models.textures import clouds

__all__ = ["Plate", "Sampling", "resampled"]

Sampling: TypeAlias = Literal["area", "bilinear", "bicubic"]

_INVISIBLE = 1 / 512


class Plate:
    """A picture in the making, and where something was painted over it.

    Attributes:
        colours: H×W×3, 0–1.
        damage: H×W, 0–1: how much of the picture is lost there; None while nothing is.
        first_size: width and height that the picture came with.
        scale: how many times smaller than that it shall come out.

    Args:
        picture: H×W×3 or more, of which three channels are used.
        seed: of the paper.
        scale: see above.

    """

    def __init__(self, picture: Bytes, seed: int, scale: int = 1) -> None:
        self._seed = seed
        self._grit: Plane | None = None
        self._dirt = Chance(seed, "paper").between("", (0.0, 0.12))
        self.colours: Colours = np.ascontiguousarray(picture[..., :3]).astype(np.float32)
        self.colours *= np.float32(1 / 255)
        self.damage: Plane | None = None
        self.first_size, self.scale = self.size, scale

    @property
    def size(self) -> tuple[int, int]:
        """Width and height now."""
        return self.colours.shape[1], self.colours.shape[0]

    @property
    def final_size(self) -> tuple[int, int]:
        """Width and height that the picture shall come out with."""
        return max(1, self.first_size[0] // self.scale), max(1, self.first_size[1] // self.scale)

    @property
    def unit(self) -> float:
        """What is a pixel in a picture with a short side of 500: damage grows with the picture."""
        return min(self.size) / 500

    @property
    def grit(self) -> Plane:
        """How firmly the layer holds, mean 0 and spread about 1: where it is brittle everything flakes off alike."""
        width, height = self.size
        if self._grit is None or self._grit.shape != (height, width):
            self._grit = clouds(
                height, width, max(2.0, 10.0 * self.unit), Chance(self._seed, "grit"), octaves=4, roughness=0.75
            )
        return self._grit

    def to_bytes(self) -> Bytes:
        """Return the picture, rounded; what lies outside 0–1 is cut off."""
        return np.asarray(cv2.convertScaleAbs(self.colours.clip(0.0, 1.0), alpha=255.0), np.uint8)

    def mask(self) -> Bytes:
        """Return the damage as H×W bytes."""
        if self.damage is None:
            return np.zeros(self.colours.shape[:2], np.uint8)
        return np.asarray(cv2.convertScaleAbs(self.damage, alpha=255.0), np.uint8)

    def resize(self, width: int, height: int, sampling: Sampling) -> None:
        """Resample at once, without prefiltering but for "area": as cameras and careless programs do."""
        if (width, height) != self.size:
            self.colours = resampled(self.colours, width, height, sampling)
            if self.damage is not None:
                self.damage = resampled(self.damage, width, height, "area")

    def cover(self, colour: Any, share: Plane, *, is_damage: bool = True) -> None:
        """Lay a colour over the picture; what it leaves alone costs nothing.

        Args:
            colour: three numbers, or H×W×3, 0–1.
            share: H×W, 0–1: how much it hides.
            is_damage: whether what is hidden counts as lost.

        """
        places = np.flatnonzero(share > _INVISIBLE)
        paint = np.asarray(colour, np.float32)
        self._lay(paint.reshape(-1, 3)[places] if paint.ndim == 3 else paint, share, places)
        if is_damage:
            self.damage = share.copy() if self.damage is None else np.maximum(self.damage, share)

    def expose(self, loss: Plane) -> None:
        """Show the bare paper where the layer is lost: off-white, a little rough; the layer's rim throws a shadow.

        Args:
            loss: H×W, 0–1: how much of the layer is gone.

        """
        shift = max(1.0, 0.8 * self.unit)
        move = np.array([[1.0, 0.0, -shift], [0.0, 1.0, -shift]], np.float32)
        fallen = cv2.warpAffine(loss, move, self.size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        self.shade(np.float32(-0.4) * (fallen - loss).clip(0.0, 1.0))
        places = np.flatnonzero(loss > _INVISIBLE)
        paper = np.array([0.95, 0.93, 0.88], np.float32) - np.float32(self._dirt)
        rough = 1.0 + np.float32(0.02) * self.grit.ravel()[places, None]
        self._lay(np.minimum(paper * rough, np.float32(1.0)), loss, places)
        self.damage = loss.copy() if self.damage is None else np.maximum(self.damage, loss)

    def shade(self, change: Plane) -> None:
        """Make the picture darker or brighter in places, by a factor of 1 + `change`, H×W."""
        places = np.flatnonzero(np.abs(change) > _INVISIBLE)
        flat = self.colours.reshape(-1, 3)
        flat[places] = (flat[places] * (1.0 + change.ravel()[places, None])).clip(0.0, 1.0)

    def _lay(self, paint: Colours, share: Plane, places: NDArray[np.intp]) -> None:
        flat = self.colours.reshape(-1, 3)
        below = flat[places]
        below += (paint - below) * share.ravel()[places, None]
        flat[places] = below

    def save_as_jpeg(self, quality: int) -> None:
        """Go through a JPEG file as Pillow writes it (libjpeg, 4:2:0)."""
        file = BytesIO()
        Image.fromarray(self.to_bytes()).save(file, "JPEG", quality=quality)
        self.take(np.asarray(Image.open(file)))

    def take(self, picture: Bytes) -> None:
        """Go on with this picture, H×W×3 bytes; the damage is resized with it."""
        self.colours = picture.astype(np.float32)
        self.colours *= np.float32(1 / 255)
        if self.damage is not None and self.damage.shape != picture.shape[:2]:
            self.damage = resampled(self.damage, *self.size, "area")


def resampled(plane: Any, width: int, height: int, sampling: Sampling) -> Any:
    """Return H×W or H×W×3 floats at another size, as PyTorch's `interpolate` does it, without antialiasing."""
    if sampling == "area":
        return _pooled(_pooled(plane, height, 0), width, 1)
    method = cv2.INTER_LINEAR if sampling == "bilinear" else cv2.INTER_CUBIC
    return cv2.resize(plane, (width, height), interpolation=method)


def _pooled(plane: Any, count: int, axis: int) -> Any:
    """Average whatever pixels each of `count` new ones touches, along one axis: adaptive average pooling."""
    size, places = plane.shape[axis], np.arange(count)
    begin, end = places * size // count, -(-(places + 1) * size // count)
    if (end - begin).max() <= 2:
        pooled = plane.take(begin, axis)
        pooled += plane.take(end - 1, axis)
        pooled *= np.float32(0.5)
        return pooled
    sums = np.zeros((*plane.shape[:axis], size + 1, *plane.shape[axis + 1 :]), np.float32)
    np.cumsum(plane, axis=axis, out=sums[(slice(None),) * axis + (slice(1, None),)])
    counts = np.expand_dims(end - begin, tuple(other for other in range(plane.ndim) if other != axis))
    return (sums.take(end, axis) - sums.take(begin, axis)) / counts.astype(np.float32)
