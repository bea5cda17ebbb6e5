"""The recipe of a picture: everything needed to make it again, kept inside the saved file itself."""

import json
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, Self, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from studio.core.failures import StudioError

RECIPE_VERSION = 2

NETWORK = "network"
"""What recipes call, among the versions, words for the network that made a picture in one pass."""

Migration: TypeAlias = Callable[[dict[str, Any]], dict[str, Any]]
"""Takes a recipe's data of one version, returns those of the next."""


def _paintings_were_raw(data: dict[str, Any]) -> dict[str, Any]:
    """Version 0.1 knew the Gram matrices alone."""
    if data.get("task") != "stylize":
        return data
    told = {name: data[name] for name in ("settings", "initial") if isinstance(data.get(name), dict)}
    return data | {name: {"finish": "raw"} | settings for name, settings in told.items()}


MIGRATIONS: Mapping[int, Migration] = {1: _paintings_were_raw}
"""Version → what leads to the next one. Recipes live for years in people's files: every old version stays readable."""


class RecipeError(StudioError):
    """A recipe that cannot be followed, in words for the user."""


def _plain(value: Any) -> Any:
    """Return `value` as JSON will give it back, so that a recipe equals itself after a visit to a file."""
    if isinstance(value, dict):
        if not all(isinstance(key, str) for key in value):
            raise ValueError("a recipe's names must be text")
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if value is None or isinstance(value, (str, bool, int)) or (isinstance(value, float) and math.isfinite(value)):
        return value
    raise ValueError(f"a recipe holds plain data only, not {value!r:.50}")


PlainData: TypeAlias = Annotated[dict[str, Any], BeforeValidator(_plain)]


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class InputRecord(_Record):
    """A picture that went in: its role ("content", "style"), file name (never a path), and the sha256 of the file."""

    role: str
    name: str
    sha256: str


class WeightsRecord(_Record):
    """A network that was used: name, sha256 of its weights file, and whether it was trained at all.

    For seeded random weights `sha256` is empty.
    """

    name: str
    sha256: str = ""
    trained: bool = True


class SteeringStep(_Record):
    """One thing the artist did to a running job at evaluation `at`, kept so that the job can be replayed exactly.

    `action` is "settings" (`changes` maps setting names to new values), "sketch" (`changes["evaluations"]` were made at
    drag-time size), "branch" (go on from the 8-bit frame with a fresh optimiser) or "stop".
    """

    at: int
    action: str
    changes: PlainData = {}


class Recipe(_Record):
    """How a picture came to be. `settings` are the newest; `initial` those the job started with, if others.

    `drawn` is what chance decided on the way, for whoever reads it: the seed makes it so again.
    """

    version: int = RECIPE_VERSION
    task: str
    settings: PlainData
    inputs: tuple[InputRecord, ...] = ()
    weights: tuple[WeightsRecord, ...] = ()
    seed: int = 0
    initial: PlainData | None = None
    steering: tuple[SteeringStep, ...] = ()
    versions: dict[str, str] = {}
    drawn: tuple[PlainData, ...] = ()

    @property
    def is_stopped(self) -> bool:
        """Whether the picture was stopped, or saved, before it was done."""
        return bool(self.steering) and self.steering[-1].action == "stop"

    def to_json(self, indent: int | None = None) -> str:
        """Return the recipe as JSON in plain ASCII, which every metadata format can carry unharmed."""
        separators = (",", ":") if indent is None else None
        told = self.model_dump(exclude=None if self.drawn else {"drawn"})
        return json.dumps(told, ensure_ascii=True, indent=indent, separators=separators)

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """Read what `to_json` wrote, by this version of the program or an older one.

        Raises:
            RecipeError: the recipe is damaged, or comes from a newer version.

        """
        try:
            data = json.loads(text)
            if not isinstance(data, dict):
                raise ValueError("not an object")
            return cls.model_validate(upgrade(data))
        except (ValueError, ValidationError, RecursionError) as error:
            raise RecipeError(
                "The recipe in this file is damaged.", "Open it as a plain picture; its settings cannot be restored."
            ) from error


def name_in_recipes(name: str) -> str:
    """Return what a recipe calls a network: of a file or folder only its name, as recipes travel inside pictures."""
    return Path(name).name


def upgrade(
    data: dict[str, Any], migrations: Mapping[int, Migration] = MIGRATIONS, current: int = RECIPE_VERSION
) -> dict[str, Any]:
    """Bring a recipe's data forward to version `current`, one version after the other.

    Raises:
        RecipeError: the recipe comes from a newer version.
        ValueError: it names no version, or one that never was.

    """
    version = data.get("version", 1)
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise ValueError(f"no such recipe version: {version!r}")
    if version > current:
        raise RecipeError(
            f"The recipe in this file comes from a newer Atelier (recipe version {version}; this one reads {current}).",
            "Update Atelier to restore its settings, or open it as a plain picture.",
        )
    for step in range(version, current):
        data = {**migrations[step](dict(data)), "version": step + 1}
    return data
