"""Looks: settings with a name, for any picture and any task that makes pictures; one small JSON file each.

A look holds what makes a picture look as it does, and nothing of the pictures or the computer that it was found on: no
size, no seed, no mix of certain paintings (`setting(look=False)`). A file of a later version, or one written by hand,
is read as far as it can be understood.
"""

import json
import math
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self, TypeVar
from urllib.parse import quote

from pydantic import BaseModel, ValidationError

from studio.core.atomic import write_error, write_file
from studio.core.failures import StudioError
from studio.core.file_names import readable
from studio.core.recipes import Recipe, name_in_recipes
from studio.core.settings import SettingInfo, Settings, describe
from studio.core.user_folders import UserFolders

__all__ = ["SUFFIX", "Look", "LookFolder"]

SUFFIX = ".atelier-look"
VERSION = 1
LONGEST_NAME = 60
_LARGEST_FILE = 2**20

S = TypeVar("S", bound=Settings)


@dataclass(frozen=True, slots=True)
class Look:
    """Settings with a name.

    Args:
        name: as it is shown.
        task: the picture task whose settings they are: "stylize".
        settings: values by name; whatever is not named stays as it is.
        help: what it does to a picture, one line; of the built-in ones.

    """

    name: str
    task: str
    settings: Mapping[str, Any]
    help: str = ""

    @classmethod
    def of(cls, settings: Settings, name: str, task: str) -> Self:
        """Return the look of a picture that is made with `settings`: those that belong to one, and act."""
        return cls(name, task, {one: getattr(settings, one) for one in names_in_look(settings)})

    @classmethod
    def of_recipe(cls, recipe: Recipe, name: str, model: type[Settings]) -> Self:
        """Return the look of a picture that was made with a recipe, as far as this version knows its settings."""
        settings = cls("", recipe.task, recipe.settings).applied_to(model())
        return cls.of(settings, name, recipe.task)

    def understood(self, model: type[Settings]) -> Self:
        """Return what of the look `model` knows: a value out of range becomes the nearest, any other is left out."""
        values: dict[str, Any] = {}
        for info in describe(model):
            if info.look and info.name in self.settings:
                with suppress(ValidationError):  # of a later version, or by hand: the rest is better than nothing
                    made = model.model_validate({info.name: _near(info, self.settings[info.name])})
                    values[info.name] = getattr(made, info.name)
        return replace(self, settings=values)

    def applied_to(self, settings: S) -> S:
        """Return `settings` with this look."""
        return settings.model_copy(update=dict(self.understood(type(settings)).settings))

    def is_on(self, settings: Settings) -> bool:
        """Tell whether `settings` are as this look has them; of a look that is `understood`."""
        return all(getattr(settings, name) == value for name, value in self.settings.items())

    def told(self, model: type[Settings]) -> Self:
        """Return the look as it is given to others: of a network's file only its name."""
        networks = {info.name for info in describe(model) if info.offers} & set(self.settings)
        return replace(
            self, settings={**self.settings, **{one: name_in_recipes(self.settings[one]) for one in networks}}
        )

    def to_json(self) -> bytes:
        """Return what a file of the look holds."""
        told = {"atelier_look": VERSION, "name": self.name, "task": self.task, "settings": dict(self.settings)}
        return json.dumps(told, indent=1, ensure_ascii=False, default=BaseModel.model_dump).encode()

    @classmethod
    def from_json(cls, data: bytes, name: str) -> Self:
        """Read what `to_json` wrote, by this version or another; `name` is for a file that tells none.

        Raises:
            StudioError: it is no look.

        """
        try:
            told = json.loads(data)
            task, settings = told["task"], told["settings"]
            if not (isinstance(task, str) and isinstance(settings, dict)):
                raise TypeError
        except (ValueError, LookupError, TypeError, RecursionError) as error:
            raise StudioError(
                f"“{name}” holds no look.", f"Choose a file that ends in {SUFFIX}, or a picture that Atelier made."
            ) from error
        own = told.get("name")
        return cls(proper_name(own if isinstance(own, str) else "") or name, task, settings)


def names_in_look(settings: Settings) -> tuple[str, ...]:
    """Return the settings that make the look of a picture: those that belong to one, and act."""
    idle = settings.idle
    return tuple(info.name for info in describe(type(settings)) if info.look and info.name not in idle)


def proper_name(name: str) -> str:
    """Return what a look may be called: one line that fits a menu."""
    return re.sub(r"\s+", " ", readable(name)).strip()[:LONGEST_NAME].strip()


def _near(info: SettingInfo, value: Any) -> Any:
    """Return the nearest allowed value of a number; anything else is left to the model."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return value
    return min(max(value, -math.inf if info.low is None else info.low), math.inf if info.high is None else info.high)


class LookFolder:
    """One's own looks, a file each.

    Args:
        folder: where they lie; it need not exist yet.

    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @classmethod
    def standard(cls) -> Self:
        """Return the user's."""
        return cls(UserFolders.standard().config / "looks")

    def looks(self, task: str) -> tuple[Look, ...]:
        """Return those of a task, by name; a file that holds none is passed over."""
        found = []
        for path in sorted(self.folder.glob(f"*{SUFFIX}")):
            try:
                found.append(read_look_file(path))
            except StudioError:
                continue
        return tuple(sorted((look for look in found if look.task == task), key=lambda look: look.name.casefold()))

    def keep(self, look: Look) -> Path:
        """Store a look; one of the same name and task is replaced.

        Raises:
            StudioError: the disk does not take it.

        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise write_error(self.folder, error) from error
        path = self._path(look)
        write_file(path, look.to_json())
        return path

    def remove(self, look: Look) -> None:
        """Remove a look; one that is gone already is no error.

        Raises:
            StudioError: the disk does not let it go.

        """
        try:
            self._path(look).unlink(missing_ok=True)
        except OSError as error:
            raise write_error(self._path(look), error) from error

    def _path(self, look: Look) -> Path:
        return self.folder / f"{look.task} {quote(look.name.casefold(), safe=' ')[:180]}{SUFFIX}"


def read_look_file(path: Path) -> Look:
    """Read a file that holds a look.

    Raises:
        StudioError: it cannot be read, or holds none.

    """
    try:
        with path.open("rb") as file:
            data = file.read(_LARGEST_FILE)
    except OSError as error:
        raise StudioError(
            f"“{readable(path.name)}” cannot be read ({error.strerror or error}).", "Choose the file again."
        ) from error
    return Look.from_json(data, proper_name(path.stem))
