"""What there is to say of every result in a library without opening one: read from their recipes, and kept in one file.

Of five thousand results only those are looked into that are new or have changed since the last time.
"""

import hashlib
import json
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from PIL import Image
from pydantic import ValidationError

from studio.core import picture_tasks
from studio.core.atomic import WriteError, write_file
from studio.core.events import Job, Progress
from studio.core.failures import StudioError
from studio.core.images import read_recipe
from studio.core.library import Library, LibraryEntry
from studio.core.library_marks import Mark
from studio.core.lineage import Trunk, trunk_of
from studio.core.looks import built_in_looks
from studio.core.picture_task import CONTENT
from studio.core.picture_tasks import picture_task_named
from studio.core.presets import Look, LookFolder
from studio.core.recipes import Recipe
from studio.core.samples import title_of_sample
from studio.core.settings import describe

__all__ = ["IndexedResult", "LibraryIndex", "plain"]

_VERSION = 2
_HEAD = 2**18
"""Bytes in which a PNG of ours has its size and its recipe, unless a very long evening was steered."""
_IN_A_ROW = 20
"""Results between two signs of life: some milliseconds where they are new."""


@dataclass(frozen=True, slots=True)
class _Facts:
    """What a result's file tells, as the index keeps it."""

    task: str = ""
    subject: str = ""
    manner: tuple[str, ...] = ()
    width: int = 0
    height: int = 0
    words: str = ""
    trunk: Trunk | None = None

    @classmethod
    def read(cls, data: Any) -> "_Facts":
        """Read what JSON gives back."""
        trunk = data.pop("trunk")
        steps = () if trunk is None else tuple((at, done) for at, done in trunk.pop("steps"))
        return cls(
            **{**data, "manner": tuple(data["manner"])}, trunk=None if trunk is None else Trunk(**trunk, steps=steps)
        )


@dataclass(frozen=True, slots=True)
class IndexedResult:
    """A result of the library and what is known of it.

    Args:
        path: its file.
        made: when.
        task: the name of what it was made by, "" where there is no recipe.
        subject: what was worked on: the photo's name; and whether it was stopped before it was done.
        manner: what it was painted after: titles of paintings, or the fast style's name.
        width: px; 0 where the file cannot be read.
        height: px.
        trunk: tells whose version it is.
        mark: the artist's own remarks.
        sought: everything that a search finds it by, as `plain` leaves it.

    """

    path: Path
    made: datetime
    task: str = ""
    subject: str = ""
    manner: tuple[str, ...] = ()
    width: int = 0
    height: int = 0
    trunk: Trunk | None = None
    mark: Mark = field(default=Mark())
    sought: str = ""

    @property
    def task_title(self) -> str:
        """The panel that made it, "" where that is not known."""
        task = picture_task_named(self.task)
        return "" if task is None else task.title

    @property
    def size_in_words(self) -> str:
        """Its size in pixels, "" where the file cannot be read."""
        return f"{self.width:,} × {self.height:,}" if self.width else ""


class LibraryIndex:
    """Knows the results of one library; for one thread at a time.

    Args:
        library: the folder.
        looks: the artist's own looks, by whose names pictures are found; by default those of this user.

    """

    def __init__(self, library: Library, looks: LookFolder | None = None) -> None:
        self.library, self._folder_of_looks = library, looks or LookFolder.standard()
        self._looks: tuple[Look, ...] = ()
        self._file = library.root / ".index.json"
        self._known: dict[str, tuple[int, _Facts]] | None = None
        self._results: dict[str, IndexedResult] = {}

    def read(self) -> Job[tuple[IndexedResult, ...]]:
        """Return every result, newest first.

        Raises:
            StudioError: the folder cannot be read.

        """
        yield Progress("Reading the library")
        if (looks := tuple(_looks_in(self._folder_of_looks))) != self._looks:
            self._looks, self._known, self._results = looks, None, {}  # pictures may have other names for their looks
        known = self._load() if self._known is None else self._known
        entries, marks, nothing = self.library.entries(), self.library.marks.all(), Mark()
        yield Progress("Reading the library")
        facts: dict[str, tuple[int, _Facts]] = {}
        results: dict[str, IndexedResult] = {}
        looked_into = 0
        for number, entry in enumerate(entries):
            name, stamp = entry.path.name, round(entry.made.timestamp() * 1e6)
            there, result = known.get(name), self._results.get(name)
            if there is None or there[0] != stamp:
                there, result = (stamp, _look_into(entry, self._looks)), None
                looked_into += 1
            mark = marks.get(name, nothing)
            if result is None or result.mark != mark:
                result = _result(entry, there[1], mark)
            facts[name], results[name] = there, result
            if number % _IN_A_ROW == _IN_A_ROW - 1:
                yield Progress("Reading the library", number, len(entries))
        self._known, self._results = facts, results
        if looked_into or len(known) != len(facts):
            self._store(facts)
        return tuple(results.values())

    def _load(self) -> dict[str, tuple[int, _Facts]]:
        with suppress(OSError, ValueError, TypeError, KeyError, AttributeError):  # it is made again
            stored = json.loads(self._file.read_bytes())
            if (stored["version"], stored["looks"]) == (_VERSION, _checksum(self._looks)):
                return {name: (stamp, _Facts.read(facts)) for name, (stamp, facts) in stored["results"].items()}
        return {}

    def _store(self, facts: Mapping[str, tuple[int, _Facts]]) -> None:
        results = {name: (stamp, asdict(said)) for name, (stamp, said) in facts.items()}
        with suppress(WriteError):  # next time it only takes longer
            table = {"version": _VERSION, "looks": _checksum(self._looks), "results": results}
            write_file(self._file, json.dumps(table).encode())


