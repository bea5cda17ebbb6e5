"""Folders that divide the data themselves: train beside valid, val or test (also training, validation, testing …).

So the lessons ship their data sets. Such folders are no classes: what lies in the first is learnt from, what lies in
the second is measured on. Where there are both valid and test, valid is measured on and test left alone. The two sides
of an unpaired set may lie beside each other (CycleGAN's trainA, trainB, testA, testB).

The folders may be called after the set as well (train_set, val2017, ILSVRC2012_img_train), and may lie, or hold what
they hold, in a folder more (imagenet/train, training_set/training_set), as archives unpack.
"""

import os
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from studio.core.file_names import is_hidden

__all__ = ["SUFFIXES", "Split", "divided_sources", "is_folder", "split_of", "subfolders"]

SUFFIXES = frozenset(
    f".{suffix}"
    for suffix in (
        *("jpg", "jpeg", "jpe", "jfif", "mpo", "png", "apng", "webp", "avif", "bmp", "dib", "gif", "tif", "tiff"),
        *("jp2", "j2k", "ppm", "pgm", "pbm", "pnm", "pfm", "tga", "psd", "qoi", "heic", "heif"),
    )
)
"""What a picture in a folder is recognised by; a file that is named itself may be called anything."""

_LEARNT = ("train", "training")
_CHECKED = ("valid", "validation", "val", "dev", "eval", "evaluation", "holdout", "test", "testing")
_AROUND = r"(?:[\W\d_]|data|sets?|split|subset|seg|im(?:a?ge?)?s?|pictures?|pics?|photos?|ilsvrc|coco|voc)*"
_PART = re.compile(rf"{_AROUND}({'|'.join((*_LEARNT, *_CHECKED))}){_AROUND}")
"""Those words, and what stands around them in the names of folders: train_set, val2017, 01-train, testimages."""
_SIDES = ("a", "b")
_DEEPEST = 3
"""So many folders around the divided one are looked into: ILSVRC/Data/CLS-LOC/train."""
_FEW = 8
"""More folders beside each other are classes, and are not looked into."""


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


def split_of(folder: Path, side: str = "", *, within: int = _DEEPEST) -> Split | None:
    """Return how the folders right below `folder` divide it, or those of the only folder in it that is divided.

    None where nothing does: also where pictures or other folders with pictures lie beside that one.
    """
    folders = subfolders(folder)
    if (split := _divided(folders, side)) is not None:
        return split
    if not within or not 0 < len(folders) <= _FEW:
        return None
    inner = {one: found for one in folders if (found := split_of(one, side, within=within - 1)) is not None}
    inner = {one: found for one, found in inner.items() if found.kept and _holds_pictures(found.taught[0])}
    if len(inner) != 1 or _holds_pictures(folder, below=False):
        return None
    return None if any(_holds_pictures(one) for one in folders if one not in inner) else next(iter(inner.values()))


def _holds_pictures(folder: Path, *, below: bool = True) -> bool:
    """Tell whether there is a file that is called as a picture."""
    for _, folders, files in os.walk(folder):
        if any(os.path.splitext(name)[1].lower() in SUFFIXES and not is_hidden(name) for name in files):  # noqa: PTH122
            return True
        folders[:] = [name for name in folders if below and not is_hidden(name)]
    return False


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
    roles: dict[str, Path] = {}
    for folder in folders:
        roles.setdefault(_role(folder, side), folder)
    learnt = next((roles[role] for role in _LEARNT if role in roles), None)
    if learnt is None:
        return None
    checked = next((roles[role] for role in _CHECKED if role in roles), None)
    if checked is None and len(folders) > 1 and not _is_of_side(learnt, side):
        return None  # a class of trains
    rest = [folder for folder in folders if folder not in (learnt, checked) and not _is_other_side(folder, side)]
    kept = () if checked is None else (_unpacked(checked, side),)
    return Split((_unpacked(learnt, side),), kept, tuple(rest))


def _unpacked(part: Path, side: str) -> Path:
    """Return the folder of the same role within, where there is nothing else (training_set/training_set)."""
    inner = subfolders(part)
    same = len(inner) == 1 and _role(inner[0], side) == _role(part, side)
    return inner[0] if same and not _holds_pictures(part, below=False) else part


def _role(folder: Path, side: str) -> str:
    name = unicodedata.normalize("NFKC", folder.name).casefold()
    part = _PART.fullmatch(name) or _PART.fullmatch(name.removesuffix(side))
    return part[1] if part else name


def _is_of_side(folder: Path, side: str) -> bool:
    return bool(side) and _role(folder, "") not in (*_LEARNT, *_CHECKED)


def _is_other_side(folder: Path, side: str) -> bool:
    return any(_role(folder, other) in (*_LEARNT, *_CHECKED) for other in _SIDES if side and other != side)
