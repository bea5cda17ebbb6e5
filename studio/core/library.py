"""The library: every finished result, kept losslessly with its recipe and with the pictures that went into it.

Atelier/
  2026-11-20 14.03.22 astronaut.png     results: 16 bits a channel, never overwritten
  inputs/<sha256>.<suffix>              the very files that went in, each once
  wastebasket/                          results that were deleted, until it is emptied
  .thumbnails/, .index.json             small versions, what recipes say: made again when missing
  .marks/                               stars, and words of the artist's own
"""

import hashlib
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from pathlib import Path
from unicodedata import normalize

from studio.core.atomic import WriteError, write_error, write_file, write_new_file
from studio.core.events import DeepPicture, Picture
from studio.core.failures import StudioError
from studio.core.images import LoadedPicture, PictureError, load_picture, read_recipe, thumbnail
from studio.core.library_marks import LibraryMarks, Mark
from studio.core.picture_saving import SUFFIXES, encode
from studio.core.recipes import Recipe
from studio.core.samples import find_sample

THUMBNAIL_SIDE = 256
_TIME_STAMP = re.compile(r"^\d{4}-\d\d-\d\d \d\d\.\d\d\.\d\d ")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_INPUT_SUFFIX = re.compile(r"\.[a-z0-9]{1,5}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class LibraryEntry:
    """One result; its recipe and thumbnail are read only when asked for."""

    path: Path
    made: datetime

    @property
    def subject(self) -> str:
        """What was painted, by the file's name."""
        return _TIME_STAMP.sub("", self.path.stem)

    def recipe(self) -> Recipe | None:
        """Read the recipe from the file.

        Raises:
            StudioError: the file or its recipe cannot be read.

        """
        return read_recipe(self.path)

    def thumbnail(self) -> Picture:
        """Return a small version, from the thumbnails' folder where there is a fresh one.

        Raises:
            PictureError: the result cannot be read.

        """
        stored = _thumbnail_path(self.path)
        try:
            if stored.stat().st_mtime_ns >= self.path.stat().st_mtime_ns:
                return load_picture(stored).pixels
        except (OSError, PictureError):
            pass  # missing or damaged: it is made again
        small = thumbnail(load_picture(self.path).pixels, THUMBNAIL_SIDE)
        _store_thumbnail(self.path, small)
        return small


class Library:
    """Results and their inputs in one folder; safe to use from several processes at once.

    Args:
        root: the folder; made when the first result is kept.

    """

    def __init__(self, root: Path) -> None:
        self.root = root

    @property
    def inputs(self) -> Path:
        """Where copies of the pictures that went in are kept."""
        return self.root / "inputs"

    @property
    def wastebasket(self) -> "Library":
        """Where deleted results lie, with their marks, until it is emptied."""
        return Library(self.root / "wastebasket")

    @property
    def marks(self) -> LibraryMarks:
        """The artist's own remarks about results."""
        return LibraryMarks(self.root)

    def keep(
        self, picture: DeepPicture, recipe: Recipe, inputs: Sequence[LoadedPicture], *, ai_mark: bool = True
    ) -> Path:
        """Store a result and copies of its inputs; returns the result's path.

        Raises:
            WriteError: the disk does not take it.

        """
        for used in inputs:
            self.keep_input(used)
        data = encode("PNG", picture, recipe=recipe, bits=16, ai_mark=ai_mark)
        self._make_folder(self.root)
        path = write_new_file(self._free_names(recipe, inputs), data)
        _store_thumbnail(path, thumbnail(picture, THUMBNAIL_SIDE))
        return path

    def keep_input(self, picture: LoadedPicture) -> Path | None:
        """Store the file of a picture that went in, once; None if its file has changed or gone since it was opened."""
        present = self._stored_input(picture.sha256)
        if present is not None:
            return present
        data = picture.encoded if picture.encoded is not None else _read(picture.path)
        if data is None or hashlib.sha256(data).hexdigest() != picture.sha256:
            return None
        suffix = Path(picture.name).suffix if picture.path is None else picture.path.suffix
        if not _INPUT_SUFFIX.fullmatch(suffix):
            suffix = ".png" if data.startswith(b"\x89PNG") else ".picture"
        self._make_folder(self.inputs)
        path = self.inputs / (picture.sha256 + suffix.lower())
        write_file(path, data)
        return path

    def note_place(self, picture: LoadedPicture) -> None:
        """Remember where the file of a picture lies, instead of keeping a copy: those of a whole folder are many."""
        if picture.path is not None:
            self._make_folder(self.inputs)
            write_file(self._note(picture.sha256), os.fsencode(picture.path.absolute()))

    def move(self, path: Path, to: "Library") -> Path:
        """Move one result to another library on the same disk, such as the wastebasket, with its marks.

        Returns:
            where it is now; another name where that one was taken.

        Raises:
            StudioError: it cannot be moved; it is still where it was.

        """
        self._make_folder(to.root)
        names = (path.name, *(f"{path.stem} {number}{path.suffix}" for number in range(2, 1000)))
        target = next((to.root / name for name in names if not (to.root / name).exists()), to.root / path.name)
        try:
            path.rename(target)
        except FileNotFoundError as error:
            raise StudioError(f"“{path.name}” is not there any more.", "Another program may have moved it.") from error
        except OSError as error:
            raise StudioError(
                f"“{path.name}” cannot be moved to {to.root} ({error.strerror}).", "Check the folder's permissions."
            ) from error
        mark = self.marks.of(path.name)
        if mark != Mark():
            to.marks.set(target.name, mark)
            self.marks.set(path.name, Mark())
        with suppress(OSError):  # made again where it is missing
            _thumbnail_path(target).parent.mkdir(exist_ok=True)
            _thumbnail_path(path).rename(_thumbnail_path(target))
        return target

    def remove(self, path: Path) -> None:
        """Delete one result for good.

        Raises:
            StudioError: that is not allowed.

        """
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise StudioError(
                f"“{path.name}” cannot be deleted ({error.strerror}).", "Check the folder's permissions."
            ) from error
        self.marks.set(path.name, Mark())
        with suppress(OSError):
            _thumbnail_path(path).unlink()

    def entries(self) -> tuple[LibraryEntry, ...]:
        """Return the results, newest first; opens none of them."""
        found: list[tuple[int, str, Path]] = []
        for path in self._picture_files():
            try:
                status = path.stat()
            except OSError:
                continue  # just removed
            if status.st_size > 0:  # empty: another process is just writing it
                found.append((status.st_mtime_ns, path.name, path))
        newest_first = sorted(found, reverse=True)
        return tuple(LibraryEntry(path, datetime.fromtimestamp(time / 1e9)) for time, _, path in newest_first)

    def _picture_files(self) -> list[Path]:
        try:
            files = list(self.root.iterdir())
        except (FileNotFoundError, NotADirectoryError):
            return []  # nothing has been kept yet
        except OSError as error:
            raise StudioError(
                f"The library cannot be read ({self.root}: {error.strerror}).", "Check the folder's permissions."
            ) from error
        return [path for path in files if path.suffix.lower() in SUFFIXES and not path.name.startswith(".")]

    def find_input(self, sha256: str, name: str, extra_folders: Iterable[Path] = ()) -> Path | None:
        """Return a file with exactly this content: from the library, the packaged samples, or `extra_folders` by name.

        A recipe names its inputs by file name and sha256 only: paths are nobody else's business.
        """
        stored = self._stored_input(sha256)
        if stored is not None:
            return stored
        sample = find_sample(sha256)
        if sample is not None:
            return sample
        forms = dict.fromkeys((name, normalize("NFC", name), normalize("NFD", name)))  # Macs write “é” as two signs
        beside = (folder / Path(form).name for folder in extra_folders for form in forms)
        candidates = (*beside, *self._noted_places(sha256))
        return next((path for path in candidates if _sha256(path) == sha256), None)

    def _stored_input(self, sha256: str) -> Path | None:
        if not _SHA256.fullmatch(sha256):
            return None
        return next((path for path in sorted(self.inputs.glob(f"{sha256}.*")) if _sha256(path) == sha256), None)

    def _noted_places(self, sha256: str) -> list[Path]:
        note = _read(self._note(sha256)) if _SHA256.fullmatch(sha256) else None
        return [] if note is None else [Path(os.fsdecode(note))]

    def _note(self, sha256: str) -> Path:
        return self.inputs / f"{sha256}.place"

    def _free_names(self, recipe: Recipe, inputs: Sequence[LoadedPicture]) -> Iterator[Path]:
        names = [record.name for record in recipe.inputs] + [picture.name for picture in inputs]
        subject = _safe_name(Path(names[0]).stem) if names else recipe.task
        stopped = ", stopped" if recipe.is_stopped else ""
        stem = f"{datetime.now():%Y-%m-%d %H.%M.%S} {subject}{stopped}".strip()
        yield self.root / f"{stem}.png"
        for number in count(2):
            yield self.root / f"{stem} {number}.png"

    def _make_folder(self, folder: Path) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except FileExistsError as error:
            raise WriteError(
                f"The library's folder cannot be made: a file is in its place ({folder}).",
                "Move that file away, or choose another folder for the library.",
            ) from error
        except OSError as error:
            raise write_error(folder, error) from error


def _safe_name(name: str) -> str:
    """Return `name` without what some file system refuses, and not longer than one may be beside date and suffix."""
    plain = re.sub(r'[\x00-\x1f<>:"/\\|?*]+', "_", name).strip(" .")[:60]
    return plain.encode()[:180].decode(errors="ignore").strip(" .")


def _read(path: Path | None) -> bytes | None:
    try:
        return path.read_bytes() if path is not None else None
    except OSError:
        return None


def _sha256(path: Path) -> str:
    data = _read(path)
    return "" if data is None else hashlib.sha256(data).hexdigest()


def _thumbnail_path(path: Path) -> Path:
    return path.parent / ".thumbnails" / f"{path.name}.png"


def _store_thumbnail(path: Path, small: Picture) -> None:
    """Store the small version of `path`; where that fails it is only made again next time."""
    stored = _thumbnail_path(path)
    try:
        stored.parent.mkdir(exist_ok=True)
        write_file(stored, encode("PNG", small, recipe=None, ai_mark=False))
    except (OSError, WriteError):
        return
