"""How much of this computer's memory the studio holds."""

import os
from contextlib import suppress
from pathlib import Path

__all__ = ["memory_in_use", "memory_of_computer"]


def memory_in_use() -> int | None:
    """Return the bytes that this process holds in memory (its resident set); None where the system does not tell."""
    with suppress(OSError, ValueError, IndexError):  # only Linux has such a file
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return None


def memory_of_computer() -> int | None:
    """Return the bytes of memory that there are; None where the system does not tell."""
    with suppress(OSError, ValueError, AttributeError):
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return None
