"""The recipe of a picture: everything needed to make it again, kept inside the saved file itself."""

from typing import Any

from pydantic import BaseModel, ConfigDict

RECIPE_VERSION = 1


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


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
    changes: dict[str, Any] = {}


class Recipe(_Record):
    """How a picture came to be. `settings` are the newest; `initial` those the job started with, if others."""

    version: int = RECIPE_VERSION
    task: str
    settings: dict[str, Any]
    inputs: tuple[InputRecord, ...] = ()
    weights: tuple[WeightsRecord, ...] = ()
    seed: int = 0
    initial: dict[str, Any] | None = None
    steering: tuple[SteeringStep, ...] = ()
    versions: dict[str, str] = {}
