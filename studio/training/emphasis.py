"""What matters in a picture, painted by hand: maps of where errors count more, kept in the run's folder.

`RUN/emphasis/NAME.png` is one map: grey, 0 where nothing is painted, 255 where it counts in full, over the whole of a
picture, at any size. Its name is taken from its content, so that a map never changes: another stroke is another file.
Which of them hold is a setting that can be steered, and so a resumed run meets each stroke at the same step again.
Free of torch.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from studio.core.atomic import write_file
from studio.core.failures import StudioError

__all__ = ["Emphasis", "EmphasisFolder", "LearntPicture"]

_PICTURES, _MAPS = "pictures.json", "maps.json"
_DIGITS = 16


class Emphasis(BaseModel):
    """Which maps hold: the picture's checksum → the map's name."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    maps: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class LearntPicture:
    """A picture that a run learns from: its file, and the checksum of its content."""

    path: Path
    content: str


class EmphasisFolder:
    """The maps of one run.

    Args:
        run: its folder.

    """

    def __init__(self, run: Path) -> None:
        self.path = run / "emphasis"

    def list_pictures(self, pictures: Sequence[LearntPicture]) -> None:
        """Write down what the run learns from, and so what can be painted on.

        Raises:
            WriteError: it could not be kept.

        """
        self.path.mkdir(exist_ok=True)
        rows = [[str(one.path), one.content] for one in pictures]
        write_file(self.path / _PICTURES, json.dumps(rows).encode())

    def pictures(self) -> tuple[LearntPicture, ...]:
        """Return what can be painted on; nothing before the run has begun."""
        try:
            rows = json.loads((self.path / _PICTURES).read_text(encoding="utf-8"))
            return tuple(LearntPicture(Path(path), content) for path, content in rows)
        except (OSError, ValueError, TypeError):
            return ()

    def newest(self) -> Emphasis:
        """Return what was painted last, whether the run has heard of it or not."""
        try:
            return Emphasis.model_validate_json((self.path / _MAPS).read_bytes())
        except (OSError, ValueError):
            return Emphasis()

    def keep(self, content: str, painted: NDArray[np.uint8]) -> Emphasis:
        """Keep the map of a picture, H×W, all 0 for none any more; returns which maps hold from now on.

        Raises:
            WriteError: it could not be kept.

        """
        maps = dict(self.newest().maps)
        maps.pop(content, None)
        if painted.any():
            data = cv2.imencode(".png", painted)[1].tobytes()
            name = hashlib.sha256(data).hexdigest()[:_DIGITS]
            write_file(self._file(name), data)
            maps[content] = name
        emphasis = Emphasis(maps=maps)
        write_file(self.path / _MAPS, emphasis.model_dump_json().encode())
        return emphasis

    def read(self, name: str) -> NDArray[np.uint8]:
        """Return a map, H×W.

        Raises:
            StudioError: it is gone, or another than it was.

        """
        try:
            data = self._file(name).read_bytes()
        except OSError:
            data = b""
        if hashlib.sha256(data).hexdigest()[:_DIGITS] != name:
            raise StudioError(
                f"What was painted over one of the pictures is gone ({self._file(name)}).",
                "Restore the file from a copy, or delete course.json: then all that was moved or painted is forgotten.",
            )
        return np.asarray(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE), np.uint8)

    def _file(self, name: str) -> Path:
        return self.path / f"{name}.png"
