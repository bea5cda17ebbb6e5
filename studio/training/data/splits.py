"""Folders that divide the data themselves: train beside valid, val or test (also training, validation, testing).

So the lessons ship their data sets. Such folders are no classes: what lies in the first is learnt from, what lies in
the second is measured on. Where there are both valid and test, valid is measured on and test left alone. The two sides
of an unpaired set may lie beside each other (CycleGAN's trainA, trainB, testA, testB).
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from studio.core.file_names import is_hidden

__all__ = ["Split", "divided_sources", "is_folder", "split_of", "subfolders"]

_LEARNT = ("train", "training")
_CHECKED = ("valid", "validation", "val", "test", "testing")
_SIDES = ("a", "b")


@dataclass(frozen=True, slots=True)
class Split:
    """Which sources are learnt from (`taught`) and measured on (`kept`); folders `beside` them are left out."""

    taught: tuple[Path, ...]
    kept: tuple[Path, ...] = ()
    beside: tuple[Path, ...] = ()


def divided_sources(sources: Sequence[Path], side: str = "") -> Split:
    """Return the split of all sources together: each may be divided itself, or they are the parts of one.

    Args:
        sources: folders, files and lists.
        side: "a" or "b" where a folder's name may say so.

    """
    folders = [source for source in sources if source.is_dir()]
    together = _divided(folders, side) if len(folders) > 1 else None
    taught, kept, beside = list[Path](), list[Path](), list[Path]()
    for source in sources:
        within = split_of(source, side)
        if within is not None:
            taught += within.taught
            kept += within.kept
            beside += within.beside
        elif together is not None and source not in together.taught and _role(source, side) in _CHECKED:
            (kept if source in together.kept else beside).append(source)
        else:
            taught.append(source)
    return Split(tuple(taught), tuple(kept), tuple(beside))


def split_of(folder: Path, side: str = "") -> Split | None:
    """Return how the folders right below `folder` divide it; None where they do not."""
    return _divided(subfolders(folder), side)


def subfolders(folder: Path) -> list[Path]:
    """Return the folders right below `folder` that are not hidden, sorted; none where it cannot be read."""
    try:
        with os.scandir(folder) as entries:  # asks no file twice: there may be a million
            return sorted(folder / entry.name for entry in entries if not is_hidden(entry.name) and is_folder(entry))
    except OSError:  # no folder, or not for us to read: whoever walks it will say so
        return []


def is_folder(entry: os.DirEntry[str]) -> bool:
    """Tell whether an entry is a folder, or a link to one."""
    try:
        return entry.is_dir()
    except OSError:  # a link to itself, or to where one may not look
        return False


def _divided(folders: Sequence[Path], side: str) -> Split | None:
    roles = {_role(folder, side): folder for folder in folders}
    learnt = next((roles[role] for role in _LEARNT if role in roles), None)
    if learnt is None:
        return None
    checked = next((roles[role] for role in _CHECKED if role in roles), None)
    if checked is None and len(folders) > 1 and learnt.name.lower() in _LEARNT:
        return None  # a class of trains
    rest = [folder for folder in folders if folder not in (learnt, checked) and not _is_other_side(folder, side)]
    return Split((learnt,), () if checked is None else (checked,), tuple(rest))


def _role(folder: Path, side: str) -> str:
    name = folder.name.lower()
    return name if name in (*_LEARNT, *_CHECKED) else name.removesuffix(side).rstrip("_- ")


def _is_other_side(folder: Path, side: str) -> bool:
    return any(_role(folder, other) in (*_LEARNT, *_CHECKED) for other in _SIDES if side and other != side)
