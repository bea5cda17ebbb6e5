"""What a restorer makes of a picture that was damaged just now, and how much nearer to the photo that is."""

import hashlib
from dataclasses import dataclass
from math import log10

import cv2
import numpy as np

from studio.core.controls import Controls
from studio.core.events import DeepPicture, Job, Picture
from studio.core.frames import Frame, prepare_frame
from studio.core.images import LoadedPicture
from studio.core.picture_task import CONTENT, PictureRequest
from studio.core.resizing import resize, to_8_bits
from studio.core.restore_settings import RestoreSettings

__all__ = ["MendTask", "Mended", "mend_damage"]


@dataclass(frozen=True, slots=True, eq=False)
class MendTask:
    """A photo, and what was left of it."""

    photo: Picture
    damaged: Picture | DeepPicture


@dataclass(frozen=True, slots=True, eq=False)
class Mended:
    """What was made of it.

    Args:
        frame: to show, with whatever size the network gives it.
        before: how near the damaged picture was to the photo, PSNR in dB.
        after: how near this is.

    """

    frame: Frame
    before: float
    after: float


def mend_damage(task: MendTask, controls: Controls[RestoreSettings]) -> Job[Mended]:
    """Restore the damaged picture with the controls' settings; raises as `restore` does."""
    from studio.jobs.restore.restore import restore  # imports torch

    damaged = np.ascontiguousarray(to_8_bits(task.damaged[..., :3]))
    picture = LoadedPicture(damaged, "damaged.png", hashlib.sha256(damaged.tobytes()).hexdigest())
    result = yield from restore(PictureRequest({CONTENT: (picture,)}), controls)
    made = to_8_bits(result.picture)
    return Mended(prepare_frame(made), _psnr(task.photo, damaged), _psnr(task.photo, made))


def _psnr(photo: Picture, made: Picture) -> float:
    """Return the PSNR of a picture, brought to the photo's size, in dB."""
    height, width = photo.shape[:2]
    error = np.square(cv2.absdiff(photo[..., :3], resize(made, width, height)[..., :3]).astype(np.float32)).mean()
    return 10.0 * log10(255.0**2 / max(float(error), 1e-4))