def plain(text: str) -> str:
    """Return text as it is searched: small letters without accents."""
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in apart if not unicodedata.combining(letter))


def _result(entry: LibraryEntry, facts: _Facts, mark: Mark) -> IndexedResult:
    task = picture_task_named(facts.task)
    said = (
        facts.subject, *facts.manner, facts.words, mark.words, "" if task is None else task.title,
        entry.path.stem, f"{entry.made:%d %B %Y %A}", f"{facts.width} × {facts.height}",
    )  # fmt: skip
    return IndexedResult(
        entry.path, entry.made, facts.task, facts.subject, facts.manner, facts.width, facts.height, facts.trunk, mark,
        plain("\n".join(said)),
    )  # fmt: skip


def _looks_in(folder: LookFolder) -> Iterator[Look]:
    """Return every look that a picture may have, as this version understands it."""
    for task in picture_tasks.PICTURE_TASKS:
        yield from built_in_looks(task.name, task.settings)
        yield from (look.understood(task.settings) for look in folder.looks(task.name))


def _checksum(looks: Sequence[Look]) -> str:
    told = [(look.name, look.task, sorted(look.settings.items())) for look in looks]
    return hashlib.sha256(json.dumps(told, default=str).encode()).hexdigest()


def _look_into(entry: LibraryEntry, looks: Sequence[Look]) -> _Facts:
    """Read size and recipe; a file that tells neither is known by its name alone."""
    recipe: Recipe | None = None
    width = height = 0
    with suppress(OSError, StudioError), entry.path.open("rb") as file:
        head = file.read(_HEAD)
        recipe = read_recipe(head if b"IDAT" in head else entry.path)
    with suppress(OSError, ValueError, SyntaxError, Image.DecompressionBombError), Image.open(entry.path) as picture:
        width, height = picture.size
    if recipe is None:
        return _Facts(subject=entry.subject, width=width, height=height)
    photo = next((record for record in recipe.inputs if record.role == CONTENT), None)
    subject = entry.subject if photo is None else title_of_sample(photo.sha256) or Path(photo.name).stem
    if photo is not None and recipe.is_stopped:
        subject += ", stopped"
    others = [record for record in recipe.inputs if record.role not in (CONTENT, "branch")]
    manner = [title_of_sample(record.sha256) or Path(record.name).stem for record in others]
    return _Facts(
        recipe.task, subject, (*manner, *_networks_that_paint(recipe)), width, height, _in_words(recipe, looks),
        trunk_of(recipe),
    )  # fmt: skip


def _networks_that_paint(recipe: Recipe) -> Iterator[str]:
    """Name what a picture was painted after where no painting went in."""
    if recipe.settings.get("method") == "instant":
        yield str(recipe.settings.get("fast_style", "")).removesuffix(".safetensors")


def _in_words(recipe: Recipe, looks: Sequence[Look]) -> str:
    """Name the looks of a picture, and what was set otherwise than a newcomer finds it, in the words of the form."""
    task = picture_task_named(recipe.task)
    if task is None:
        return ""
    words = []
    with suppress(ValidationError):  # of a later version
        settings = task.settings.model_validate(recipe.settings)
        words += [look.name for look in looks if look.task == task.name and look.settings and look.is_on(settings)]
    for info in describe(task.settings):
        value = recipe.settings.get(info.name, info.default)
        if info.kind == "structure":
            words.append(str(value["name"]) if isinstance(value, dict) and value.get("name") else "")
            continue
        if value != info.default and value != list(info.default if isinstance(info.default, tuple) else ()):
            words.append(f"{info.label} {info.choices.get(str(value), value)}")
    return ", ".join(filter(None, words))
