"""Which pictures an artist means by the folders, files and lists that were dropped.

A folder means every picture below it. A list (.txt) names a file or folder a line, relative to where the list lies;
empty lines and those that begin with # are skipped. Whatever begins with a dot is hidden, and stays so. The order is
the same on every computer: folders sorted by path, sources and lists as they were given.
"""

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from studio.core.events import Job, Progress, finish
from studio.core.failures import StudioError
from studio.core.file_names import readable
from studio.training.data.idx_files import IdxPictures, find_idx_pairs

__all__ = ["SUFFIXES", "LabelledFiles", "find_classes", "find_classes_in", "find_pictures", "finding_pictures"]

SUFFIXES = frozenset(
    f".{suffix}"
    for suffix in (
        *("jpg", "jpeg", "jpe", "jfif", "mpo", "png", "apng", "webp", "avif", "bmp", "dib", "gif", "tif", "tiff"),
        *("jp2", "j2k", "ppm", "pgm", "pbm", "pnm", "tga", "psd", "qoi"),
    )
)
"""What a picture in a folder is recognised by; a file that is named itself may be called anything."""

_IN_A_ROW = 500
"""Pictures found between two signs of life: some milliseconds, more on a network's disk."""
_SYSTEMS_OWN = frozenset({"__MACOSX", "@eaDir", "$RECYCLE.BIN", "System Volume Information"})


@dataclass(frozen=True, slots=True)
class LabelledFiles:
    """Pictures with a class each: `files[i]` shows `names[labels[i]]`.

    `loose` are pictures beside the classes' folders: they belong to none of them, and are left out.
    """

    names: tuple[str, ...]
    files: tuple[Path, ...]
    labels: tuple[int, ...]
    loose: tuple[Path, ...] = ()


def find_pictures(sources: Sequence[Path]) -> list[Path]:
    """Return the picture files that `sources` (folders, files, lists) mean, each once.

    Raises:
        StudioError: a source or something on a list is not there or may not be read, or there is no picture at all.

    """
    return finish(finding_pictures(sources))


def finding_pictures(sources: Sequence[Path]) -> Job[list[Path]]:
    """Do what `find_pictures` does, with a sign of life every few hundred files."""
    found: dict[Path, None] = {}
    for path in _pictures_in_sources(sources):
        found.setdefault(_absolute(path))
        if len(found) % _IN_A_ROW == 0:
            yield Progress("Looking for pictures", len(found))
    if not found:
        raise _no_pictures(sources)
    return list(found)


def find_classes(source: Path, *, deepest: bool = False) -> LabelledFiles | IdxPictures:
    """Return the pictures of `source` with their classes.

    `source` is a folder with a folder per class, or MNIST's kind of file pairs (idx3-ubyte and idx1-ubyte, also .gz): a
    folder of them, or the pictures' file.

    Args:
        source: where they are.
        deepest: a class is every folder that holds pictures itself, named by its path (“photo/horse”), rather than
            every folder right below `source` with all that is in it.

    Raises:
        StudioError: there are no pictures, fewer than two classes, or files that do not belong together.

    """
    if pairs := find_idx_pairs(source):
        return IdxPictures(pairs)
    _require(source)
    if not source.is_dir():
        raise StudioError(f"“{source.name}” is not a folder.", "Choose a folder that holds a folder for each class.")
    by_class: dict[str, list[Path]] = {}
    loose: list[Path] = []
    for path in _pictures_below(source):
        parts = path.relative_to(source).parts[:-1]
        if parts:
            by_class.setdefault(readable("/".join(parts if deepest else parts[:1])), []).append(_absolute(path))
        else:
            loose.append(_absolute(path))
    if not by_class and not loose:
        raise _no_pictures([source])
    if len(by_class) < 2:
        raise _too_few_classes(source, tuple(by_class))
    names = tuple(sorted(by_class))
    labelled = [(path, label) for label, name in enumerate(names) for path in by_class[name]]
    return LabelledFiles(
        names, tuple(path for path, _ in labelled), tuple(label for _, label in labelled), tuple(loose)
    )


