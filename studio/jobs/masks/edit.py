"""Changes a mask as a whole: turned round, softer, larger, smaller; and puts together what is there with what comes."""

from dataclasses import dataclass
from typing import Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from studio.core.controls import Controls
from studio.core.events import Job, Progress

__all__ = ["Edit", "EditTask", "edit_mask", "with_found"]

Edit = Literal["invert", "feather", "grow", "shrink", "clear"]


@dataclass(frozen=True, slots=True, eq=False)
class EditTask:
    """A mask (H×W), and what shall become of it; `amount` in pixels. Colours (H×W×4) can be cleared only."""

    pixels: NDArray[np.uint8]
    edit: Edit
    amount: float = 0.0


def edit_mask(task: EditTask, controls: Controls[Any]) -> Job[NDArray[np.uint8]]:
    """Return the changed mask."""
    yield Progress("Changing the mask")
    mask = task.pixels
    match task.edit:
        case "invert":
            return ~mask
        case "clear":
            return np.zeros_like(mask)
        case "feather":
            return np.asarray(cv2.GaussianBlur(mask, (0, 0), max(0.3, task.amount / 2)), np.uint8)
    return _moved(mask, task.amount if task.edit == "grow" else -task.amount)


def _moved(mask: NDArray[np.uint8], by: float) -> NDArray[np.uint8]:
    """Move the edge of a mask outwards, or inwards; it becomes as soft as a pixel."""
    inside = mask > 127
    out, within = (cv2.distanceTransform(part.astype(np.uint8), cv2.DIST_L2, 5) for part in (~inside, inside))
    share = within - out + np.float32(by) + np.where(inside, np.float32(0.0), np.float32(1.0))
    return np.asarray(np.clip(np.rint(share * 255), 0, 255), np.uint8)


def with_found(there: NDArray[np.uint8], found: NDArray[np.uint8], *, takes_away: bool) -> NDArray[np.uint8]:
    """Return a mask with what was found added to it, or taken away."""
    return np.minimum(there, ~found) if takes_away else np.maximum(there, found)
