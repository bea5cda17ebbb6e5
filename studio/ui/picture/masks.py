"""The masks of a picture: objects with a name, a place in the list, and something that they serve as."""

import secrets
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from weakref import WeakKeyDictionary

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QUndoCommand, QUndoStack

from studio.core.controls import Controls
from studio.core.events import finish
from studio.core.picture_task import COLOURED, SKETCH, PictureTask
from studio.core.saved_session import SavedMask
from studio.engine import Engine
from studio.jobs.files import OpenedPicture
from studio.jobs.masks.files import MaskFile, as_picture, mask_of
from studio.jobs.sessions import OpenedMask
from studio.ui.canvas.painted_map import PaintedMap, size_of_map

__all__ = ["Mask", "Masks", "kind_of"]

_REST_MS = 200
"""So long after a stroke the job hears of it."""
_LEFT = 12
"""So many masks of other photos are offered."""


def kind_of(role: str) -> str:
    """Return what to call a mask that serves as this."""
    return "layer" if role == SKETCH else "mask"


@dataclass(frozen=True, slots=True, eq=False)
class Mask:
    """A mask as the list has it; strokes change `painted` in place.

    Args:
        name: the artist's own, or ours.
        painted: what is painted.
        role: what the job takes it for, one of the task's painted slots; "" is nothing for now.
        shown: whether it is seen while another one is painted on.
        key: stays the same whatever else changes.

    """

    name: str
    painted: PaintedMap
    role: str = ""
    shown: bool = True
    key: str = field(default_factory=lambda: secrets.token_hex(8))


