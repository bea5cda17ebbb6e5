"""Which picture files are meant by folders, files and lists.

A folder means every picture below it. A list (.txt) names a file or folder a line, relative to where the list lies;
empty lines and those that begin with # are skipped. Hidden and system files are passed over. The order is the same on
every computer: folders sorted by path, sources and lists as they were given.
"""

import os
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from unicodedata import normalize

from studio.core.events import Job, Progress, finish
from studio.core.failures import StudioError
from studio.core.file_names import is_hidden, is_systems_own
from studio.training.data.splits import SUFFIXES, is_folder

__all__ = ["absolute", "find_pictures", "listing", "no_pictures", "require"]

_IN_A_ROW = 500
"""Pictures found between two signs of life: some milliseconds, more on a network's disk."""


def find_pictures(sources: Sequence[Path]) -> list[Path]:
    """Return the picture files that `sources` (folders, files, lists) mean, each once.

    Raises:
        StudioError: a source or something on a list is not there or may not be read, or there is no picture at all.

    """
    if not (found := finish(listing(sources))):
        raise no_pictures(sources)
    return found


def listing(sources: Collection[Path]) -> Job[list[Path]]:
    """Return every picture that the sources mean, each once."""
    found: dict[Path, None] = {}
    for path in _pictures_in_sources(sources):
        found.setdefault(absolute(path))
        if len(found) % _IN_A_ROW == 0:
            yield Progress("Looking for pictures", len(found))
    return list(found)


def _pictures_in_sources(sources: Collection[Path]) -> Iterator[Path]:
    for source in sources:
        require(source)
        if len(sources) > 1 and is_systems_own(source.name):
            continue  # “share/*” names wastebaskets as well; whoever names one alone means it
        if source.is_dir():
            yield from _pictures_below(source)
        elif source.suffix.lower() == ".txt":
            yield from _pictures_in_list(source)
        elif not is_systems_own(source.name):
            yield source


def _pictures_below(folder: Path, entered: frozenset[str] = frozenset()) -> Iterator[Path]:
    """Walk a folder in the order of its names; follows links, but never in a circle."""
    real = os.path.realpath(folder)
    if real in entered:
        return
    try:
        with os.scandir(folder) as listing:
            entries = sorted((entry.name, is_folder(entry), entry.path) for entry in listing)
    except OSError as error:
        raise _unreadable(folder, error) from error
    for name, goes_on, path in entries:
        if is_hidden(name):
            continue
        if goes_on:
            yield from _pictures_below(folder / name, entered | {real})
        elif os.path.splitext(name)[1].lower() in SUFFIXES and os.path.isfile(path):  # noqa: PTH113, PTH122 - fast
            yield folder / name


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
        named = listing.parent / Path(entry).expanduser()
        path = next((form for form in (named, *_other_forms(named)) if form.exists()), None)
        if path is None:
            raise StudioError(
                f"Line {number} of “{listing.name}” names a file that is not there ({named}).",
                "Correct or remove that line; paths count from the folder in which the list lies.",
            )
        if is_systems_own(path.name):
            continue
        if path.is_dir():
            yield from _pictures_below(path)
        else:
            yield path


def _other_forms(path: Path) -> Iterator[Path]:
    """Write a path as Linux and Windows do, and as Macs do: a list may come from elsewhere than its pictures."""
    return (Path(normalize(form, str(path))) for form in ("NFC", "NFD"))


def absolute(path: Path) -> Path:
    """Give each file one name: absolute, without dots. Links stay: theirs is the name that the artist knows."""
    return Path(os.path.abspath(path))  # noqa: PTH100 - Path.absolute() leaves “..” in


def require(source: Path) -> None:
    """Raise StudioError where a source is not there."""
    if not source.exists():
        raise StudioError(f"{source} is not there.", "Check the path, or choose the folder again.")


def _unreadable(path: Path, error: OSError) -> StudioError:
    return StudioError(
        f"{path} cannot be read ({error.strerror or error}).", "Change its permissions, or take it out of the data."
    )


def no_pictures(sources: Sequence[Path]) -> StudioError:
    """Return what is raised where the sources hold nothing to learn from."""
    where = ", ".join(f"“{source.name or source}”" for source in sources[:3]) + (" …" if len(sources) > 3 else "")
    cause = f"There are no pictures in {where}." if sources else "No folder was chosen."
    return StudioError(cause, "Choose a folder with pictures in it: JPEG, PNG, TIFF, WebP or another usual kind.")
