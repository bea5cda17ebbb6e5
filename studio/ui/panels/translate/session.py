"""The Translate panel's state: which pairs there are, what is drawn, and what is painted of it while the hand draws."""

from collections.abc import Mapping, Sequence
from functools import partial

from PySide6.QtCore import QObject, QRectF, Signal
from PySide6.QtGui import QUndoStack

from studio.core.controls import Controls
from studio.core.events import Picture
from studio.core.frames import Frame
from studio.core.images import LoadedPicture
from studio.core.picture_task import (
    AGAIN,
    HERE,
    MASK,
    SKETCH,
    PictureResult,
    is_unseen,
    seen_above,
    unseen_role,
)
from studio.core.picture_tasks import TRANSLATE
from studio.core.translate_settings import TranslateSettings
from studio.engine import Engine, JobHandle
from studio.jobs.files import OpenedPicture
from studio.jobs.recall import RecalledPicture
from studio.jobs.translate.choices import TranslatorChoice
from studio.jobs.translate.draw import DrawTask, ResidentPair, Sheet, SheetTask, paint_drawing, prepare_sheet
from studio.ui.canvas.painted_map import PaintedMap, Region, size_of_map
from studio.ui.panels.translate.drawing import LiveDrawing
from studio.ui.picture.history import History, Made
from studio.ui.picture.inputs import InputPictures
from studio.ui.picture.masks import Mask
from studio.ui.picture.one_pass import OnePassSession
from studio.ui.picture.session import SessionState
from studio.ui.picture.undo import Snapshot

__all__ = ["TranslateSession"]

_OF_PHOTOS, _OF_DRAWINGS = frozenset({MASK, HERE, AGAIN}), frozenset({SKETCH})
_A_MOMENT = 512
"""A drawing that is painted no larger than so many px takes no longer than a stroke."""
_REST_MS, _DRAWN_REST_MS = 300, 40
"""So long after a change everything is made anew: of a drawing almost at once, it takes a moment."""


