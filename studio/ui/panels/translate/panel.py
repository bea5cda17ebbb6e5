"""The Translate panel: a picture of one world turned into one of another, and what one draws painted as one draws."""

import secrets
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from PySide6.QtCore import QTimer
from PySide6.QtGui import QAction, QColor, QHideEvent, QKeySequence, QShowEvent
from PySide6.QtWidgets import QWidget

from studio.core.file_names import place_in_words
from studio.core.frames import Frame
from studio.core.own_networks import SUFFIXES
from studio.core.picture_task import CONTENT, SKETCH
from studio.core.picture_tasks import TRANSLATE
from studio.core.settings import Settings
from studio.core.translate_settings import TranslateSettings
from studio.jobs.files import LoadTask
from studio.jobs.masks.files import MaskFile, SaveMaskTask, save_mask
from studio.jobs.translate.answers import AnswersTask, paint_answers
from studio.jobs.translate.choices import TranslatorChoice, TranslatorsTask, list_translators
from studio.jobs.translate.follow import FollowTask, follow_run
from studio.training.tasks.translate_settings import CYCLEGAN
from studio.ui.canvas.incoming import Offer
from studio.ui.controls.file_dialogs import choose_files, choose_new_file
from studio.ui.icons import set_icon
from studio.ui.panel import ModelToUse, NetworkToImport, TrainingToBegin
from studio.ui.panels.translate.column import LINE_WIDTH, SHEETS, TranslateColumn
from studio.ui.panels.translate.session import TranslateSession
from studio.ui.panels.translate.way_back_desk import WayBackDesk
from studio.ui.picture.context import PanelContext
from studio.ui.picture.panel import PicturePanel
from studio.ui.picture.session import SessionState

__all__ = ["TranslatePanel"]

_FOLLOW_MS = 2000
"""So often one looks how far a pair is that is worked with while it learns."""
_NO_PAIR = (
    "There is no pair of worlds yet. Train one with two folders of pictures, such as photos and paintings: you can "
    "draw with it while it is still learning. Or drop a generator of CycleGAN's or pix2pix's authors here "
    "(latest_net_G_A.pth)."
)
_WAITS = "This pair has learnt nothing yet that could be tried. It is taken up as soon as it has."
_GONE = "The pair that is chosen is not on this computer any more: choose another one."
_PAINTED_HERE = "Draw, and it is painted here"
_GENERATORS = f"Networks ({' '.join(f'*{suffix}' for suffix in SUFFIXES)});;All files (*)"


