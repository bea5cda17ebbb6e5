"""Many photos with one look: what is to be done, what is done already, and how it went. Window and command line alike.

What is done is read from the pictures themselves: one whose recipe begins with the same photo, pictures and settings,
and tells of no hand on a slider, is the picture that would be made. So whatever was interrupted, by whom and when, goes
on where it was, and nothing is kept in step by hand.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path, PurePath
from typing import Any

from studio.core.atomic import write_error
from studio.core.controls import Controls
from studio.core.events import Job, Preview, Progress
from studio.core.failures import StudioError
from studio.core.file_names import readable
from studio.core.images import LoadedPicture, load_picture, metadata_of, read_recipe, save_picture
from studio.core.library import Library
from studio.core.library_index import LibraryIndex
from studio.core.lineage import Trunk, trunk_of
from studio.core.photo_metadata import MetadataChoice
from studio.core.picture_task import CONTENT, PictureRequest, PictureResult, PictureTask
from studio.core.recipes import InputRecord, Recipe
from studio.core.settings import Settings
from studio.jobs import catalog
from studio.jobs.picture_recipes import told
from studio.training.data.listing import listing

__all__ = [
    "BatchItem",
    "BatchLook",
    "GatherTask",
    "ItemMade",
    "ItemTask",
    "Outcome",
    "Report",
    "State",
    "gather",
    "made_before",
    "make_item",
    "with_outputs",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class BatchItem:
    """One photo of a batch.

    Args:
        photo: its file.
        name: what to call it: its path within what was given.
        output: where the result goes; None is the library.

    """

    photo: Path
    name: str
    output: Path | None = None


@dataclass(frozen=True, slots=True, eq=False)
class BatchLook:
    """What every photo of a batch is made with.

    Args:
        task: what is done.
        settings: its settings.
        inputs: what goes in beside the photo, by role.
        made_before: what the library holds already, where the results go there.

    """

    task: PictureTask
    settings: Settings
    inputs: Mapping[str, tuple[LoadedPicture, ...]] = field(default_factory=dict)
    made_before: Mapping[Trunk, Path] = field(default_factory=dict)

    def trunk(self, photo_sha256: str) -> Trunk:
        """Return how the recipe begins of what is made of this photo."""
        photo = InputRecord(role=CONTENT, name="", sha256=photo_sha256)
        others = (
            InputRecord(role=role, name=picture.name, sha256=picture.sha256)
            for role, pictures in self.inputs.items()
            for picture in pictures
        )
        return trunk_of(Recipe(task=self.task.name, settings=told(self.settings), inputs=(photo, *others)))


# -- what is to be done ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class GatherTask:
    """Which photos are meant: files, folders with everything below them, lists (.txt).

    Args:
        sources: as they were given.
        leave_out: files that are no photos of the batch, such as its painting.

    """

    sources: tuple[Path, ...]
    leave_out: tuple[Path, ...] = ()


def gather(task: GatherTask, controls: Controls[Any]) -> Job[tuple[BatchItem, ...]]:
    """Find the photos, each once; where they go is not decided yet.

    Raises:
        StudioError: a source is not there or may not be read, or there is no picture at all.

    """
    yield Progress("Looking for pictures")
    folders = [source for source in task.sources if source.is_dir()]
    left_out = {path.resolve() for path in task.leave_out}
    found: dict[Path, BatchItem] = {}
    for source in task.sources:
        for path in (yield from listing([source])):
            within = path.name
            if source.is_dir():
                top = source.absolute()
                within = str(path.relative_to(top)) if path.is_relative_to(top) else path.name
                if len(folders) > 1:
                    within = str(PurePath(source.resolve().name, within))
            if path.resolve() not in left_out:
                found.setdefault(path, BatchItem(path, within))
    if not found:
        where = ", ".join(f"“{readable(source.name)}”" for source in task.sources[:3])
        raise StudioError(
            f"There are no pictures in {where}.",
            "Choose photos, or a folder with photos in it: JPEG, PNG, TIFF, WebP …",
        )
    return tuple(found.values())


def with_outputs(items: Iterable[BatchItem], folder: Path | None, done: str, suffix: str) -> tuple[BatchItem, ...]:
    """Decide where each result goes: into `folder`, in the same folders as the photos have, or into the library.

    Args:
        items: the photos.
        folder: None is the library.
        done: what is done to them, behind each name: "holiday painted.png".
        suffix: of the files, which names their format.

    Returns:
        all of them but results of this same batch, where they lie among the photos.

    """
    if folder is None:
        return tuple(replace(item, output=None) for item in items)
    top, items = folder.absolute(), tuple(items)
    outside = tuple(item for item in items if top not in item.photo.absolute().parents)
    items = outside or items  # what lies in the results' folder, itself among the photos, is a result

    def proposed(item: BatchItem, *, whole_name: bool = False) -> Path:
        name = PurePath(item.name)
        return folder / name.parent / f"{name.name if whole_name else name.stem} {done}{suffix}"

    taken = Counter(str(proposed(item)).casefold() for item in items)
    placed: dict[str, BatchItem] = {}
    for item in items:
        path = proposed(item, whole_name=taken[str(proposed(item)).casefold()] > 1)  # a.jpg beside a.png
        number = 1
        while str(path).casefold() in placed:
            number += 1
            path = path.with_name(f"{PurePath(item.name).stem} {number} {done}{suffix}")
        placed[str(path).casefold()] = replace(item, output=path)
    results = {item.output.absolute() for item in placed.values() if item.output}
    return tuple(item for item in placed.values() if item.photo.absolute() not in results)


def made_before(library: Library) -> Job[Mapping[Trunk, Path]]:
    """Return what a library holds, by how it began."""
    results = yield from LibraryIndex(library).read()
    return {result.trunk: result.path for result in reversed(results) if result.trunk is not None}


# -- doing it ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class ItemTask:
    """One photo to be made something of.

    Args:
        item: which, and where the result goes.
        look: what it is made with; its settings are those of the controls.
        library: keeps results that go there, and what other ones were made from.
        ai_mark: say in the file that it was made with AI.
        metadata: what of the photo's metadata goes into the file.

    """

    item: BatchItem
    look: BatchLook
    library: Library
    ai_mark: bool = True
    metadata: MetadataChoice = "keep"


@dataclass(frozen=True, slots=True)
class ItemMade:
    """Where a result is; whether it was there before; its size in pixels, 0 where it was not looked at."""

    path: Path
    skipped: bool = False
    width: int = 0
    height: int = 0


def make_item(task: ItemTask, controls: Controls[Any]) -> Job[ItemMade]:
    """Make one picture of a batch, unless it is there.

    Raises:
        StudioError: the photo cannot be opened or worked on, something else is in the result's place, or the disk does
            not take it.

    """
    item, look = task.item, task.look
    yield Progress(f"Opening {PurePath(item.name).name}")
    digest = _sha256(item.photo)
    expected = look.trunk(digest)
    there = look.made_before.get(expected) if item.output is None else _result_at(item.output, expected, digest)
    if there is not None and there.exists():
        return ItemMade(there, skipped=True)
    photo = load_picture(item.photo)
    request = PictureRequest({CONTENT: (photo,), **look.inputs})
    result: PictureResult = yield from _without_pictures(catalog.start(look.task.name, request, controls))
    yield Progress("Saving")
    height, width = result.picture.shape[:2]
    return ItemMade(_keep(task, request, result), width=width, height=height)


def _without_pictures(job: Job[PictureResult]) -> Job[PictureResult]:
    """Say how far the job is, and keep back what nobody looks at."""
    newest = Progress("Starting")
    try:
        while True:
            event = next(job)
            if isinstance(event, Progress):
                newest = event
            yield newest if isinstance(event, Preview) else event
    except StopIteration as end:
        result: PictureResult = end.value
        return result
    finally:
        job.close()


def _sha256(photo: Path) -> str:
    """Return the checksum of a photo's file; of one that cannot be read none, as whoever opens it will be told."""
    try:
        with photo.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""


