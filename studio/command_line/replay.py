"""`atelier replay`: a picture made again from its recipe; on the CPU, bit by bit."""

from collections.abc import Sequence
from pathlib import Path
from time import perf_counter

import numpy as np

from studio.command_line.flags import CommandParser
from studio.command_line.picture import Facts, PaintingCommand, RunCommand, check_output
from studio.command_line.recipe import recipe_inside
from studio.command_line.reporting import Reporter
from studio.core.failures import StudioError
from studio.core.images import LoadedPicture, load_picture
from studio.core.library import Library
from studio.core.picture_task import PictureRequest
from studio.core.recipes import InputRecord, Recipe
from studio.core.user_folders import UserFolders

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
    parser.add_argument("file", metavar="FILE", type=Path, help="a picture made by Atelier, or its recipe as .json")
    parser.add_argument("-o", "--output", metavar="OUT", type=Path, help="default: FILE with “-replay” in its name")
    parser.add_argument(
        "--input", metavar="FILE", type=Path, action="append", default=[], help="a picture that went in"
    )
    parser.add_events_flag()
    asked = parser.parse_args(arguments)
    output: Path = asked.output or _default_output(asked.file)
    check_output(output, (asked.file, *asked.input), parser)
    command = PaintingCommand(output, events=asked.events, debug=asked.debug, started=started)
    return command.run(lambda: _order(asked.file, asked.input, output))


def _order(file: Path, given: Sequence[Path], output: Path) -> RunCommand:
    recipe = recipe_inside(file)

    from studio.jobs.picture_recipes import ReplayControls  # imports torch

    _use_as_many_threads(recipe)
    ingredients = Ingredients(given, file, Library(UserFolders.standard().library))
    return RunCommand(
        ReplayControls(recipe),
        lambda: ingredients.task(recipe),
        lambda painted, reporter: _compare(file, output, reporter),
    )


def _use_as_many_threads(recipe: Recipe) -> None:
    """Share sums out over threads as then: in another order they round differently."""
    import torch

    threads = recipe.versions.get("threads", "")
    if threads.isdecimal() and 0 < int(threads) <= _MOST_THREADS:
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

    def task(self, recipe: Recipe) -> PictureRequest:
        """Return the task with everything that went in.

        Raises:
            StudioError: a picture that went in is not to be found.

        """
        content = [self._find(record) for record in recipe.inputs if record.role == "content"]
        styles = [self._find(record) for record in recipe.inputs if record.role == "style"]
        if len(content) != 1 or len(content) + len(styles) != len(recipe.inputs):
            raise StudioError(
                "This picture went on from a frame whose own recipe is not known.", "It cannot be made again exactly."
            )
        return PictureRequest({"content": tuple(content), "style": tuple(styles)})

    def _find(self, record: InputRecord) -> LoadedPicture:
        if record.sha256 in self._given:
            return self._given[record.sha256]
        path = self._library.find_input(record.sha256, record.name, self._folders)
        if path is None:
            raise StudioError(
                f"“{record.name}”, the {_ROLES.get(record.role, record.role)} that went in, is not to be found.",
                f"Name it with --input FILE (its sha256 begins {record.sha256[:12]}).",
            )
        return load_picture(path)


_ROLES = {"content": "photo", "style": "painting"}


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