class Masks(QObject):
    """Holds the masks of one panel's photo; knows no widget.

    Every change of the list is a step of undo, as every stroke is. What is painted becomes a picture on the pictures
    engine, and goes in like any other (`used_changed`).

    Args:
        task: whose painted slots say what masks may serve as.
        pictures: the engine that makes pictures of them.
        undo_stack: receives the steps.
        photo_size: width and height, px, of the photo; (0, 0) while there is none.

    """

    changed = Signal()
    """The list is another, or another mask is painted on."""
    repainted = Signal(object)
    """What is painted on a `Mask` has become a picture."""
    used_changed = Signal(str, object)
    """A role, and the pictures that go in there from now on."""
    failed = Signal(object)

    def __init__(
        self, task: PictureTask, pictures: Engine, undo_stack: QUndoStack, photo_size: Callable[[], tuple[int, int]],
        parent: QObject | None = None,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self.slots = {slot.role: slot for slot in task.painted}
        self._name, self._pictures, self._undo_stack, self._photo_size = task.name, pictures, undo_stack, photo_size
        self.all: tuple[Mask, ...] = ()
        self.left: tuple[Mask, ...] = ()
        """Masks of photos that were here before, to be used again; the newest first."""
        self._active_key = ""
        self._made: WeakKeyDictionary[PaintedMap, tuple[int, OpenedPicture | None]] = WeakKeyDictionary()
        self._rest = QTimer(self, singleShot=True, interval=_REST_MS)
        self._rest.timeout.connect(self.flush)

    # -- what there is -----------------------------------------------------------------------------------------------

    @property
    def active(self) -> Mask | None:
        """The mask that is painted on."""
        return self.find(self._active_key)

    def find(self, key: str) -> Mask | None:
        """Return the mask with this key, None where it is gone."""
        return next((mask for mask in self.all if mask.key == key), None)

    def picture(self, mask: Mask) -> OpenedPicture | None:
        """Return what was last made of a mask; None while nothing is painted on it."""
        return self._made.get(mask.painted, (0, None))[1]

    def roles_for(self, mask: Mask) -> tuple[str, ...]:
        """Return what a mask may serve as: colours are hints, or layers of a drawing, and nothing else is."""
        return tuple(role for role in self.slots if (role in COLOURED) == mask.painted.has_colours)

    @property
    def is_settled(self) -> bool:
        """Whether everything that is painted goes in."""
        return not self._rest.isActive() and all(self._is_made(mask) for mask in self.all)

    def _is_made(self, mask: Mask) -> bool:
        return self._made.get(mask.painted, (-1, None))[0] == mask.painted.version

    # -- the list ----------------------------------------------------------------------------------------------------

    def select(self, key: str) -> None:
        """Paint on this mask from now on; "" on none."""
        if key != self._active_key:
            self._active_key = key
            self.changed.emit()

    def add(self, role: str, *, name: str = "", painted: PaintedMap | None = None) -> Mask:
        """Put a mask on the list, and paint on it from now on.

        Args:
            role: what it serves as; whichever served as that before does so no more. "" for nothing yet.
            name: what it is called; "" calls it by its role.
            painted: what is on it; None nothing.

        """
        size = size_of_map(*self._photo_size())
        painted = PaintedMap.blank(*size, colours=role in COLOURED) if painted is None else painted.fitted(*size)
        title = name or (self.slots[role].title if role else "Mask")
        mask = Mask(self._free_name(title), painted, role)
        others = self._without(role, but=mask.key)
        masks = (mask, *others) if role == SKETCH else (*others, mask)  # of layers the first lies on top
        self._change(f"Add “{mask.name}”", masks, active=mask.key)
        return mask

    def duplicate(self, mask: Mask) -> None:
        """Put another one with the same on it below a mask; it serves as nothing yet, unless there is room for both."""
        role = mask.role if mask.role and self.slots[mask.role].most > 1 else ""
        twin = Mask(self._free_name(mask.name), mask.painted.copy(), role)
        place = self.all.index(mask) + 1
        self._change(f"Duplicate “{mask.name}”", (*self.all[:place], twin, *self.all[place:]), active=twin.key)

    def delete(self, mask: Mask) -> None:
        """Take a mask off the list."""
        rest = tuple(one for one in self.all if one is not mask)
        self._change(f"Delete “{mask.name}”", rest, active="" if mask is self.active else self._active_key)

    def arrange(self, mask: Mask, keys: Sequence[str]) -> None:
        """Put these into this order, because `mask` was moved, in the places that they have on the list together."""
        ordered = iter([one for key in keys if (one := self.find(key)) is not None])
        masks = tuple(next(ordered) if one.key in keys else one for one in self.all)
        if masks != self.all:
            self._change(f"Move “{mask.name}”", masks)

    def rename(self, mask: Mask, name: str) -> None:
        """Call a mask by another name."""
        if (name := name.strip()) and name != mask.name:
            version, made = self._made.get(mask.painted, (-1, None))
            if made is not None:  # recipes name it too
                picture = replace(made, picture=replace(made.picture, name=f"{name}.png"))
                self._made[mask.painted] = (version, picture)
            self._change(f"Rename “{mask.name}”", self._with(mask, name=name))

    def set_role(self, mask: Mask, role: str) -> None:
        """Let a mask serve as something else; whichever served as that before does so no more."""
        if role != mask.role:
            words = self.slots[role].title if role else "Nothing"
            masks = tuple(replace(mask, role=role) if one is mask else one for one in self._without(role, but=mask.key))
            self._change(f"“{mask.name}”: {words}", masks)

    def show(self, mask: Mask, shown: bool) -> None:
        """Let a mask be seen while another one is painted on, or not: no step of undo."""
        self._set(self._with(mask, shown=shown))

    def _with(self, mask: Mask, **changes: object) -> tuple[Mask, ...]:
        return tuple(replace(one, **changes) if one is mask else one for one in self.all)  # type: ignore[arg-type]

    def _without(self, role: str, *, but: str) -> tuple[Mask, ...]:
        """Return the list in which nothing but the mask `but` serves as `role` where there is one place for it."""
        if not role or self.slots[role].most > 1:
            return self.all
        return tuple(replace(one, role="") if one.role == role and one.key != but else one for one in self.all)

    def _free_name(self, wanted: str) -> str:
        taken = {mask.name for mask in self.all}
        return next(
            name for number in count(1) if (name := wanted if number == 1 else f"{wanted} {number}") not in taken
        )

    def _change(self, words: str, masks: tuple[Mask, ...], active: str | None = None) -> None:
        before = self.all, self._active_key
        self._set(masks, active)
        self._undo_stack.push(_ListChange(words, before, (self.all, self._active_key), self._set))

    def _set(self, masks: tuple[Mask, ...], active: str | None = None) -> None:
        self.all, self._active_key = masks, self._active_key if active is None else active
        if self.find(self._active_key) is None:
            self._active_key = ""
        self.changed.emit()
        self.flush()

    # -- what comes with pictures ------------------------------------------------------------------------------------

    def put(self, masks: Iterable[Mask]) -> None:
        """Hold exactly these: what a session, or an earlier step, had."""
        self.all = tuple(masks)
        if self.find(self._active_key) is None:
            self._active_key = ""
        self.changed.emit()

    def leave(self) -> None:
        """Another photo comes: its masks are others, and those of this one are offered."""
        useful = [mask for mask in self.all if not mask.painted.is_blank]
        self.left = (*useful, *self.left)[:_LEFT]
        self._active_key = ""
        self.put(())

    def saved(self, masks: Sequence[Mask]) -> tuple[OpenedMask, ...]:
        """Return masks as they go into a session's files."""
        found = []
        for mask in masks:
            picture = self.picture(mask)
            sha256 = "" if picture is None else picture.picture.sha256
            saved = SavedMask(mask.name, sha256, mask.role, mask.shown, mask.painted.has_colours)
            found.append(OpenedMask(saved, picture))
        return tuple(found)

    def restored(self, masks: Iterable[OpenedMask], width: int, height: int) -> tuple[Mask, ...]:
        """Return the masks of a session, whose photo has this size."""
        size, found = size_of_map(width, height), []
        for one in masks:
            painted = PaintedMap.blank(*size, colours=one.saved.colours)
            if one.picture is not None:
                pixels = mask_of(one.picture.picture.pixels, colours=one.saved.colours)
                painted = PaintedMap(pixels).fitted(*size)
            self._made[painted] = (painted.version, one.picture)
            role = one.saved.role if one.saved.role in self.slots else ""
            found.append(Mask(one.saved.name, painted, role, one.saved.shown))
        return tuple(found)

    def made_of(self, picture: OpenedPicture, role: str, *, name: str = "", shown: bool = True) -> Mask:
        """Return a mask that shows what a picture says, and is this picture until it is painted on."""
        painted = PaintedMap(mask_of(picture.picture.pixels, colours=role in COLOURED))
        if 0 not in (size := self._photo_size()):
            painted = painted.fitted(*size_of_map(*size))
        self._made[painted] = (painted.version, picture)
        return Mask(self._free_name(name or Path(picture.picture.name).stem), painted, role, shown)

    def take_inputs(self, role: str, pictures: Sequence[OpenedPicture]) -> None:
        """Show what goes in in this role, whatever brought it: a file, a recipe, an earlier frame."""
        painted = [mask for mask in self.all if self.picture(mask) is not None]
        serving = [mask for mask in painted if _serves(mask, role)]
        if [picture.picture.sha256 for picture in pictures] == [self._sha256_of(mask) for mask in serving]:
            return
        rest = [*serving, *(mask for mask in painted if mask not in serving)]
        found: list[Mask] = []
        for picture in pictures:
            known = next((mask for mask in rest if self._sha256_of(mask) == picture.picture.sha256), None)
            rest = [mask for mask in rest if mask is not known]
            one = known or self.made_of(picture, role)
            found.append(replace(one, role=role, shown=one.shown or role == SKETCH))
        keys = {mask.key for mask in found}
        place = next((place for place, mask in enumerate(self.all) if mask.key in keys), len(self.all))
        above, below = ([self._freed(mask, role) for mask in part if mask.key not in keys]
                        for part in (self.all[:place], self.all[place:]))  # fmt: skip
        self.put((*above, *found, *below))

    def _sha256_of(self, mask: Mask) -> str:
        picture = self.picture(mask)
        return "" if picture is None else picture.picture.sha256

    def _freed(self, mask: Mask, role: str) -> Mask:
        """Return a mask as it is when it serves as `role` no more; a layer with nothing on it may stay one."""
        if not _serves(mask, role) or (role == SKETCH and self.picture(mask) is None):
            return mask
        return replace(mask, shown=False) if role == SKETCH else replace(mask, role="")

    # -- what is painted becomes a picture ---------------------------------------------------------------------------

    def note_painted(self, painted: PaintedMap) -> None:
        """Something was painted: soon it goes in."""
        self._rest.start()

    def flush(self) -> None:
        """Let everything go in that is painted, as soon as it can."""
        self._rest.stop()
        for mask in self.all:
            if not self._is_made(mask):
                self._make(mask)
        self._tell()

    def settle(self) -> None:
        """Let everything go in at once: another photo comes, or the program ends."""
        self._rest.stop()
        for mask in self.all:
            if not self._is_made(mask):
                picture = finish(as_picture(MaskFile(mask.painted.pixels, mask.name), Controls(None)))
                self._take(mask.key, mask.painted, mask.painted.version, picture)

    def _make(self, mask: Mask) -> None:
        version, painted = mask.painted.version, mask.painted
        handle = self._pictures.live(
            f"{self._name}.mask-{mask.key}", as_picture, MaskFile(painted.pixels.copy(), mask.name), after_running=True
        )
        handle.finished.connect(lambda picture: self._take(mask.key, painted, version, picture))
        handle.failed.connect(self.failed)
        handle.finish()  # closing the window must not lose it

    def _take(self, key: str, painted: PaintedMap, version: int, picture: OpenedPicture | None) -> None:
        if self._made.get(painted, (-1, None))[0] > version:
            return  # it comes late
        self._made[painted] = (version, picture)
        if (mask := self.find(key)) is not None and mask.painted is painted:
            self.repainted.emit(mask)
            self._tell()

    def _tell(self) -> None:
        """Say what goes in, once everything is a picture that shall."""
        for role in self.slots:
            serving = [mask for mask in self.all if _serves(mask, role)]
            if all(mask.painted in self._made for mask in serving):
                pictures = tuple(made for mask in serving if (made := self.picture(mask)) is not None)
                self.used_changed.emit(role, pictures)


def _serves(mask: Mask, role: str) -> bool:
    """Whether a mask goes in in this role: a layer of a drawing while it is seen, every other one in any case."""
    return mask.role == role and (mask.shown or role != SKETCH)


class _ListChange(QUndoCommand):
    """The list became another, and is so already when this is pushed."""

    def __init__(
        self, words: str, before: tuple[tuple[Mask, ...], str], after: tuple[tuple[Mask, ...], str],
        put: Callable[[tuple[Mask, ...], str], None],
    ) -> None:  # fmt: skip
        super().__init__(words)
        self._before, self._after, self._put, self._done = before, after, put, True

    def undo(self) -> None:
        """Bring back the list as it was before."""
        self._put(*self._before)
        self._done = False

    def redo(self) -> None:
        """Bring it about again."""
        if not self._done:
            self._put(*self._after)
        self._done = True