def _result_at(place: Path, expected: Trunk, photo_sha256: str) -> Path | None:
    """Return the place of a result if it is there already; None if it is to be made, or made anew with other settings.

    Raises:
        StudioError: what is there must not be replaced: it is something else, or a hand was on its sliders.

    """
    if not place.exists():
        return None
    recipe: Recipe | None = None
    with suppress(StudioError):
        recipe = read_recipe(place)
    if recipe is not None and trunk_of(recipe) == expected:
        return place
    of_this_photo = recipe is not None and any(
        record.role == CONTENT and record.sha256 == photo_sha256 for record in recipe.inputs
    )
    if recipe is None or not of_this_photo or recipe.steering:
        what = "was painted by hand" if recipe is not None and of_this_photo else "was not made from this photo"
        raise StudioError(
            f"“{place.name}” is there already and {what} ({place.parent}).",
            "Move it away, or choose another folder for the results.",
        )
    return None


def _keep(task: ItemTask, request: PictureRequest, result: PictureResult) -> Path:
    library, output = task.library, task.item.output
    if output is None:
        return library.keep(result.picture, result.recipe, request.pictures, ai_mark=task.ai_mark)
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise write_error(output, error) from error
    profile = request.photo.icc_profile
    save_picture(
        output, result.picture, recipe=result.recipe, icc_profile=profile, ai_mark=task.ai_mark,
        photo=metadata_of(request.photo, task.metadata),
    )  # fmt: skip
    with suppress(StudioError):  # a convenience for whoever opens the result; the picture itself is safe
        library.note_place(request.photo)  # copies of whole folders would fill the disk
        for pictures in task.look.inputs.values():
            for picture in pictures:
                library.keep_input(picture)
    return output