class TranslatePanel(PicturePanel):
    """Adds pairs that are still learning, the drawing, and the way back.

    Args:
        context: what it shares with other panels.

    """

    task = TRANSLATE
    menu_title = "&Translation"
    result_title = "Translation"
    session: TranslateSession
    column: TranslateColumn

    def __init__(self, context: PanelContext) -> None:
        self._wanted = ""
        self._compared_before = ""
        self._answered = "", "", ""
        self._follow = QTimer(interval=_FOLLOW_MS)
        super().__init__(context)
        self._follow.setParent(self)
        self.canvas.drops.words = _words_of_drop
        self.draw_action = QAction("Draw One", self)
        set_icon(self.draw_action, "style", context.theme)
        self.empty_state.add_action(self.draw_action)
        self.swap_action = QAction("Swap Direction", self)
        self.swap_action.setShortcut(QKeySequence("X"))
        self.addAction(self.swap_action)
        self.work_actions = (self.swap_action,)
        self._connect_translating()
        self._connect_drawing()

    @property
    def words(self) -> Mapping[SessionState, str]:
        """What can be done, and what is missing."""
        session = self.session
        if session.has_looked and not session.is_ready:
            return dict.fromkeys(SessionState, "No pair for this yet: see the column")
        if session.settings.draws:
            drawing = "Draw: it is painted at every stroke; Esc when you are done"
            idle = "Add a layer, or press one, to draw on it"
            return dict.fromkeys(SessionState, idle if session.masks.active is None else drawing)
        legend = self.way_back.legend if session.layer is not None else ""
        return {
            **super().words,
            SessionState.EMPTY: "Drop a picture: it is translated at once; or draw one",
            SessionState.FINISHED: legend or "Done: Strength acts at once, X goes the other way",
        }

    @property
    def shows_progress(self) -> bool:
        """Not at every stroke."""
        return self.session.takes_a_while

    def make_session(self) -> TranslateSession:
        """Return the panel's state."""
        return TranslateSession(self.context.studio, self.context.pictures, self.undo_stack, self)

    def make_column(self) -> TranslateColumn:
        """Return the controls beside the canvas."""
        return TranslateColumn(self.context.theme)

    def make_middle(self) -> QWidget:
        """Return canvas and queue; whose way back is at hand before anything is shown."""
        self.way_back = WayBackDesk(self.session, self.column, self.workspace, self.context.studio)
        return super().make_middle()

    def _connect_translating(self) -> None:
        column, session = self.column, self.session
        column.mode.chosen.connect(self._choose_mode)
        self.draw_action.triggered.connect(lambda: self._choose_mode("draw"))
        column.train_button.clicked.connect(lambda: self.sent.emit(TrainingToBegin(CYCLEGAN.name), ""))
        column.import_button.clicked.connect(self._choose_generators)
        self.way_back.changed.connect(self._note_way_back)
        self.way_back.failed.connect(self.report)
        self.swap_action.triggered.connect(session.swap)
        column.answers.wanted.connect(self._ask_for_answers)
        column.answers.chosen.connect(lambda code: session.change(code=code))
        session.settings_changed.connect(self._forget_answers)
        self._follow.timeout.connect(self._look_how_far)
        self.form.row("model").value_changed.connect(self._wait_no_longer)

    def _connect_drawing(self) -> None:
        column, session, desk = self.column, self.session, self.mask_desk
        assert desk is not None
        for name, (width, height) in SHEETS.items():
            column.sheet_menu.addAction(name, partial(self.open_sheet, width, height))
        column.save_drawing_button.clicked.connect(self._choose_drawing_file)
        desk.seen = lambda: self.session.drawing.sheet.drawing if self.session.drawing.sheet is not None else None
        desk.layer.map_changed.connect(session.note_drawn)
        desk.layer.stroke_aborted.connect(session.masks.flush)  # so that what was taken back is known to be gone
        session.sheet_prepared.connect(self._show_sheet)
        session.drawn.connect(lambda part: self.canvas.note_change("before", part))
        session.drafted.connect(self._show_draft)
        session.masks.changed.connect(self._show_state)
        session.brought_back.connect(self._take_up_drawing)

    @property
    def can_start(self) -> bool:
        """Whether picture and pair are there, and nothing runs."""
        return super().can_start and self.session.is_complete

    # -- pairs -------------------------------------------------------------------------------------------------------

    def use_model(self, model: ModelToUse) -> None:
        """Translate with another pair; with one that still learns, and without a picture, one draws. A step of undo."""
        self.list_pairs(model.name)

    def refresh_models(self) -> None:
        """Offer the pairs that are on this computer now."""
        self.list_pairs()

    def showEvent(self, event: QShowEvent) -> None:  # noqa: D102
        super().showEvent(event)
        self.refresh_models()
        self._follow.start()

    def hideEvent(self, event: QHideEvent) -> None:  # noqa: D102
        super().hideEvent(event)
        self._follow.stop()

    def list_pairs(self, wanted: str = "") -> None:
        """Look the pairs up; one that is `wanted` is used as soon as it can be."""
        self._wanted = wanted or self._wanted
        task = TranslatorsTask(used=self._wanted or self.session.settings.model)
        handle = self.context.pictures.live("translate.pairs", list_translators, task)
        handle.finished.connect(self._offer)
        handle.failed.connect(self.report)

    def _offer(self, found: Sequence[TranslatorChoice]) -> None:
        self.form.set_offers("translator", {one.name: one.words for one in found})
        self.session.take_pairs(found)
        if self._wanted in {one.name for one in found} or (self._wanted and not Path(self._wanted).is_absolute()):
            wanted, self._wanted = self._wanted, ""
            learns = any(one.step for one in found if one.name == wanted)
            drawing = {"mode": "draw"} if learns or self.session.photo is None else {}
            self.session.change(model=wanted, **drawing)
            self.session.note_chosen(wanted)
            if drawing:
                self._begin_drawing()
        self._show_settings(self.session.settings)

    def _wait_no_longer(self, name: str) -> None:
        """Another pair was chosen by hand than the one that one waited for."""
        self._wanted = ""
        self.session.note_chosen(name)

    def _look_how_far(self) -> None:
        """Ask how far the pair is that one works with, or waits for, as long as it learns."""
        pair = self.session.pair
        name = self._wanted or ("" if pair is None or not pair.step else pair.name)
        if name:
            handle = self.context.pictures.live("translate.follow", follow_run, FollowTask(Path(name)))
            handle.finished.connect(partial(self._note_how_far, name))

    def _note_how_far(self, name: str, step: int) -> None:
        pair = self.session.pair
        if (name == self._wanted and step) or (pair is not None and name == pair.name and step != pair.step):
            self.list_pairs()

    def open_pictures(self, files: list[Path], *, anywhere: bool = False) -> None:
        """Import what is a network; the rest are pictures."""
        networks = [file for file in files if file.suffix.lower() in SUFFIXES]
        for network in networks:
            self.sent.emit(NetworkToImport(network), "")
        if pictures := [file for file in files if file not in networks]:
            super().open_pictures(pictures, anywhere=anywhere)

    def _choose_generators(self) -> None:
        for file in choose_files(self, "Import a generator", "", _GENERATORS, self.context.theme):
            self.sent.emit(NetworkToImport(file), "")

    # -- drawing -----------------------------------------------------------------------------------------------------

    def _choose_mode(self, mode: str) -> None:
        self.session.choose_mode(mode)
        if self.session.settings.draws:
            self._begin_drawing()

    def _begin_drawing(self) -> None:
        """Let there be something to draw on, and a layer in hand."""
        masks = self.session.masks
        layers = [mask for mask in masks.all if mask.role == SKETCH]
        if self.session.photo is None:
            self.open_sheet(*SHEETS["Square"])
        elif not layers:
            masks.add(SKETCH)
        else:
            masks.select(next((layer.key for layer in layers if layer.shown), layers[0].key))

    def open_sheet(self, width: int, height: int) -> None:
        """Draw on white paper; with a pair that learnt from drawings, as these are drawn."""
        self.input_desk.take_over()
        if self.mask_desk is not None and self.session.knows_lines:
            self.mask_desk.take_pen(LINE_WIDTH, QColor(0, 0, 0))
        paper = np.full((height, width, 3), 255, np.uint8)
        # each sheet is a picture of its own, which brings back its own drawing
        paper[0, :64, 2] -= np.unpackbits(np.frombuffer(secrets.token_bytes(8), np.uint8))
        self.files.open_plain(LoadTask(pixels=paper, name="Blank sheet"), CONTENT)

    def _show_sheet(self) -> None:
        """Show what is drawn in the picture's place, and what is painted of it beside it."""
        sheet = self.session.drawing.sheet
        if sheet is not None:
            self.canvas.set_picture("before", sheet.frame, size=self.session.photo_pixels)

    def _show_draft(self, frame: Frame) -> None:
        self._shown = frame
        self._show_size()

    def _choose_drawing_file(self) -> None:
        folder = Path(self.context.preferences.save_folder or Path.home())
        path = choose_new_file(self, "Save the drawing", folder / "drawing.png", "PNG", ".png", self.context.theme)
        if path is not None:
            self.save_drawing(path)

    def save_drawing(self, path: Path) -> None:
        """Write what is drawn as a PNG file, in the size in which it is drawn."""
        if (sheet := self.session.drawing.sheet) is None:
            return
        pixels = np.asarray(cv2.cvtColor(sheet.drawing, cv2.COLOR_RGB2RGBA), np.uint8)
        task = SaveMaskTask(MaskFile(pixels, "drawing"), path)
        handle = self.context.pictures.queue(f"translate.save-drawing-{path}", save_mask, task)
        handle.finished.connect(lambda saved: self.noticed.emit(f"Drawing saved as {place_in_words(saved)}", "info"))
        handle.failed.connect(self.report)
        handle.finish()  # closing the window must not lose it

    # -- many answers ------------------------------------------------------------------------------------------------

    def _ask_for_answers(self, first: int) -> None:
        """Paint nine answers of the picture, or of the drawing as it is now."""
        if (picture := self.session.translated) is not None:
            task = AnswersTask(picture, self.session.settings, first)
            handle = self.context.studio.live("translate.answers", paint_answers, task)
            handle.finished.connect(self.column.answers.show_answers)
            handle.failed.connect(self.report)

    def _forget_answers(self, settings: Settings) -> None:
        """Let go of answers of another pair or direction."""
        assert isinstance(settings, TranslateSettings)
        asked = settings.model, settings.direction, settings.mode
        if asked != self._answered:
            self._answered = asked
            self.column.answers.show_answers(())

    # -- showing the state -------------------------------------------------------------------------------------------

    def show_input(self, role: str) -> None:
        """Show what goes in; of another picture there is another way back, and another drawing."""
        if role == CONTENT:
            self.way_back.forget()
            self.column.answers.show_answers(())
        super().show_input(role)
        if role == CONTENT:
            self._take_up_drawing()
        self._show_settings(self.session.settings)

    def _take_up_drawing(self) -> None:
        """Have a layer in hand as soon as everything is there, unless that is what undo brings back."""
        if self.session.settings.draws and self.session.photo is not None and not self.session.is_going_back:
            QTimer.singleShot(0, self, self._take_layer)

    def _take_layer(self) -> None:
        """Draw on another picture with a layer in hand: its drawing's first, or a new one."""
        if self.session.settings.draws and self.session.photo is not None:
            self._begin_drawing()

    def show_none(self) -> None:
        """Show what goes in alone; there is nothing that could come back."""
        self.way_back.forget()
        super().show_none()

    def show_frame(self, frame: Frame) -> None:
        """Show a composed picture, unless more has been drawn since."""
        if self.session.is_of_this_mode and (not self.session.is_behind or self._shown is None):
            super().show_frame(frame)

    def _show_size(self) -> None:
        """Show a drawing's painting as large as its sheet: nothing moves below the hand."""
        if not self.session.settings.draws:
            super()._show_size()
        elif self._shown is not None:
            self.canvas.set_after(self._shown, self.session.photo_pixels)
            self.workspace.compare_bar.set_result(f"{self._shown.width} × {self._shown.height}")

    def _show_settings(self, settings: Settings) -> None:
        super()._show_settings(settings)
        session = self.session
        self.column.show_pair(session.pair)
        self.column.show_line_hint(session.settings.draws and session.knows_lines)
        none = session.has_looked and not session.pairs and not self._wanted
        words = _NO_PAIR if none else _WAITS if self._wanted else _GONE if not session.is_ready else ""
        self.column.show_missing(words if session.has_looked else "", none=none)
        self._show_drawing(session.settings.draws)
        self._show_state()

    def _show_drawing(self, draws: bool) -> None:
        """Let drawing and painting stand side by side as long as one draws."""
        canvas, photo = self.canvas, self.session.photo
        self._name_what_is_compared()
        self.workspace.strip_bar.setVisible(not draws)  # of strokes one goes back by undo
        canvas.set_hint(_PAINTED_HERE if draws else "")  # so that nothing moves below the hand when it comes
        if draws and not self._compared_before:
            self._compared_before = canvas.compare_mode
            canvas.set_compare_mode("side")
        elif not draws and self._compared_before:
            mode, self._compared_before = self._compared_before, ""
            canvas.set_compare_mode(mode)
            if photo is not None:
                canvas.set_picture("before", photo.frame)

    def _name_what_is_compared(self) -> None:
        draws = self.session.settings.draws
        goes_in = "And back" if self.way_back.is_beside else "Drawing" if draws else "Picture"
        titles = goes_in, self.result_title
        if titles != self.looking_back.titles:
            self.looking_back.titles = titles
            self.looking_back.refresh()

    def _show_state(self) -> None:
        super()._show_state()
        session, pair = self.session, self.session.pair
        done = session.layer is not None and session.recipe is not None
        knows_both = pair is not None and len(pair.ways) > 1
        self.way_back.allow(done and knows_both)
        self.column.save_drawing_button.setEnabled(session.drawing.sheet is not None)
        if self.way_back.tells:
            self.way_back.show_line()

    def _note_way_back(self) -> None:
        self._name_what_is_compared()
        self._show_state()


def _words_of_drop(offer: Offer) -> str:
    if any(file.suffix.lower() in SUFFIXES for file in offer.files):
        return "Drop to import this network"
    return "Drop to queue these pictures" if offer.is_several else "Drop to translate this picture"
