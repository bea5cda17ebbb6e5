"""Walks as files: stations and the way between them, for another day or another generator of the same make."""

from pathlib import Path

from pydantic import ValidationError

from studio.core.atomic import write_file
from studio.core.checksums import unreadable
from studio.core.dream_settings import Walk
from studio.core.failures import StudioError

__all__ = ["SUFFIX", "read_walk", "write_walk"]

SUFFIX = ".walk"
_LARGEST = 50_000_000


def write_walk(path: Path, walk: Walk) -> None:
    """Write a walk.

    Raises:
        StudioError: the place cannot be written to.

    """
    write_file(path, walk.model_dump_json(indent=1, exclude_defaults=True).encode())


def read_walk(path: Path) -> Walk:
    """Read a walk.

    Raises:
        StudioError: it cannot be read, or is none.

    """
    try:
        data = path.read_bytes() if path.stat().st_size <= _LARGEST else b""
    except OSError as error:
        raise unreadable(path, error) from error
    try:
        return Walk.model_validate_json(data)
    except ValidationError as error:
        raise StudioError(f"{path.name} holds no walk.", f"Choose a file that ends in {SUFFIX}.") from error