def find_classes_in(sources: Sequence[Path], *, deepest: bool = False) -> LabelledFiles | IdxPictures:
    """Return the pictures of one or several sources with their classes; folders of equal names are the same class.

    Raises:
        StudioError: see `find_classes`; or idx files stand beside other sources.

    """
    found = [find_classes(source, deepest=deepest) for source in sources]
    if len(found) == 1:
        return found[0]
    folders = [one for one in found if isinstance(one, LabelledFiles)]
    if not folders:
        raise _no_pictures(sources) if not found else _not_together()
    if len(folders) < len(found):
        raise _not_together()
    class_of = {path: one.names[label] for one in folders for path, label in zip(one.files, one.labels, strict=True)}
    names = tuple(sorted(set(class_of.values())))
    numbers = {name: number for number, name in enumerate(names)}
    loose = tuple(path for one in folders for path in one.loose)
    return LabelledFiles(names, tuple(class_of), tuple(numbers[name] for name in class_of.values()), loose)


def _pictures_in_sources(sources: Iterable[Path]) -> Iterator[Path]:
    for source in sources:
        _require(source)
        if source.is_dir():
            yield from _pictures_below(source)
        elif source.suffix.lower() == ".txt":
            yield from _pictures_in_list(source)
        else:
            yield source


def _pictures_below(folder: Path, entered: frozenset[str] = frozenset()) -> Iterator[Path]:
    """Walk a folder in the order of its names; follows links, but never in a circle."""
    real = os.path.realpath(folder)
    if real in entered:
        return
    try:
        with os.scandir(folder) as listing:
            entries = sorted((entry.name, _is_folder(entry), entry.path) for entry in listing)
    except OSError as error:
        raise _unreadable(folder, error) from error
    for name, is_folder, path in entries:
        if name.startswith(".") or name in _SYSTEMS_OWN:
            continue
        if is_folder:
            yield from _pictures_below(folder / name, entered | {real})
        elif os.path.splitext(name)[1].lower() in SUFFIXES and os.path.isfile(path):  # noqa: PTH113, PTH122 - fast
            yield folder / name


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link to itself, or to where one may not look
        return False


def _pictures_in_list(listing: Path) -> Iterator[Path]:
    try:
        lines = listing.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise StudioError(
            f"The list “{listing.name}” is not plain text (UTF-8).", "Save it as UTF-8 text, with a file a line."
        ) from error
    except OSError as error:
        raise _unreadable(listing, error) from error
    for number, line in enumerate(lines, 1):
        entry = line.strip()
        if not entry or entry.startswith("#"):
            continue
        path = listing.parent / Path(entry).expanduser()
        if not path.exists():
            raise StudioError(
                f"Line {number} of “{listing.name}” names a file that is not there ({path}).",
                "Correct or remove that line; paths count from the folder in which the list lies.",
            )
        yield from _pictures_below(path) if path.is_dir() else [path]


def _absolute(path: Path) -> Path:
    """Give each file one name: absolute, without dots. Links stay: theirs is the name that the artist knows."""
    return Path(os.path.abspath(path))  # noqa: PTH100 - Path.absolute() leaves “..” in


def _require(source: Path) -> None:
    if not source.exists():
        raise StudioError(f"{source} is not there.", "Check the path, or choose the folder again.")


def _unreadable(path: Path, error: OSError) -> StudioError:
    return StudioError(
        f"{path} cannot be read ({error.strerror or error}).", "Change its permissions, or take it out of the data."
    )


def _no_pictures(sources: Sequence[Path]) -> StudioError:
    where = ", ".join(f"“{source.name or source}”" for source in sources[:3]) + (" …" if len(sources) > 3 else "")
    cause = f"There are no pictures in {where}." if sources else "No folder was chosen."
    return StudioError(cause, "Choose a folder with pictures in it: JPEG, PNG, TIFF, WebP or another usual kind.")


def _not_together() -> StudioError:
    return StudioError(
        "MNIST's kind of files and other sources cannot be learnt from together.", "Choose one set of them alone."
    )


def _too_few_classes(source: Path, names: tuple[str, ...]) -> StudioError:
    found = f"only one class, “{names[0]}”" if names else "pictures, but no folders to tell them apart"
    return StudioError(
        f"“{source.name}” holds {found}.", "Put the pictures of each class into a folder of its own, at least two."
    )
