"""Directions with names: kept for each generator, given to others as files. Free of torch.

What a direction means hangs on its generator, so each has a file of its own among one's directions. A generator's file
may bring some along, in its header; those are there from the start.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self
from urllib.parse import quote

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from studio.core.atomic import write_error, write_file
from studio.core.dream_settings import Move, Packed, packed, unpacked
from studio.core.failures import StudioError
from studio.core.file_names import readable
from studio.core.recipes import name_in_recipes
from studio.core.user_folders import UserFolders

__all__ = [
    "HEADER", "SUFFIX", "Direction", "DirectionBook", "combined", "directions_in_header", "free_name", "from_json",
    "proper_name", "read_directions", "to_json",
]  # fmt: skip

SUFFIX = ".atelier-directions"
HEADER = "directions"
"""What a generator's file calls them in its header."""
_VERSION = 1
_LARGEST_FILE = 2**22
_LONGEST_NAME = 40


class Direction(BaseModel):
    """A way in which pictures change.

    Args:
        name: what changes: "Warmth".
        vector: numbers of w (see `dream_settings.packed`), as long as most pictures lie within ±2 of it.
        first: the first stage that it is for.
        after: the one behind the last; −1 is for all from the first on.
        share: what it changes as a share of all that does, 0–1; 0 where nobody knows.

    """

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)

    name: str = Field(min_length=1, max_length=_LONGEST_NAME)
    vector: Packed
    first: int = Field(default=0, ge=0)
    after: int = Field(default=-1, ge=-1)
    share: float = Field(default=0.0, ge=0.0, le=1.0)

    @property
    def numbers(self) -> int:
        """How many numbers it has: those of w."""
        return len(unpacked(self.vector))

    def by(self, amount: float) -> Move:
        """Return a move along it."""
        return Move(name=self.name, vector=self.vector, amount=amount, first=self.first, after=self.after)

    @classmethod
    def of(cls, move: Move) -> Self:
        """Return the direction of a move."""
        return cls(
            name=proper_name(move.name) or "Unnamed", vector=move.vector, first=move.first, after=move.after, share=0.0
        )


def proper_name(name: str) -> str:
    """Return what a direction may be called: one short line."""
    return re.sub(r"\s+", " ", readable(name)).strip()[:_LONGEST_NAME].strip()


def combined(directions: Sequence[Move], name: str) -> Direction:
    """Return one direction that leads as far as these moves together: their sum.

    Raises:
        StudioError: they are for different stages, or none.

    """
    spans = {(move.first, move.after) for move in directions}
    if len(spans) != 1:
        raise StudioError(
            "Directions for different stages do not go into one.", "Combine those that are for the same stages."
        )
    (first, after), vectors = spans.pop(), [move.amount * unpacked(move.vector) for move in directions]
    return Direction(name=name, vector=packed(np.sum(vectors, axis=0)), first=first, after=after)


def to_json(directions: Sequence[Direction], generator: str) -> bytes:
    """Return what a file of directions holds."""
    told = {
        "atelier_directions": _VERSION,
        "generator": name_in_recipes(generator),
        "directions": [direction.model_dump() for direction in directions],
    }
    return json.dumps(told, indent=1, ensure_ascii=False).encode()


def from_json(data: bytes, name: str) -> tuple[Direction, ...]:
    """Read what `to_json` wrote; of what cannot be understood the rest.

    Raises:
        StudioError: nothing can.

    """
    found = []
    try:
        told = json.loads(data)
        version, listed = told["atelier_directions"], list(told["directions"])
        if not isinstance(version, int) or version > _VERSION:
            raise StudioError(f"“{name}” was made by a newer version of Atelier.", "Update Atelier.")
    except (ValueError, LookupError, TypeError, RecursionError) as error:
        raise StudioError(f"“{name}” holds no directions.", f"Choose a file that ends in {SUFFIX}.") from error
    for each in listed:
        try:
            found.append(Direction.model_validate(each))
        except ValidationError:  # of a later version, or by hand
            continue
    return tuple(found)


def directions_in_header(metadata: Mapping[str, str], name: str) -> tuple[Direction, ...]:
    """Return the directions that a generator's file brings along; none where it says none, or nothing readable."""
    if HEADER not in metadata:
        return ()
    try:
        return from_json(metadata[HEADER].encode(), name)
    except StudioError:
        return ()


def read_directions(path: Path) -> tuple[Direction, ...]:
    """Read a file of directions.

    Raises:
        StudioError: it cannot be read, or holds none.

    """
    try:
        with path.open("rb") as file:
            data = file.read(_LARGEST_FILE)
    except OSError as error:
        raise StudioError(f"“{path.name}” cannot be read ({error.strerror}).", "Check its permissions.") from error
    return from_json(data, path.name)


@dataclass(frozen=True, slots=True)
class DirectionBook:
    """One's own directions, a file for each generator.

    Args:
        folder: where they lie; need not exist.

    """

    folder: Path

    @classmethod
    def standard(cls) -> Self:
        """Return the user's."""
        return cls(UserFolders.standard().config / "directions")

    def of(self, generator: str) -> tuple[Direction, ...]:
        """Return those kept for a generator; none where their file is not there, or damaged."""
        try:
            return read_directions(self._path(generator))
        except StudioError:
            return ()

    def keep(self, generator: str, directions: Sequence[Direction]) -> None:
        """Keep exactly these.

        Raises:
            StudioError: the disk does not take them.

        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise write_error(self.folder, error) from error
        write_file(self._path(generator), to_json(directions, generator))

    def _path(self, generator: str) -> Path:
        return self.folder / f"{quote(name_in_recipes(generator), safe=' ')[:180]}{SUFFIX}"


def free_name(name: str, taken: Sequence[str]) -> str:
    """Return a name that none of `taken` has: with a number behind it where need be."""
    numbers = range(2, len(taken) + 3)
    return next(one for one in (name, *(f"{name} {number}" for number in numbers)) if one not in taken)
