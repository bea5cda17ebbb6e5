"""What the studio knows of a task that makes one picture of others: the picture side's `TaskKind`.

Panel, command, job catalogue, replay and recall are made of it. Whatever takes long to import is named and imported
where it is needed, so that `--help` and the window know every task at once.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pkgutil import resolve_name
from typing import TYPE_CHECKING

from studio.core.samples import Sample

if TYPE_CHECKING:
    from studio.core.events import DeepPicture, Picture
    from studio.core.images import LoadedPicture
    from studio.core.masking import Bare
    from studio.core.recipes import Recipe
    from studio.core.settings import Settings

__all__ = [
    "AGAIN",
    "COLOURED",
    "CONTENT",
    "HERE",
    "HINTS",
    "HOLE",
    "MASK",
    "PAINTED",
    "SKETCH",
    "InputSlot",
    "PictureRequest",
    "PictureResult",
    "PictureTask",
    "is_unseen",
    "seen_above",
    "unseen_role",
]

CONTENT = "content"
"""The role of the photo that a result is laid over, in every task that has one."""

MASK = "mask"
"""The role of a picture that says where the photo is protected: white is all of it, black nothing."""

HOLE = "hole"
"""The role of a picture that says what is to be filled: white is all of it, black nothing."""

HERE = "here"
"""The role of a picture that says where alone anything is done: white is all of it, black nothing."""

HINTS = "hints"
"""The role of a picture, RGBA, that says which colours there are: each place whose alpha is above 0 is a hint."""

AGAIN = "again"
"""The role of a picture that says where more is done than elsewhere: white is all of it, black nothing."""

SKETCH = "sketch"
"""The role of a picture, RGBA, that is a layer of a drawing: what is transparent shows what lies below."""

_UNSEEN = "unseen-"

COLOURED = frozenset({HINTS, SKETCH})
"""The roles of what has colours of its own."""

PAINTED = frozenset({MASK, HOLE, HERE, AGAIN}) | COLOURED
"""The roles of what is painted over the photo by hand: masks, and colours."""


def unseen_role(above: int) -> str:
    """Return the role of layers of a drawing that are hidden, below so many that are seen.

    They change nothing in a picture, and no task has a slot for them: its recipe names them, so that they come back.
    """
    return f"{_UNSEEN}{above}"


def is_unseen(role: str) -> bool:
    """Whether this is a role of hidden layers."""
    return role.startswith(_UNSEEN) and role.removeprefix(_UNSEEN).isdecimal()


def seen_above(role: str) -> int:
    """Return below how many layers that are seen the hidden ones of this role lie; see `unseen_role`."""
    return int(role.removeprefix(_UNSEEN))


@dataclass(frozen=True, slots=True)
class InputSlot:
    """A picture that goes in, or several of a kind.

    Args:
        role: as recipes and the command line name it: "content", "style", "mask".
        title: in the window.
        help: in the command's list of arguments.
        least: how many the task cannot do without.
        most: how many a panel has places for; above 1, a command takes any number.
        samples: packaged pictures to begin with.

    """

    role: str
    title: str
    help: str = ""
    least: int = 1
    most: int = 1
    samples: Callable[[], tuple[Sample, ...]] = tuple


@dataclass(frozen=True, slots=True)
class PictureTask:
    """One kind of work on pictures.

    Args:
        name: in recipes, on the command line and in the catalogue of jobs: "stylize".
        title: on the rail.
        verb: on the button that starts it, and in the menu.
        icon: its name in the theme.
        tooltip: one sentence: what it does.
        settings_at: `module:class` of its settings; `describe` makes form and flags of them. Those that inherit
            `Blending` lay the result over the photo; without it the result is shown as it is.
        job: `module:function`, `(PictureRequest, Controls) -> Job[PictureResult]`.
        inputs: what goes in, in the order in which a command takes it; at most one slot but the last takes several.
            Nothing, where pictures are made up.
        products: kinds of trained network that it can work with: "backbone", "fast_style".
        at_once: it takes a moment: a panel runs it by itself, anew for every change, and keeps no result unasked.
        previews: its job shows pictures on the way and can go on from each (`PictureRequest.branch`).
        done: what was done to a photo, for file names and reports: "holiday painted.png".
        pairs: results in a folder keep their photos' names, so that before and after are found together by them.
        in_window: whether it has a panel; what others made opens as an ordinary photo there.
        command: `module:class` of its command, where a subclass of `PictureCommand` says or checks more.

    """

    name: str
    title: str
    verb: str
    icon: str
    tooltip: str
    settings_at: str
    job: str
    inputs: tuple[InputSlot, ...]
    products: frozenset[str] = frozenset()
    at_once: bool = False
    previews: bool = False
    done: str = "edited"
    pairs: bool = False
    in_window: bool = True
    command: str = "studio.command_line.picture:PictureCommand"

    @property
    def settings(self) -> "type[Settings]":
        """The class of its settings."""
        model: type[Settings] = resolve_name(self.settings_at)
        return model

    @property
    def painted(self) -> tuple[InputSlot, ...]:
        """The slots for what is painted over the photo."""
        return tuple(slot for slot in self.inputs if slot.role in PAINTED)

    @property
    def has_photo(self) -> bool:
        """Whether the result is made of a photo."""
        return any(slot.role == CONTENT for slot in self.inputs)

    def slot(self, role: str) -> InputSlot:
        """Return the slot of this role."""
        return next(slot for slot in self.inputs if slot.role == role)


@dataclass(frozen=True, slots=True, eq=False)
class PictureRequest:
    """One picture to make: what goes in, by role, and where to start from.

    `branch` continues an earlier picture (an uint8 frame of the film strip) instead of beginning anew; `history` is the
    recipe of how that picture came to be, so that the result can still be replayed.
    """

    inputs: Mapping[str, tuple["LoadedPicture", ...]]
    branch: "Picture | None" = None
    history: "Recipe | None" = None

    @property
    def photo(self) -> "LoadedPicture":
        """The picture that the result is laid over."""
        return self.inputs[CONTENT][0]

    @property
    def pictures(self) -> tuple["LoadedPicture", ...]:
        """Everything that goes in, role by role."""
        return tuple(picture for pictures in self.inputs.values() for picture in pictures)

    def all(self, role: str) -> tuple["LoadedPicture", ...]:
        """Return every picture of this role, none where none was given."""
        return self.inputs.get(role, ())


@dataclass(frozen=True, slots=True, eq=False)
class PictureResult:
    """A finished picture.

    `layer` is what the job made; `picture` is `layer` composed with its photo, for tasks with `Blending` after
    strength, blend and colour. Both have 16 bits a channel. `finished` is False when the artist stopped early. `found`
    are pictures that the job found out for itself, by the role in which they could be given. `bare` is the layer before
    masks were heeded that say where the photo stays, of jobs that lay it over at their end.
    """

    layer: "DeepPicture"
    picture: "DeepPicture"
    recipe: "Recipe"
    finished: bool = True
    found: Mapping[str, "Picture"] = field(default_factory=dict)
    bare: "Bare | None" = None
