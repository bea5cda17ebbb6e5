"""`atelier replay`: a picture made again from its recipe; on the CPU, bit by bit."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from studio.command_line.flags import CommandParser, named_path
from studio.command_line.picture import Facts, PictureMaker, PictureOrder, check_output
from studio.command_line.recipe import recipe_inside
from studio.command_line.reporting import Reporter
from studio.core.failures import StudioError
from studio.core.images import LoadedPicture, load_picture
from studio.core.library import Library
from studio.core.picture_task import PictureRequest, PictureTask, is_unseen
from studio.core.recipes import InputRecord, Recipe
from studio.core.user_folders import UserFolders
from studio.jobs.picture_recipes import ReplayControls, task_of

_LOSSLESS = (".png", ".tif", ".tiff")
_MOST_THREADS = 1024


def replay(arguments: Sequence[str]) -> int:
    """Make a picture again from the recipe inside it."""
    started = perf_counter()
    parser = CommandParser(
        "replay",
        "Make a picture again from the recipe inside it; on the CPU every pixel is the same.\n"
        "What went in is found by its content: among --input, beside FILE, here, in the library, in the samples.",
        "FILE [-o OUT] [--input FILE …]",
    )
    parser.add_argument(
        "file", metavar="FILE", type=named_path, help="a picture made by Atelier, or its recipe as .json"
    )
    parser.add_argument(
        "-o", "--output", metavar="OUT", type=named_path, help="default: FILE with “-replay” in its name"
    )
    parser.add_argument(
        "--input", metavar="FILE", type=named_path, action="append", default=[], help="a picture that went in"
    )
    parser.add_events_flag()
    asked = parser.read(arguments)
    output: Path = asked.output or _default_output(asked.file)
    check_output(output, (asked.file, *asked.input), parser)
    maker = PictureMaker(output, events=asked.events, debug=asked.debug, started=started)
    return maker.make(lambda: _order(asked.file, asked.input, output))


def _order(file: Path, given: Sequence[Path], output: Path) -> PictureOrder:
    recipe = recipe_inside(file)
    task, controls = task_of(recipe), ReplayControls[Any](recipe)
    _use_as_many_threads(recipe)
    ingredients = Ingredients(given, file, Library(UserFolders.standard().library))
    return PictureOrder(
        task,
        controls,
        lambda: ingredients.request(task, recipe),
        lambda result, reporter: _compare(file, output, reporter),
    )


def _use_as_many_threads(recipe: Recipe) -> None:
    """Share sums out over threads as then: in another order they round differently."""
    threads = recipe.versions.get("threads", "")
    if threads.isdecimal() and 0 < int(threads) <= _MOST_THREADS:
        import torch

        torch.set_num_threads(int(threads))


class Ingredients:
    """Finds the pictures that went into a recipe, by their content.

    Args:
        given: files that the user named.
        file: the picture to be made again.
        library: keeps copies of what went in.

    """

    def __init__(self, given: Sequence[Path], file: Path, library: Library) -> None:
        self._given = {picture.sha256: picture for picture in map(load_picture, given)}
        self._folders = (file.parent, Path.cwd())
        self._library = library

    def request(self, task: PictureTask, recipe: Recipe) -> PictureRequest:
        """Return everything that went in.

        Raises:
            StudioError: a picture that went in is not to be found.

        """
        # hidden layers change nothing
        told = [record for record in recipe.inputs if not is_unseen(record.role)]
        counts = Counter(record.role for record in told)
        enough = all(
            slot.least <= counts[slot.role] and (counts[slot.role] < 2 or slot.most > 1) for slot in task.inputs
        )
        if not enough or not counts.keys() <= {slot.role for slot in task.inputs}:
            raise StudioError(
                "This picture went on from a frame whose own recipe is not known.", "It cannot be made again exactly."
            )
        return PictureRequest(
            {
                slot.role: tuple(self._find(record, slot.title) for record in told if record.role == slot.role)
                for slot in task.inputs
            }
        )

    def _find(self, record: InputRecord, title: str) -> LoadedPicture:
        if record.sha256 in self._given:
            return replace(self._given[record.sha256], name=record.name)
        path = self._library.find_input(record.sha256, record.name, self._folders)
        if path is None:
            raise StudioError(
                f"“{record.name}”, the {title.lower()} that went in, is not to be found.",
                f"Name it with --input FILE (its sha256 begins {record.sha256[:12]}).",
            )
        return replace(load_picture(path), name=record.name)


def _default_output(file: Path) -> Path:
    suffix = ".png" if file.suffix.lower() == ".json" else file.suffix
    return file.with_name(f"{file.stem}-replay{suffix}")


def _compare(file: Path, output: Path, reporter: Reporter) -> Facts:
    """Say whether the picture came out the same, where the files can tell."""
    if file.suffix.lower() not in _LOSSLESS or output.suffix.lower() not in _LOSSLESS:
        return {}
    before, after = load_picture(file).pixels, load_picture(output).pixels
    identical = before.shape == after.shape and bool(np.array_equal(before, after))
    reporter.note("Every pixel is the same as in the original." if identical else "Some pixels differ.")
    return {"identical": identical}