# -- how it went -------------------------------------------------------------------------------------------------------


class Outcome(StrEnum):
    """Where a photo of a batch is."""

    WAITING = "waiting"
    RUNNING = "running"
    MADE = "made"
    SKIPPED = "skipped"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_over(self) -> bool:
        """Whether nothing more happens to it."""
        return self not in (Outcome.WAITING, Outcome.RUNNING)


@dataclass(frozen=True, slots=True)
class State:
    """What became of a photo: where its result is, or why there is none."""

    outcome: Outcome = Outcome.WAITING
    result: Path | None = None
    cause: str = ""
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """What became of a batch.

    Args:
        counts: photos by outcome.
        failures: name, cause and remedy of each that failed.
        done: what was done to those that were made: "painted".

    """

    counts: Mapping[Outcome, int]
    failures: tuple[tuple[str, str, str], ...]
    done: str

    @classmethod
    def of(cls, states: Iterable[tuple[BatchItem, State]], done: str) -> "Report":
        """Count what became of each."""
        states = tuple(states)
        counts = Counter(state.outcome for _, state in states)
        failed = ((item.name, state.cause, state.remedy) for item, state in states if state.outcome is Outcome.FAILED)
        return cls(counts, tuple(failed), done)

    @property
    def by_word(self) -> dict[str, int]:
        """How many photos there are of every outcome, by its word."""
        return {outcome.value: self.counts.get(outcome, 0) for outcome in Outcome if outcome is not Outcome.RUNNING}

    @property
    def sentence(self) -> str:
        """What became of them, in one line: "40 photos: 36 painted, 3 done before, 1 failed"."""
        words = {
            Outcome.MADE: self.done, Outcome.SKIPPED: "done before", Outcome.FAILED: "failed",
            Outcome.CANCELLED: "cancelled", Outcome.RUNNING: "at work", Outcome.WAITING: "waiting",
        }  # fmt: skip
        total = sum(self.counts.values())
        parts = (f"{count:,} {words[outcome]}" for outcome in words if (count := self.counts.get(outcome, 0)))
        return f"{total:,} photo{'s' if total != 1 else ''}: {', '.join(parts)}"
