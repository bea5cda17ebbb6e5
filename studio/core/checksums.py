"""Checksums of large files: remembered while a file does not change, and taken in steps that can be stopped."""

import hashlib
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from studio.core.events import Job, Progress
from studio.core.failures import StudioError
from studio.core.sizes import of_megabytes

_PIECE = 4 * 2**20
"""A few milliseconds' work."""


def sha256_of(path: Path) -> str:
    """Return the sha256 of a weights file; an unchanged file is read only once.

    Raises:
        StudioError: it cannot be read.

    """
    try:
        status = path.stat()
        return _sha256(path.resolve(), status.st_size, status.st_mtime_ns)
    except OSError as error:
        raise unreadable(path, error) from error


def hashing(path: Path, stage: str) -> Job[str]:
    """Return the sha256 of a file; yields often.

    Raises:
        StudioError: it cannot be read.

    """
    digest, done = hashlib.sha256(), 0
    for piece in pieces_of(path):
        digest.update(piece)
        done += len(piece)
        size = max(done, path.stat().st_size)
        yield Progress(f"{stage} · {of_megabytes(done, size)}", done, size, in_words=True)
    return digest.hexdigest()


def pieces_of(path: Path) -> Iterator[bytes]:
    """Yield a file's content, a few millions of bytes at a time.

    Raises:
        StudioError: it cannot be read.

    """
    try:
        with path.open("rb") as file:
            while piece := file.read(_PIECE):
                yield piece
    except OSError as error:
        raise unreadable(path, error) from error


def unreadable(path: Path, error: OSError) -> StudioError:
    """Say in the user's words why `path` could not be read."""
    if isinstance(error, FileNotFoundError):
        return StudioError(f"The weights file {path} is not there.", "Check the path, or choose another file.")
    return StudioError(
        f"The weights file {path} cannot be read ({error.strerror}).", "Check its permissions, or copy it elsewhere."
    )


@lru_cache(maxsize=64)
def _sha256(path: Path, size: int, changed: int) -> str:
    """Hash the file as it is; `size` and `changed` make another file of it once it has been replaced."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
