"""The room that caches take on the disk: what was not used for longest makes way, what is in use stays."""

import os
import secrets
import shutil
import weakref
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from studio.core.failures import StudioError
from studio.core.sizes import megabytes

__all__ = ["CACHE_LIMIT", "hold_in_use", "make_room"]

CACHE_LIMIT = 20 * 2**30
"""Bytes of all caches together."""
_SPARE = 256 * 2**20
"""A disk is never filled to the brim."""


@dataclass(frozen=True, slots=True)
class _Cache:
    folder: Path
    used: float
    size: int


def make_room(folder: Path, needed: int, limit: int, *, keep: Path) -> None:
    """Throw caches in `folder` away, the one that was not used for longest first, until `needed` bytes more fit.

    Args:
        folder: of all caches.
        needed: bytes of the new one.
        limit: bytes that all may take.
        keep: the new one's unfinished build; what it has already takes no more room.

    Raises:
        StudioError: the pictures alone take more than `limit`, or than there is on the disk.

    """
    if needed > limit:
        raise StudioError(
            f"These pictures take {megabytes(needed)} once they are decoded, more than the {megabytes(limit)} that are"
            " meant for it.",
            "Train at a smaller picture size, or on fewer pictures.",
        )
    others = sorted((one for one in _caches(folder) if one.folder != keep), key=lambda one: one.used)
    missing = needed - _size_of(keep)
    taken = sum(one.size for one in others)
    for other in others:
        if taken + needed <= limit and _free(folder) >= missing + _SPARE:
            break
        if _removed(other.folder):
            taken -= other.size
    free = _free(folder)
    if free < missing + _SPARE:
        raise StudioError(
            f"These pictures take {megabytes(missing)} once they are decoded; the disk has {megabytes(free)} left"
            f" ({folder}).",
            "Free some space, train at a smaller picture size, or on fewer pictures.",
        )


def hold_in_use(pixels: Path, holder: object) -> None:
    """Keep a cache from being thrown away as long as `holder` lives; Windows does so for whatever is mapped."""
    if os.name == "nt":
        return
    import fcntl

    descriptor = os.open(pixels, os.O_RDONLY)
    weakref.finalize(holder, os.close, descriptor)
    with suppress(OSError):  # a network's disk may not know locks
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)


def _removed(folder: Path) -> bool:
    """Throw a cache away, unless it is in use; by a rename, so that nobody finds half of it."""
    if not _unused(folder):
        return False
    doomed = folder.with_name(f"{secrets.token_hex(8)}.gone")
    try:
        folder.replace(doomed)
    except OSError:  # in use, on Windows
        return False
    shutil.rmtree(doomed, ignore_errors=True)
    return True


def _unused(folder: Path) -> bool:
    if os.name == "nt":
        return True
    import fcntl

    try:
        descriptor = os.open(folder / "pixels.u8", os.O_RDONLY)
    except OSError:
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True
    finally:
        os.close(descriptor)
    return True


def _caches(folder: Path) -> list[_Cache]:
    found = []
    for path in folder.iterdir():
        if path.is_dir() and path.suffix in ("", ".part", ".gone"):
            with suppress(OSError):
                newest = max((file.stat().st_mtime for file in path.iterdir()), default=0.0)
                found.append(_Cache(path, newest, _size_of(path)))
    return found


def _size_of(folder: Path) -> int:
    total = 0
    with suppress(OSError):
        for file in folder.iterdir():
            total += file.stat().st_size
    return total


def _free(folder: Path) -> int:
    return shutil.disk_usage(folder).free