class TranslateSession(OnePassSession[TranslateSettings]):
    """Translates as soon as picture and pair are there; a drawing is painted at every stroke, the latest wins.

    Args:
        studio: the engine that owns the device.
        pictures: the engine that composes frames, and prepares what is drawn on.
        undo_stack: receives one step per gesture.

    """

    drafted = Signal(object)
    """The `Frame` of a drawing as it is just now."""
    sheet_prepared = Signal()
    """What is drawn on is another."""
    drawn = Signal(QRectF)
    """Where the drawing changed, as shares of its width and height."""

    def __init__(self, studio: Engine, pictures: Engine, undo_stack: QUndoStack, parent: QObject | None = None) -> None:
        self._pairs: Mapping[str, TranslatorChoice] = {}
        self._studio, self._pictures = studio, pictures
        self.has_looked = False
        """Whether it is known which pairs there are."""
        self.drawing, self._resident = LiveDrawing(), ResidentPair()
        self._draft: JobHandle | None = None
        self._has_changed = False
        self._used: dict[str, str] = {}
        self._chosen = ""
        super().__init__(TRANSLATE, studio, pictures, undo_stack, parent)
        self._restart.setInterval(_REST_MS)
        self.masks.changed.connect(self._prepare_sheet)
        self.brought_back.connect(self._prepare_sheet)  # what came before its settings was not known to be drawn on

    # -- pairs -------------------------------------------------------------------------------------------------------

    @property
    def pairs(self) -> Sequence[TranslatorChoice]:
        """The pairs of this computer."""
        return tuple(self._pairs.values())

    @property
    def pair(self) -> TranslatorChoice | None:
        """The pair that is chosen, as far as anything is known of it."""
        return self._pairs.get(self.settings.model)

    def take_pairs(self, found: Sequence[TranslatorChoice]) -> None:
        """Learn which pairs there are."""
        before = self.pair
        self._pairs, self.has_looked = {one.name: one for one in found}, True
        self.settings_state.apply(self.settings)
        now = self.pair
        if before is not None and now is not None and before.name == now.name and before.step != now.step:
            self._take_newer()
        self.begin_if_ready()

    def _take_newer(self) -> None:
        """What one works with has learnt more: make it again, which is no result of its own."""
        self.draw_along()
        if self.layer is not None and not self.is_running and self.is_complete:
            self._start(again=True)

    def fit(self, settings: TranslateSettings) -> TranslateSettings:
        """Choose a pair where none is chosen, and a way that it knows."""
        if not settings.model and self._pairs:
            settings = settings.model_copy(update={"model": next(iter(self._pairs))})
        pair = self._pairs.get(settings.model)
        if pair is not None and settings.direction not in pair.ways:
            settings = settings.model_copy(update={"direction": pair.ways[0]})
        return settings

    def note_chosen(self, name: str) -> None:
        """A pair was chosen by hand: it stays for drawings, and for pictures unless it was made for drawings."""
        self._chosen = name

    def choose_mode(self, mode: str) -> None:
        """Translate pictures or drawings.

        What was chosen by hand stays. Otherwise it is done with the pair last used for it; at first with one that was
        made for it.
        """
        self._used[self.settings.mode] = self.settings.model
        pair = self.pair
        if pair is not None and pair.name == self._chosen and (mode == "draw" or not pair.is_of_drawings):
            self.change(mode=mode)
            return
        suited = [pair.name for pair in self.pairs if pair.is_of_drawings == (mode == "draw")]
        chosen = self.settings.model
        used = self._used.get(mode, "")
        candidates = [used] if used in self._pairs else [chosen] if chosen in suited else suited
        model = (candidates or [chosen])[0]
        there = {} if model == chosen else {"direction": "AtoB"}
        self.change(mode=mode, model=model, **there)

    def swap(self) -> None:
        """Go the other way, where the pair knows it."""
        other = "BtoA" if self.settings.direction == "AtoB" else "AtoB"
        if self.pair is None or other in self.pair.ways:
            self.change(direction=other)

    # -- what goes in ------------------------------------------------------------------------------------------------

    @property
    def is_ready(self) -> bool:
        """Whether a pair is chosen that is here; while nobody has looked, it may be."""
        return bool(self.settings.model) and (not self.has_looked or self.settings.model in self._pairs)

    @property
    def is_complete(self) -> bool:
        """Whether picture and pair are there."""
        return super().is_complete and self.is_ready

    @property
    def has_look(self) -> bool:
        """Whether the pair is there."""
        return self.is_ready

    @property
    def roles(self) -> frozenset[str]:
        """What is painted over the picture in what is done now."""
        return _OF_DRAWINGS if self.settings.draws else _OF_PHOTOS

    @property
    def ignored_roles(self) -> frozenset[str]:
        """What is painted over the picture for the other mode."""
        return _OF_PHOTOS if self.settings.draws else _OF_DRAWINGS

    @property
    def role_of_new_mask(self) -> str:
        """What one paints first: a layer of a drawing, or where to translate."""
        return SKETCH if self.settings.draws else HERE

    @property
    def size_to_be(self) -> tuple[int, int] | None:
        """Width and height that are worked towards: a picture keeps its size."""
        return self.photo_pixels if self.is_running and not self.settings.draws else None

    def follow(self, changed: frozenset[str], effects: frozenset[str]) -> None:
        """Show another sheet, begin what could not be begun before; otherwise as ever."""
        self._restart.setInterval(_DRAWN_REST_MS if self.settings.draws else _REST_MS)
        active = self.masks.active
        if "mode" in changed and active is not None and (active.role == SKETCH) != self.settings.draws:
            self.masks.select("")  # it is not seen any more
        if changed & {"mode", "photo_below"}:
            self._prepare_sheet()
        if "mode" in changed and not self.is_of_this_mode:
            self._let_go_of_other()
        if self.settings.draws and changed & {"model", "direction", "drawn_at"}:
            self.draw_along()
        super().follow(changed, effects)
        self.begin_if_ready()

    @property
    def knows_lines(self) -> bool:
        """Whether what goes in are drawings, as far as the world's name says, with which the pair was taught."""
        return self.pair is not None and self.pair.is_of_drawings and self.settings.direction == "AtoB"

    @property
    def is_of_this_mode(self) -> bool:
        """Whether what is shown was made of what goes in now: of the picture, or of the drawing."""
        recipe = self.recipe
        return recipe is None or recipe.settings.get("mode") == self.settings.mode

    def _let_go_of_other(self) -> None:
        """Show no picture's translation beside a drawing, nor the reverse: what belongs there is on its way."""
        self.compositor.forget()
        self.film.put(Made(), self.film.history)
        self._last = Made()
        self.cleared.emit()

    # -- drawing -----------------------------------------------------------------------------------------------------

    @property
    def layers(self) -> tuple[PaintedMap, ...]:
        """What is drawn and seen, from below."""
        return tuple(mask.painted for mask in reversed(self.masks.all) if mask.role == SKETCH and mask.shown)

    @property
    def is_drawing_along(self) -> bool:
        """Whether what was drawn is being painted."""
        return self._draft is not None

    @property
    def translated(self) -> Picture | None:
        """What is translated: the drawing as it is now, or the picture; None while there is none."""
        if self.photo is None:
            return None
        sheet = self.drawing.sheet
        return sheet.drawing.copy() if self.settings.draws and sheet is not None else self.photo.picture.pixels

    @property
    def takes_a_while(self) -> bool:
        """Whether a translation takes longer than a stroke, so that one wants to know how far it is."""
        return not self.settings.draws or self.settings.drawn_at > _A_MOMENT

    @property
    def is_behind(self) -> bool:
        """Whether something was drawn that the picture in full does not know yet."""
        return self.settings.draws and (self._draft is not None or not self.masks.is_settled)

    def _tell_input(self, role: str) -> None:
        super()._tell_input(role)
        self._prepare_sheet()

    def _prepare_sheet(self) -> None:
        """Have what is drawn on made anew, and all that is drawn."""
        photo = self.photo
        if not self.settings.draws or photo is None:
            self.drawing.clear()
            return
        size, layers = size_of_map(*self.photo_pixels), self.layers
        self.drawing.await_sheet(layers)
        pixels = [layer.pixels for layer in layers if (layer.width, layer.height) == size]
        task = SheetTask(photo.picture.pixels, self.settings.photo_below, *size, pixels)
        handle = self._pictures.live("translate.sheet", prepare_sheet, task, after_running=True)
        handle.finished.connect(partial(self._take_sheet, photo))
        handle.failed.connect(self.failed)

    def _take_sheet(self, photo: OpenedPicture, sheet: Sheet) -> None:
        if photo is self.photo and self.settings.draws:
            self.drawing.take(sheet)
            self.sheet_prepared.emit()
            self.draw_along()

    def note_drawn(self, painted: PaintedMap, region: Region) -> None:
        """Something was drawn, or is being drawn: show it, and paint it."""
        place = self.drawing.note_change(painted, region) if self.settings.draws else None
        if place is not None:
            self.drawn.emit(place)
            self.draw_along()

    def draw_along(self) -> None:
        """Paint the drawing as it is; what is drawn meanwhile is next."""
        sheet = self.drawing.sheet
        if not self.settings.draws or sheet is None or not self.is_complete:
            return
        if self._draft is not None:
            self._has_changed = True
            return
        self._has_changed = False
        task = DrawTask(self._resident, sheet.drawing)
        self._draft = self._studio.live("translate.draw", paint_drawing, task, Controls(self.settings))
        self._draft.finished.connect(self._take_draft)
        for over in (self._draft.failed, self._draft.cancelled):
            over.connect(self._end_draft)

    def _take_draft(self, frame: Frame) -> None:
        self._end_draft()
        if self.settings.draws and self.photo is not None:
            self.drafted.emit(frame)

    def _end_draft(self, *_: object) -> None:
        """What goes wrong is told by the picture in full, which follows."""
        self._draft = None
        if self._has_changed:
            self.draw_along()

    # -- hidden layers ------------------------------------------------------------------------------------------------

    @property
    def used_inputs(self) -> InputPictures:
        """What is translated; of a drawing its hidden layers come along, so that they come back with it."""
        return {**super().used_inputs, **self._unseen}

    @property
    def pictures(self) -> tuple[LoadedPicture, ...]:
        """What the picture that is shown was made from, and hidden layers that its recipe names."""
        made_from = super().pictures
        known = {picture.sha256 for picture in made_from}
        unseen = (one.picture for layers in self._unseen.values() for one in layers)
        return (*made_from, *(picture for picture in unseen if picture.sha256 not in known))

    @property
    def _unseen(self) -> InputPictures:
        """The hidden layers of a drawing, by their roles; none of a picture."""
        found: dict[str, tuple[OpenedPicture, ...]] = {}
        above = 0
        for mask in self.masks.all if self.settings.draws else ():
            picture = self.masks.picture(mask) if mask.role == SKETCH else None
            if picture is not None and mask.shown:
                above += 1
            elif picture is not None:
                role = unseen_role(above)
                found[role] = (*found.get(role, ()), picture)
        return found

    def _heed_masks(self, role: str, pictures: tuple[OpenedPicture, ...]) -> None:
        """Let the recipe name the hidden layers of now, too."""
        super()._heed_masks(role, pictures)
        if role != SKETCH or not self.settings.draws or self.recipe is None or self.state is not SessionState.FINISHED:
            return
        told = [(record.role, record.sha256) for record in self.recipe.inputs if is_unseen(record.role)]
        if told != [(name, one.picture.sha256) for name, layers in self._unseen.items() for one in layers]:
            self._restart.start()

    def recall(self, recalled: RecalledPicture, history: History | None = None) -> None:
        """Show a saved picture again; hidden layers come back hidden, between those where they lay."""
        super().recall(recalled, history)
        hidden = {seen_above(role): layers for role, layers in recalled.inputs.items() if is_unseen(role)}
        if not hidden:
            return
        masks: list[Mask] = []

        def put_hidden(above: int) -> None:
            masks.extend(self.masks.made_of(one, SKETCH, shown=False) for one in hidden.pop(above, ()))

        put_hidden(0)
        seen = 0
        for mask in self.masks.all:
            masks.append(mask)
            seen += mask.role == SKETCH
            put_hidden(seen)
        for above in sorted(hidden):  # where layers above them are nowhere to be found any more
            put_hidden(above)
        self.masks.put(masks)

    # -- the way back through undo -----------------------------------------------------------------------------------

    is_going_back = False
    """Whether an earlier state is being shown, or a later one."""

    def _change_places(self, then: Snapshot) -> Snapshot:
        self.is_going_back = True
        try:
            return super()._change_places(then)
        finally:
            self.is_going_back = False

    # -- what is made ------------------------------------------------------------------------------------------------

    def _take_result(self, result: PictureResult) -> None:
        if self.settings.draws:  # every stroke makes one: the strip is for what one goes back to
            self._take_newest(result.layer, result.recipe)
        else:
            super()._take_result(result)

    def _keep_or_hold_back(self, result: PictureResult, inputs: tuple[OpenedPicture, ...]) -> None:
        """Keep nothing that was made of a blank sheet."""
        if not self.settings.draws or self.inputs[SKETCH]:
            super()._keep_or_hold_back(result, inputs)
