"""Masks as pictures: for the job that heeds them, and as PNG files."""

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from studio.core.atomic import write_file
from studio.core.compositing import Backdrop
from studio.core.controls import Controls
from studio.core.events import Job, Picture, Progress
from studio.core.frames import prepare_frame
from studio.core.images import LoadedPicture, display_name, load_bytes
from studio.core.resizing import thumbnail
from studio.jobs.files import OpenedPicture, bytes_of

__all__ = ["MaskFile", "SaveMaskTask", "as_picture", "mask_of", "open_mask", "prepare_mask", "save_mask"]

_THUMBNAIL_SIDE = 96


@dataclass(frozen=True, slots=True, eq=False)
class MaskFile:
    """What is painted (H×W, or H×W×4 colours), and what it is called."""

    pixels: NDArray[np.uint8]
    name: str


@dataclass(frozen=True, slots=True, eq=False)
class SaveMaskTask:
    """A mask, and the PNG file that it shall be."""

    mask: MaskFile
    path: Path


def as_picture(mask: MaskFile, controls: Controls[Any]) -> Job[OpenedPicture | None]:
    """Return what is painted as a picture that goes in; None where nothing is painted."""
    yield Progress("Taking over the mask")
    if not (mask.pixels if mask.pixels.ndim == 2 else mask.pixels[..., 3]).any():
        return None
    data = _png(mask.pixels)
    yield Progress("Taking over the mask")
    rgb = mask.pixels if mask.pixels.ndim == 3 else cv2.cvtColor(mask.pixels, cv2.COLOR_GRAY2RGB)
    pixels: Picture = np.asarray(rgb, np.uint8)
    name = f"{mask.name}.png"
    return prepare_mask(LoadedPicture(pixels=pixels, name=name, sha256=sha256(data).hexdigest(), encoded=data))


def prepare_mask(picture: LoadedPicture) -> OpenedPicture:
    """Make a picture ready to go in as a mask: nobody looks at it, so it is drawn from its thumbnail."""
    small = thumbnail(picture.pixels, _THUMBNAIL_SIDE)
    return OpenedPicture(picture, prepare_frame(small), small, Backdrop(small))


def mask_of(picture: Picture, *, colours: bool) -> NDArray[np.uint8]:
    """Return what a picture says as a mask: how light it is; as colours: its own, as opaque as it is."""
    if not colours:
        return np.asarray(cv2.cvtColor(np.ascontiguousarray(picture[..., :3]), cv2.COLOR_RGB2GRAY), np.uint8)
    if picture.shape[2] == 4:
        return np.ascontiguousarray(picture)
    return np.asarray(cv2.cvtColor(np.ascontiguousarray(picture), cv2.COLOR_RGB2RGBA), np.uint8)


def open_mask(path: Path, controls: Controls[Any]) -> Job[OpenedPicture]:
    """Open a picture to be used as a mask.

    Raises:
        StudioError: it cannot be read.

    """
    return prepare_mask(load_bytes((yield from bytes_of(path)), display_name(path), path=path))


def save_mask(task: SaveMaskTask, controls: Controls[Any]) -> Job[Path]:
    """Write a mask as a grey PNG, colours as one with transparency.

    Raises:
        WriteError: the disk does not take it.

    """
    yield Progress(f"Saving {task.path.name}")
    write_file(task.path, _png(task.mask.pixels))
    return task.path


def _png(pixels: NDArray[np.uint8]) -> bytes:
    order = pixels if pixels.ndim == 2 else cv2.cvtColor(pixels, cv2.COLOR_RGBA2BGRA)
    done, data = cv2.imencode(".png", order, (cv2.IMWRITE_PNG_COMPRESSION, 2))
    assert done
    return data.tobytes()
