"""The library as jobs: reading it, its small versions, the wastebasket, the artist's marks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, TypeAlias

from studio.core.controls import Controls
from studio.core.events import Job, Picture, Progress
from studio.core.failures import StudioError
from studio.core.library import Library, LibraryEntry
from studio.core.library_index import IndexedResult, LibraryIndex
from studio.core.library_marks import Mark
from studio.core.lineage import in_stacks

Stack: TypeAlias = tuple[IndexedResult, ...]
"""Versions of one painting, oldest first; most results stand alone."""


@dataclass(frozen=True, slots=True)
class LibraryLook:
    """What is in a library and in its wastebasket: versions of one painting together, oldest first."""

    kept: tuple[Stack, ...]
    deleted: tuple[Stack, ...]


@dataclass(frozen=True, slots=True, eq=False)
class MoveTask:
    """Which results go from one library to another, such as the wastebasket.

    Each of `paths` is brought up to date as it moves, so that whoever holds the list can ask for the way back at any
    time.
    """

    paths: list[Path]
    source: Library
    target: Library


@dataclass(frozen=True, slots=True, eq=False)
class MarkTask:
    """What to say of which results of a library: by the names of their files."""

    library: Library
    marks: Mapping[str, Mark]


def read_library(task: tuple[LibraryIndex, LibraryIndex], controls: Controls[Any]) -> Job[LibraryLook]:
    """Say what is in a library and in its wastebasket; the two indexes remember what they have read.

    Raises:
        StudioError: a folder cannot be read.

    """
    library, wastebasket = task
    kept = _stacked((yield from library.read()))
    return LibraryLook(kept, _stacked((yield from wastebasket.read())))


def _stacked(newest_first: Sequence[IndexedResult]) -> tuple[Stack, ...]:
    return in_stacks([(result, result.trunk) for result in reversed(newest_first)])


def small_versions(task: tuple[Path, ...], controls: Controls[Any]) -> Job[Mapping[Path, Picture | None]]:
    """Return small versions of results, None of those that cannot be read."""
    found: dict[Path, Picture | None] = {}
    for number, path in enumerate(task):
        yield Progress("Opening small versions", number, len(task))
        try:
            found[path] = LibraryEntry(path, datetime.min).thumbnail()
        except StudioError:
            found[path] = None
    return found


def move_results(task: MoveTask, controls: Controls[Any]) -> Job[int]:
    """Move results with their marks; returns how many.

    Raises:
        StudioError: one cannot be moved; all others are.

    """
    failures = []
    for number, path in enumerate(task.paths):
        yield Progress("Moving", number, len(task.paths))
        try:
            task.paths[number] = task.source.move(path, task.target)
        except StudioError as error:
            failures.append(error)
    if failures:
        raise failures[0]
    return len(task.paths)


def empty_wastebasket(task: Library, controls: Controls[Any]) -> Job[int]:
    """Delete for good whatever is in the wastebasket of a library; returns how many results that were.

    Raises:
        StudioError: one cannot be deleted.

    """
    entries = task.wastebasket.entries()
    for number, entry in enumerate(entries):
        yield Progress("Emptying the wastebasket", number, len(entries))
        task.wastebasket.remove(entry.path)
    return len(entries)


def mark_results(task: MarkTask, controls: Controls[Any]) -> Job[None]:
    """Keep the artist's remarks.

    Raises:
        WriteError: the disk does not take them.

    """
    for number, (name, mark) in enumerate(task.marks.items()):
        yield Progress("Keeping marks", number, len(task.marks))
        task.library.marks.set(name, mark)
