"""`atelier recipe`: the recipe inside a picture."""

from collections.abc import Sequence
from pathlib import Path

from studio.command_line.exit_codes import DONE
from studio.command_line.flags import CommandParser, named_path
from studio.core.failures import StudioError
from studio.core.recipes import Recipe


def recipe(arguments: Sequence[str]) -> int:
    """Print the recipe inside a picture as JSON."""
    parser = CommandParser("recipe", "Print the recipe inside a picture as JSON.", "FILE")
    parser.add_argument("file", metavar="FILE", type=named_path, help="a picture made by Atelier")
    asked = parser.read(arguments)
    print(recipe_inside(asked.file).to_json(indent=2))
    return DONE


def recipe_inside(file: Path) -> Recipe:
    """Return the recipe inside a picture, or in a .json file that `atelier recipe` printed.

    Raises:
        StudioError: there is none, or it cannot be read.

    """
    from studio.core.images import read_recipe

    found = Recipe.from_json(file.read_bytes()) if file.suffix.lower() == ".json" else read_recipe(file)
    if found is None:
        raise StudioError(
            f"There is no recipe in “{file.name}”.",
            "Choose a picture that Atelier saved; programs that change a picture often drop what is inside.",
        )
    return found
