"""How much of this computer's memory the studio holds."""

import ctypes
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

__all__ = ["forget_peak", "keeping_pages", "memory_in_use", "memory_of_computer", "peak_memory"]

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
"""Of glibc's mallopt."""
_MOST, _USUAL = 2**30, 2**25
"""Bytes: as long as pages are kept; and what glibc raises its threshold to by itself."""


@contextmanager
def keeping_pages() -> Iterator[None]:
    """Let memory that is freed in here be used again as it is, and give it back afterwards.

    Otherwise glibc returns every large map of a network to the system at once, which then clears the pages of the next
    one: a third of the time of a network whose maps are larger than 32 MB. Elsewhere it does nothing.
    """
    library = ctypes.CDLL(None) if sys.platform == "linux" else None
    if not hasattr(library, "mallopt") or library is None:
        yield
        return
    library.mallopt(_MMAP_THRESHOLD, _MOST)
    library.mallopt(_TRIM_THRESHOLD, _MOST)
    try:
        yield
    finally:
        library.mallopt(_MMAP_THRESHOLD, _USUAL)
        library.mallopt(_TRIM_THRESHOLD, 2 * _USUAL)
        library.malloc_trim(0)


def memory_in_use() -> int | None:
    """Return the bytes that this process holds in memory (its resident set); None where the system does not tell."""
    with suppress(OSError, ValueError, IndexError):  # only Linux has such a file
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return None


def forget_peak() -> None:
    """Give freed memory back to the system, and let `peak_memory` count from here; does nothing but on Linux."""
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):  # another C library than glibc has no such call
            ctypes.CDLL(None).malloc_trim(0)
        with suppress(OSError):
            Path("/proc/self/clear_refs").write_text("5")


def peak_memory() -> int | None:
    """Return the most bytes that this process held since `forget_peak`; None where the system does not tell."""
    with suppress(OSError, ValueError, StopIteration):
        lines = Path("/proc/self/status").read_text().splitlines()
        return 1024 * next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))
    return memory_in_use()


def memory_of_computer() -> int | None:
    """Return the bytes of memory that there are; None where the system does not tell."""
    with suppress(OSError, ValueError, AttributeError):
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return None
