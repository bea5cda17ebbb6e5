"""Binds the masks of a session: the list in the column, the layer on the canvas, what is found, files."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QRectF, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QColorDialog, QWidget

from studio.core.events import Picture
from studio.core.failures import Failure
from studio.core.file_names import place_in_words
from studio.core.picture_task import COLOURED, HINTS, SKETCH
from studio.jobs.files import OpenedPicture
from studio.jobs.masks.bucket import BucketTask, fill_area
from studio.jobs.masks.edit import EditTask, edit_mask, with_found
from studio.jobs.masks.files import MaskFile, SaveMaskTask, open_mask, save_mask
from studio.jobs.masks.find import CutOut, FindTask, Wand, cut_out, find_faces, find_people, wand
from studio.ui.canvas.mask_layer import MaskLayer
from studio.ui.canvas.painted_map import PaintedMap
from studio.ui.canvas.tinted_map import MapView, TintedMap
from studio.ui.canvas.view import Canvas
from studio.ui.controls.file_dialogs import choose_new_file
from studio.ui.picture.context import PanelContext
from studio.ui.picture.mask_section import MaskHand, MaskSection
from studio.ui.picture.masks import Mask, Masks, kind_of
from studio.ui.picture.open_dialog import choose_pictures
from studio.ui.picture.session import PictureSession

__all__ = ["MaskDesk"]

_WORDS = {
    "wand": "Looking for this colour…", "cutout": "Finding what stands out…", "fit": "Finding what stands out…",
    "likely": "Looking for colours…", "people": "Looking for people…", "faces": "Looking for faces…",
}  # fmt: skip
_FIRST_HINT, _FIRST_INK = QColor(196, 60, 40), QColor(0, 0, 0)
"""Ink is black until another colour is chosen: pairs of drawings and pictures mostly learn from dark lines."""


class MaskDesk(QObject):
    """Everything that a hand does with masks.

    Args:
        parent: the widget in front of which dialogs open.
        session: holds the masks.
        canvas: shows them.
        section: the list and the tools.
        context: what panels share.

    """

    noticed = Signal(str, str)
    failed = Signal(object)
    likely_wanted = Signal(float, float)
    """Which colours may this place have, in shares of the photo's width and height? The answer: `show_likely`."""

    def __init__(
        self, parent: QWidget, session: PictureSession[Any], canvas: Canvas, section: MaskSection, context: PanelContext
    ) -> None:
        super().__init__(parent)
        self._widget, self._session, self._canvas, self._section = parent, session, canvas, section
        self._pictures, self._preferences, self._theme = context.pictures, context.preferences, context.theme
        self.masks: Masks = session.masks
        self.layer = MaskLayer(session.undo_stack)
        self.hand = self._hand_as_it_was()
        self._view: MapView | Literal["off"] = "tint"
        self._seen_last: MapView | Literal["off"] = "tint"
        self._tints: dict[str, TintedMap] = {}
        self._asked_about: Mask | None = None
        self.seen: Callable[[], Picture | None] = lambda: None
        """Returns what the eyedropper looks at where that is not the photo."""
        canvas.layers.add(self.layer)
        self._connect_section()
        self._connect_layer()
        self.masks.changed.connect(self._show)
        self.masks.repainted.connect(lambda mask: section.show_mask(mask, self.masks))
        session.settings_changed.connect(lambda _settings: section.ignore(session.ignored_roles, self.masks))
        session.input_changed.connect(lambda _role: section.set_usable(session.photo is not None))
        self._take_hand(self.hand)
        self._draws = SKETCH in self.masks.slots
        self.set_colour(self._colour_as_it_was())
        section.ignore(session.ignored_roles, self.masks)
        self._show()

    def _connect_section(self) -> None:
        section, masks = self._section, self.masks
        section.add_requested.connect(self.add)
        section.load_requested.connect(self._choose_file)
        section.files_dropped.connect(self.open_files)
        section.reuse_requested.connect(self.reuse)
        section.mask_pressed.connect(lambda key: masks.select("" if self._is_active(key) else key))
        section.eye_toggled.connect(lambda key, shown: self._with(key, lambda mask: masks.show(mask, shown)))
        section.renamed.connect(lambda key, name: self._with(key, lambda mask: masks.rename(mask, name)))
        section.role_chosen.connect(lambda key, role: self._with(key, lambda mask: masks.set_role(mask, role)))
        section.duplicate_requested.connect(lambda key: self._with(key, masks.duplicate))
        section.delete_requested.connect(lambda key: self._with(key, masks.delete))
        section.save_requested.connect(lambda key: self._with(key, self._save))
        section.arranged.connect(lambda key, keys: self._with(key, lambda mask: masks.arrange(mask, keys)))
        section.tool_chosen.connect(self.set_tool)
        section.hand_changed.connect(self._take_hand)
        section.colour_requested.connect(self._choose_colour)
        section.likely_chosen.connect(self._set_dot)
        section.colour_chosen.connect(self.set_colour)
        section.find_requested.connect(self.find)
        section.edit_requested.connect(self.edit)
        section.view_chosen.connect(self.set_view)
        section.done_requested.connect(lambda: masks.select(""))

    def _connect_layer(self) -> None:
        layer = self.layer
        layer.painted.connect(self.masks.note_painted)
        layer.brush_changed.connect(self._take_brush)
        layer.tool_chosen.connect(self.set_tool)
        layer.hiding_asked.connect(lambda: self.set_view(self._seen_last if self._view == "off" else "off"))
        layer.dismissed.connect(lambda: self.masks.select(""))
        layer.asked.connect(self._answer)

    def _is_active(self, key: str) -> bool:
        return self.masks.active is not None and self.masks.active.key == key

    def _with(self, key: str, act: Any) -> None:
        if (mask := self.masks.find(key)) is not None:
            act(mask)

    def add(self, role: str) -> None:
        """Put a new mask on the list; colours begin with those that are likely, where somebody knows them."""
        self.masks.add(role)
        if role == HINTS:
            self.set_tool("likely")

    # -- what is seen ------------------------------------------------------------------------------------------------

    def set_view(self, view: Any) -> None:
        """See masks as tints, as ruby film around them, in black and white, or not at all."""
        self._seen_last = self._view if view == "off" and self._view != "off" else self._seen_last
        self._view = view
        self._section.view.set_current(view)
        self._tints.clear()
        self._show()

    def set_tool(self, tool: Any) -> None:
        """Work with another tool; of those that colours know, where colours are painted."""
        if self._section.knows(tool):
            self.layer.set_tool(tool)
            self._section.show_tool(tool)

    def _show(self) -> None:
        masks, section = self.masks, self._section
        active = masks.active
        if self._asked_about is not None and self._asked_about is not active:
            self.forget_likely()
        section.offer(masks.left)
        section.show_masks(masks)
        section.set_usable(self._session.photo is not None)
        if not section.knows(self.layer.tool):
            self.set_tool("brush")
        self._tints = {mask.key: self._tint(mask) for mask in masks.all}
        seen = (mask for mask in masks.all if mask.shown and mask is not active and self._view != "off")
        others = [mask for mask in seen if mask.role != SKETCH and section.lists(mask.role)]  # a drawing is a picture
        tint = None if active is None else self._tints[active.key]
        self.layer.show_maps(tint, [self._tints[mask.key] for mask in others])
        self.layer.hides_map = self._view == "off" or (active is not None and active.role == SKETCH)
        self.layer.setVisible(active is not None)
        self._canvas.layers.activate(self.layer if active is not None else None)

    def _tint(self, mask: Mask) -> TintedMap:
        known = self._tints.get(mask.key)
        view: MapView = "tint" if mask is not self.masks.active or self._view == "off" else self._view
        if known is not None and known.painted is mask.painted and known.view == view:
            return known
        return TintedMap(mask.painted, self._section.tint_of(mask), view)

    # -- the hand ----------------------------------------------------------------------------------------------------

    def _hand_as_it_was(self) -> MaskHand:
        """Return what the hand held the last time."""
        try:
            return MaskHand.model_validate_json(self._preferences.mask_hand)
        except ValueError:  # nothing, or that of another version
            return MaskHand()

    def _colour_as_it_was(self) -> QColor:
        """Return the colour that was painted with the last time; ink is one thing, the colour of hints another."""
        colour = QColor(self._preferences.ink_colour if self._draws else self._preferences.mask_colour)
        return colour if colour.isValid() else _FIRST_INK if self._draws else _FIRST_HINT

    def _take_hand(self, hand: MaskHand) -> None:
        self._hold(hand)
        self.layer.set_brush(hand.brush(QColor(*self.layer.brush.colour)))

    def _take_brush(self) -> None:
        brush = self.layer.brush
        changed = {"diameter": round(brush.diameter), "hardness": round(brush.hardness, 2)}
        self._hold(self.hand.model_copy(update=changed))

    def _hold(self, hand: MaskHand) -> None:
        self.hand = hand
        self._preferences.mask_hand = hand.model_dump_json()
        self._section.show_hand(hand)

    def take_pen(self, diameter: int, colour: QColor) -> None:
        """Draw with a brush so wide, in this colour, until the hand takes another; what it held is remembered."""
        self.hand = self.hand.model_copy(update={"diameter": diameter})
        self.layer.set_brush(self.hand.brush(colour))
        self._section.show_hand(self.hand)
        self._section.show_colour(colour)

    def set_colour(self, colour: QColor) -> None:
        """Paint with this colour, where colours are painted."""
        self.layer.set_brush(replace(self.layer.brush, colour=(colour.red(), colour.green(), colour.blue())))
        if self._draws:
            self._preferences.ink_colour = colour.name()
        else:
            self._preferences.mask_colour = colour.name()
        self._section.show_colour(colour)

    def _choose_colour(self) -> None:
        dialog = QColorDialog(QColor(*self.layer.brush.colour), self._widget)
        dialog.setOption(QColorDialog.ColorDialogOption.DontUseNativeDialog)
        if dialog.exec():
            self.set_colour(dialog.selectedColor())
        dialog.deleteLater()

    def offer_likely(self) -> None:
        """Offer the tool that asks for likely colours: somebody answers `likely_wanted`."""
        self._section.suggests = True

    def show_likely(self, likely: Sequence[tuple[QColor, float]]) -> None:
        """Offer the colours that the place may have which was asked about; none where they cannot be known."""
        self._canvas.show_waiting("")
        if self._asked_about is not None:
            self._section.show_likely(likely)

    def forget_likely(self) -> None:
        """Ask about no place any more."""
        self._asked_about = None
        self.layer.mark(None)
        self._section.show_likely(())

    def _set_dot(self, colour: QColor) -> None:
        self.set_colour(colour)
        self.layer.dot_marked()

    # -- finding and changing ----------------------------------------------------------------------------------------

    def find(self, what: str) -> None:
        """Find people or faces, and add them to the mask that is painted on; or fit what is painted to its object."""
        if (mask := self.masks.active) is None or (photo := self._session.photo) is None:
            return
        pixels, size = photo.picture.pixels, (mask.painted.width, mask.painted.height)
        if what == "fit":
            self._find(what, cut_out, CutOut(pixels, *size, painted=mask.painted.pixels.copy()), replaces=True)
        else:
            self._find(what, find_people if what == "people" else find_faces, FindTask(pixels, *size))

    def _answer(self, tool: str, place: QRectF, takes_away: bool) -> None:
        """Do what a click or a rectangle on the picture asks for."""
        mask, photo, rect = self.masks.active, self._session.photo, self.layer.picture_rect
        if mask is None or photo is None:
            return
        left, top = place.left() / rect.width(), place.top() / rect.height()
        right, bottom = place.right() / rect.width(), place.bottom() / rect.height()
        pixels, size, hand = photo.picture.pixels, (mask.painted.width, mask.painted.height), self.hand
        if tool == "pick":
            looked_at = self.seen()
            if looked_at is not None:
                self._pick(looked_at, left, top)
            elif (colour := self._canvas.colour_at(place.topLeft())) is not None:
                self.set_colour(colour)
        elif tool == "likely":
            self.forget_likely()
            self._asked_about = mask
            self.layer.mark(place.topLeft())
            self._canvas.show_waiting(_WORDS[tool])
            self.likely_wanted.emit(left, top)
        elif tool == "bucket":
            self._fill(mask, left, top, takes_away=takes_away)
        elif tool == "wand":
            task = Wand(pixels, *size, left, top, hand.tolerance, hand.touching)
            self._find(tool, wand, task, takes_away=takes_away)
        else:
            self._find(tool, cut_out, CutOut(pixels, *size, (left, top, right, bottom)), takes_away=takes_away)

    def _pick(self, pixels: Picture, across: float, down: float) -> None:
        height, width = pixels.shape[:2]
        y, x = (min(max(int(share * length), 0), length - 1) for share, length in ((down, height), (across, width)))
        self.set_colour(QColor(*(int(value) for value in pixels[y, x, :3])))

    def _fill(self, mask: Mask, across: float, down: float, *, takes_away: bool) -> None:
        """Fill an area of a layer up to the lines of the drawing."""
        version, colour = mask.painted.version, None if takes_away else self.layer.brush.colour
        seen = [one for one in reversed(self.masks.all) if one.role == mask.role and (one.shown or one is mask)]
        drawn, layer = [one.painted.pixels for one in seen], mask.painted.pixels.copy()
        task = BucketTask(layer, drawn, seen.index(mask), across, down, colour, self.hand.tolerance)
        handle = self._pictures.live(f"{self._session.task.name}.fill-area", fill_area, task)

        def take(pixels: NDArray[np.uint8]) -> None:
            if self.masks.find(mask.key) is not None and mask.painted.version == version:  # no stroke came first
                self.layer.repaint_map(mask.painted, pixels, "Fill")

        handle.finished.connect(take)
        handle.failed.connect(self._tell)

    def _find(self, what: str, job: Any, task: FindTask, *, takes_away: bool = False, replaces: bool = False) -> None:
        mask = self.masks.active
        assert mask is not None
        self._canvas.show_waiting(_WORDS[what])
        handle = self._pictures.live(f"{self._session.task.name}.find-mask", job, task)
        title = {"cutout": "Object", "fit": "Fit to Object", "wand": "Magic Wand"}.get(what, what.capitalize())

        def take(found: NDArray[np.uint8]) -> None:
            if self.masks.find(mask.key) is None:
                return  # another photo came, or it was deleted
            there = mask.painted.pixels
            made = found if replaces else with_found(there, found, takes_away=takes_away)
            self.layer.repaint_map(mask.painted, made, title)

        handle.finished.connect(take)
        handle.failed.connect(self._tell)
        for over in (handle.finished, handle.failed, handle.cancelled):
            over.connect(lambda *_: self._canvas.show_waiting(""))

    def edit(self, edit: Any) -> None:
        """Change the mask that is painted on as a whole."""
        if (mask := self.masks.active) is None:
            return
        photo = self._session.photo_pixels[0]
        amount = self.hand.edge * (mask.painted.width / photo if photo else 1.0)
        version, task = mask.painted.version, EditTask(mask.painted.pixels.copy(), edit, amount)
        handle = self._pictures.live(f"{self._session.task.name}.edit-mask", edit_mask, task, after_running=True)

        def take(pixels: NDArray[np.uint8]) -> None:
            if self.masks.find(mask.key) is not None and mask.painted.version == version:  # no stroke came first
                self.layer.repaint_map(mask.painted, pixels, edit.capitalize())

        handle.finished.connect(take)
        handle.failed.connect(self._tell)

    def _tell(self, failure: Failure) -> None:
        self.failed.emit(failure)

    # -- in and out --------------------------------------------------------------------------------------------------

    def take(self, name: str, role: str, pixels: NDArray[np.uint8]) -> Mask:
        """Put a mask on the list that something else has made: H×W, 0–255, of any size."""
        return self.masks.add(role, name=name, painted=PaintedMap(pixels))

    def reuse(self, mask: Mask) -> None:
        """Put a mask of another photo on the list, in this photo's size."""
        roles = self.masks.roles_for(mask)
        role = mask.role or (self._session.role_of_new_mask if self._session.role_of_new_mask in roles else roles[0])
        self.masks.add(role, name=mask.name, painted=mask.painted.copy())

    def _choose_file(self) -> None:
        recent = self._preferences.recent_files
        folder = self._preferences.save_folder or (str(recent[0].parent) if recent else "")
        words = f"Open {kind_of(self._session.role_of_new_mask)}s"
        self.open_files(choose_pictures(self._widget, words, folder, self._pictures, self._theme, several=True))

    def open_files(self, files: Sequence[Path]) -> None:
        """Put masks on the list that are files: how light they are; those with transparent places are colours."""
        if self._session.photo is None:
            return
        for file in files:
            handle = self._pictures.queue(f"{self._session.task.name}.open-mask-{file}", open_mask, file)
            handle.finished.connect(self._take_file)
            handle.failed.connect(self._tell)

    def _take_file(self, opened: OpenedPicture) -> None:
        pixels = opened.picture.pixels
        role = self._session.role_of_new_mask
        if role != SKETCH:  # any picture can be a layer of a drawing
            has_colours = HINTS in self.masks.slots and pixels.shape[2] == 4 and bool((pixels[..., 3] < 255).any())
            role = HINTS if has_colours else role
            if role in COLOURED and not has_colours:
                role = next((one for one in self.masks.slots if one not in COLOURED), "")
        mask = self.masks.made_of(opened, role)
        self.masks.add(role, name=mask.name, painted=mask.painted)

    def _save(self, mask: Mask) -> None:
        folder = Path(self._preferences.save_folder or Path.home())
        photo = self._session.photo
        stem = "" if photo is None else f"{Path(photo.picture.name).stem} "
        proposed = folder / f"{stem}{mask.name.replace('/', ' ')}.png"
        path = choose_new_file(self._widget, f"Save the {kind_of(mask.role)}", proposed, "PNG", ".png", self._theme)
        if path is not None:
            self.save_as(mask, path)

    def save_as(self, mask: Mask, path: Path) -> None:
        """Write a mask as a PNG file, in the photo's size."""
        task = SaveMaskTask(MaskFile(mask.painted.pixels.copy(), mask.name), path)
        handle = self._pictures.queue(f"{self._session.task.name}.save-mask-{path}", save_mask, task)
        words = f"{kind_of(mask.role).capitalize()} saved as"
        handle.finished.connect(lambda saved: self.noticed.emit(f"{words} {place_in_words(saved)}", "info"))
        handle.failed.connect(partial(self._tell))
        handle.finish()  # closing the window must not lose it
