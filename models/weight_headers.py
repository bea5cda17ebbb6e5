"""What a weights file tells before it is opened: whether it is whole, and, of a safetensors file, what is in it.

Free of torch, so that a list of files can be looked through at once.
"""

import json
import math
import time
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

FAST_STYLE = "fast-style"
"""What the header of a fast style calls its architecture."""

RESTORER = "restorer"
"""What the header of a network that restores pictures calls its task."""

INPAINTER, SCRATCH_DETECTOR = "inpainter", "scratch_detector"
"""Likewise of one that fills holes, and of one that finds what hides a picture."""
COLOURISER = "colouriser"
"""Likewise of one that colours pictures."""
TRANSLATOR = "translator"
"""What the header of a network that translates pictures from one world to another calls its task."""
GENERATOR = "generator"
"""What the header of a network that makes pictures out of nothing calls its task."""
FIRST_SEED = "first_seed"
"""In a generator's header: the seed of a picture that someone found a good one to begin with."""

_LONGEST_HEADER = 100_000_000
"""Safetensors' own limit, in bytes; what claims more is no such file."""
_SETTLED_S = 2.0
"""A file that was written longer ago gets another time when it is written again, coarse as file systems' clocks are."""


class WeightsError(ValueError):
    """A weights file cannot be used; the message says why, for the user."""


class UnknownNetworkError(WeightsError):
    """A file's weights are sound, but of no network that is known."""


def is_safetensors(path: Path) -> bool:
    """Tell whether `path` is called a safetensors file, in whatever case: other files are pickles."""
    return path.suffix.lower() == ".safetensors"


def is_cut_off(path: Path) -> bool:
    """Tell whether `path` ends too early, as far as that shows without reading it.

    Raises:
        OSError: the file cannot be read.

    """
    if path.stat().st_size == 0:
        return True
    if is_safetensors(path):
        whole = _header_of(path).length
        return whole is not None and path.stat().st_size < whole
    with path.open("rb") as file:
        if file.read(2) != b"PK":  # before PyTorch 1.6 there was nothing at the end to look for
            return False
    try:
        return not zipfile.is_zipfile(path)
    except zipfile.BadZipFile:  # an archive of several parts, or one that says so: something else is wrong with it
        return False


def safetensors_shapes(path: Path) -> dict[str, tuple[int, ...]]:
    """Return the names and shapes of all tensors in a safetensors file.

    Raises:
        WeightsError: the file is not of that kind, or cut off.
        OSError: the file cannot be read.

    """
    if is_cut_off(path):
        raise WeightsError(cut_off(path))
    shapes = _header_of(path).shapes
    if shapes is None:
        raise WeightsError(f"{path.name} is damaged or is not a weights file.")
    return dict(shapes)


def safetensors_metadata(path: Path) -> dict[str, str]:
    """Return what the maker of a safetensors file wrote into its header; {} where it wrote nothing.

    Raises:
        WeightsError: the file is not of that kind, or cut off.
        OSError: it cannot be read.

    """
    safetensors_shapes(path)
    return dict(_header_of(path).metadata)


def facts_of(path: Path) -> dict[str, str]:
    """Return what `path` says of itself; {} where it says nothing, or cannot be read."""
    try:
        return safetensors_metadata(path) if is_safetensors(path) else {}
    except (WeightsError, OSError):
        return {}


def task_of(facts: Mapping[str, str]) -> str:
    """Return what a network was trained for by its header, "classifier" or "fast_style"; "" where that is not said."""
    return facts.get("task") or ("fast_style" if facts.get("architecture") == FAST_STYLE else "")


def first_seed_of(facts: Mapping[str, str]) -> int:
    """Return the seed to begin with, as a generator's header names it; 0 where it names none that there is."""
    told = facts.get(FIRST_SEED, "")
    return int(told) if told.isdecimal() and len(told) <= 10 and int(told) < 2**31 else 0


def cut_off(path: Path) -> str:
    """Say that `path` ends too early."""
    return f"{path.name} is cut off: only the beginning of the file is there."


@dataclass(frozen=True, slots=True)
class _Header:
    """What a safetensors file says of itself.

    `length`: of the whole file, in bytes; None where the header cannot be read, as are the `shapes` of its tensors.
    """

    length: int | None
    shapes: Mapping[str, tuple[int, ...]] | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)


def _header_of(path: Path) -> _Header:
    """Return the header of a file; while the file stays as it is, it is read once: panels ask for all of them often."""
    status = path.stat()
    if time.time() - status.st_mtime < _SETTLED_S:
        return _read_header(path, status.st_size)
    return _known_header(path, status.st_size, status.st_mtime_ns, status.st_ino)


@lru_cache(maxsize=256)
def _known_header(path: Path, size: int, _modified: int, _number: int) -> _Header:
    return _read_header(path, size)


def _read_header(path: Path, size: int) -> _Header:
    with path.open("rb") as file:
        claimed = int.from_bytes(file.read(8), "little")
        if claimed > _LONGEST_HEADER:
            return _Header(None)
        text = file.read(claimed)
    if size < 8 + claimed:
        return _Header(8 + claimed)
    try:
        header = json.loads(text)
        tensors = {name: tensor for name, tensor in header.items() if name != "__metadata__"}
        plain = all(_is_plain(tensor) for tensor in tensors.values())
    except (ValueError, AttributeError, KeyError, TypeError, IndexError, RecursionError):
        return _Header(None)
    if not plain:
        return _Header(None)
    length = 8 + claimed + max((tensor["data_offsets"][1] for tensor in tensors.values()), default=0)
    metadata = header.get("__metadata__", {})
    return _Header(
        length,
        {name: tuple(tensor["shape"]) for name, tensor in tensors.items()},
        {str(key): str(value) for key, value in metadata.items()} if isinstance(metadata, dict) else {},
    )


def _is_plain(tensor: Any) -> bool:
    begin, end = tensor["data_offsets"]
    counts = [*tensor["shape"], begin, end]
    return all(isinstance(count, int) and 0 <= count < math.inf for count in counts) and begin <= end
