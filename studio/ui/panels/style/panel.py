"""The Style panel: a photo painted live in the manner of paintings."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QStandardPaths, Qt, Signal
from PySide6.QtGui import QGuiApplication, QUndoStack
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QSplitter,
)

from studio.core.controls import Controls
from studio.core.events import Progress
from studio.core.failures import Failure
from studio.core.frames import Frame
from studio.core.known_networks import packaged_weights
from studio.core.picture_task import PictureResult
from studio.core.samples import Sample, sample_paintings, sample_photos
from studio.core.settings import Settings
from studio.core.style_settings import StyleSettings
from studio.engine import Engine
from studio.jobs.browse import SamplesTask, Thumbnail, list_offers, list_samples
from studio.jobs.files import OpenedPicture
from studio.jobs.style.choices import FastStylesTask, FastStyleThumbnail, list_fast_styles
from studio.ui.actions import Actions
from studio.ui.canvas.frame_item import wrap_level
from studio.ui.controls import samples as sample_tiles
from studio.ui.controls.empty_state import EmptyState
from studio.ui.panel import Panel
from studio.ui.panels.style.column import COLUMN_WIDTH, StyleColumn
from studio.ui.panels.style.fast_style_tiles import FastStyleOffer
from studio.ui.panels.style.painting_shelf import ShelfPicture
from studio.ui.panels.style.session import Inputs, SessionState, StyleSession
from studio.ui.picture.files import PictureFiles
from studio.ui.picture.history import History
from studio.ui.picture.saver import PictureSaver
from studio.ui.picture.workspace import Workspace
from studio.ui.preferences import Preferences
from studio.ui.theme import Theme

PICTURE_FILTER = "Pictures (*.png *.jpg *.jpeg *.tif *.tiff *.webp *.bmp *.gif);;All files (*)"


class StylePanel(Panel):
    """Binds the session's state to the canvas, the form, the shelf and the film strip.

    Args:
        theme: where colours come from.
        studio: the engine that paints.
        pictures: the engine that composes frames.
        desk: opens, saves and keeps pictures.
        preferences: compare mode, recent files, folders.
        actions: the window's, for buttons that do the same.
        undo_stack: the window's.

    """

    networks_requested = Signal(str)
    """Show where networks come from, first of all the one of this name."""

    name = "style"
    title = "Style"
    icon_name = "style"
    tooltip = "Paint a photo in the manner of paintings"

    def __init__(
        self,
        theme: Theme,
        studio: Engine,
        pictures: Engine,
        desk: PictureFiles,
        preferences: Preferences,
        actions: Actions,
        undo_stack: QUndoStack,
    ) -> None:
        super().__init__()
        self._desk, self._preferences, self._pictures, self._actions = desk, preferences, pictures, actions
        self._shown: Frame | None = None
        self._loading = ""
        self.session = StyleSession(studio, pictures, undo_stack, self)
        self._saver = PictureSaver(self, self.session, desk, preferences, self._last_folder)
        self.workspace = Workspace(theme)
        self.column = column = StyleColumn(theme, _network_names())
        self.photo_tile, self.shelf, self.fast_styles, self.form = (
            column.photo_tile, column.shelf, column.fast_styles, column.form,
        )  # fmt: skip
        self.paint_button, self.save_button, self.export_button = (
            column.paint_button, column.save_button, column.export_button,
        )  # fmt: skip
        self.networks_button = column.networks_button
        self.empty_state = self._make_empty_state(theme)
        self._build()
        self._connect()
        self.workspace.canvas.set_compare_mode(preferences.compare_mode)
        self._show_state(self.session.state)
        self._list_choices()

    # -- layout ----------------------------------------------------------------------------------------------------

    def _build(self) -> None:
        self.workspace.canvas.set_empty_widget(self.empty_state)
        self.workspace.canvas.set_labels("Photo", "Painting")
        splitter = QSplitter(Qt.Orientation.Horizontal)
        splitter.setChildrenCollapsible(False)
        splitter.addWidget(self.workspace)
        splitter.addWidget(self.column)
        splitter.setStretchFactor(0, 1)
        splitter.setSizes([10_000, COLUMN_WIDTH])
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(splitter)

    # -- connections -----------------------------------------------------------------------------------------------

    def _connect(self) -> None:
        session, canvas, strip = self.session, self.workspace.canvas, self.workspace.film_strip
        session.photo_changed.connect(self._show_photo)
        session.paintings_changed.connect(self._show_paintings)
        session.settings_changed.connect(self._show_settings)
        session.frame_composed.connect(self._show_frame)
        session.film_changed.connect(self._show_film)
        session.state_changed.connect(self._show_state)
        session.progressed.connect(self.workspace.progress_line.set_progress)
        session.painting_finished.connect(self._keep)
        session.failed.connect(self.report)
        session.noticed.connect(self.noticed)
        self.form.settings_changed.connect(session.set_settings)
        self.column.method.chosen.connect(self._choose_method)
        self.fast_styles.chosen.connect(self.use_fast_style)
        self.form.drag_started.connect(session.begin_gesture)
        self.form.drag_finished.connect(session.end_gesture)
        strip.frame_chosen.connect(session.branch_from)
        line = self.workspace.progress_line
        line.stop_requested.connect(session.stop)
        line.pause_requested.connect(session.pause)
        line.resume_requested.connect(session.resume)
        canvas.files_dropped.connect(self.open_pictures)
        canvas.picture_pasted.connect(self._open_pasted)
        canvas.refused.connect(self._refuse)
        self._connect_shelf()
        self._desk.opened.connect(self._take_opened)
        self._desk.recalled.connect(session.recall)
        self.networks_button.clicked.connect(self._ask_for_networks)
        self.paint_button.clicked.connect(session.paint)
        self.save_button.clicked.connect(self.save)
        self.export_button.clicked.connect(self.save_as)

    def _connect_shelf(self) -> None:
        shelf, session = self.shelf, self.session
        self.photo_tile.open_requested.connect(self.choose_photo)
        self.photo_tile.files_dropped.connect(self.open_pictures)
        self.empty_state.sample_chosen.connect(self._choose_sample_photo)
        shelf.add_requested.connect(self.choose_painting)
        shelf.sample_chosen.connect(self._choose_sample_painting)
        shelf.removed.connect(session.remove_painting)
        shelf.mix_changed.connect(self._set_mix)
        shelf.mix_drag_started.connect(session.begin_gesture)
        shelf.mix_drag_finished.connect(session.end_gesture)
        shelf.files_dropped.connect(self._add_painting_files)

    # -- what the window asks --------------------------------------------------------------------------------------

    @property
    def can_start(self) -> bool:
        """True when everything needed is there and nothing runs."""
        return self.session.state in (SessionState.READY, SessionState.FINISHED)

    @property
    def is_running(self) -> bool:
        """True while a painting is under way, paused or not."""
        return self.session.state in (SessionState.PAINTING, SessionState.PAUSED)

    @property
    def can_stop(self) -> bool:
        """True while a painting is under way."""
        return self.is_running

    @property
    def has_painting(self) -> bool:
        """True when there is something to save."""
        return self.session.painting is not None

    def start(self) -> None:
        """Paint."""
        self.session.paint()

    def stop(self) -> None:
        """End the painting with what was reached."""
        self.session.stop()

    def toggle_pause(self) -> None:
        """Pause the painting, or go on with it."""
        if self.session.state is SessionState.PAINTING:
            self.session.pause()
        else:
            self.session.resume()

    def reset(self) -> None:
        """Set every setting back to where a newcomer starts."""
        self.session.set_settings(StyleSettings())

    def close_gently(self) -> None:
        """Stop, so that what was reached is kept."""
        self.session.stop()

    def _list_choices(self) -> None:
        """Have samples and networks looked up, and offer them when they are found."""
        for name, samples, take in (
            ("photos", sample_photos, self.empty_state.set_samples),
            ("paintings", sample_paintings, self.shelf.set_samples),
        ):
            handle = self._pictures.queue(f"samples-{name}", list_samples, SamplesTask(samples), Controls(Settings()))
            handle.finished.connect(partial(_offer, take))
            handle.failed.connect(self.report)
        self.refresh_networks()

    def refresh_networks(self) -> None:
        """Offer the networks that are on this computer now."""
        networks = self._pictures.live("style.networks", list_offers, "backbone", Controls(Settings()))
        networks.finished.connect(partial(self.form.set_offers, "backbone"))
        networks.failed.connect(self.report)
        task = FastStylesTask(used=self.session.settings.fast_style)
        fast_styles = self._pictures.live("style.fast", list_fast_styles, task, Controls(Settings()))
        fast_styles.finished.connect(self._offer_fast_styles)
        fast_styles.failed.connect(self.report)

    def _offer_fast_styles(self, found: tuple[FastStyleThumbnail, ...]) -> None:
        self.fast_styles.set_offers([FastStyleOffer(one.name, one.title, one.picture) for one in found])
        self.form.set_offers("fast_style", {one.name: one.title for one in found})
        self.column.show_settings(self.session.settings)

    def use_network(self, name: str) -> None:
        """Paint with another network, be it one that looks or a fast style; one step of undo."""
        if name in self.fast_styles.tiles:
            self.use_fast_style(name)
        else:
            self._set(method="live", backbone=name)

    def use_fast_style(self, name: str) -> None:
        """Paint at once with this fast style: its name, its file, or the folder of its run; one step of undo."""
        self._set(method="instant", fast_style=name)
        self.refresh_networks()

    def _choose_method(self, method: str) -> None:
        self._set(method=method)

    def _set(self, **changes: object) -> None:
        self.session.set_settings(self.session.settings.model_copy(update=changes))

    def _ask_for_networks(self) -> None:
        self.networks_requested.emit(self.session.settings.backbone)

    # -- pictures in -----------------------------------------------------------------------------------------------

    def open_samples(self) -> None:
        """Put the sample photo and painting on the panel; painting starts when both are there."""
        photos, paintings = sample_photos(), sample_paintings()
        if not photos or not paintings:
            return
        self.session.start_when_ready = True
        self._desk.open_file(photos[0].path, "photo")
        self._desk.open_file(paintings[0].path, "painting")

    def open_pictures(self, files: list[Path]) -> None:
        """Open dropped or chosen files: the first as the photo, the others as paintings."""
        for number, path in enumerate(files):
            self._desk.open_file(Path(path), "photo" if number == 0 else "painting")
            self._preferences.remember_file(Path(path))

    def choose_photo(self) -> None:
        """Ask for a photo."""
        file, _ = QFileDialog.getOpenFileName(self, "Open a photo", self._last_folder(), PICTURE_FILTER)
        if file:
            self.open_pictures([Path(file)])

    def choose_painting(self) -> None:
        """Ask for one or more paintings."""
        files, _ = QFileDialog.getOpenFileNames(self, "Add paintings", self._last_folder(), PICTURE_FILTER)
        self._add_painting_files([Path(file) for file in files])

    def paste(self) -> None:
        """Take what is on the clipboard as the photo."""
        self.workspace.canvas.paste()

    def _last_folder(self) -> str:
        recent = self._preferences.recent_files
        pictures = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.PicturesLocation)
        return str(recent[0].parent) if recent else pictures

    def _add_painting_files(self, files: list[Path]) -> None:
        for path in files:
            self._desk.open_file(Path(path), "painting")
            self._preferences.remember_file(Path(path))

    def _choose_sample_painting(self, name: str) -> None:
        self._desk.open_file(_named(name, sample_paintings()).path, "only painting")

    def _choose_sample_photo(self, name: str) -> None:
        self._desk.open_file(_named(name, sample_photos()).path, "photo")

    def _open_pasted(self, pixels: object) -> None:
        self._desk.open_pixels(pixels, "Pasted picture", "photo")  # type: ignore[arg-type]

    def _refuse(self, cause: str, remedy: str) -> None:
        self.report(Failure(cause, remedy, ""))

    def _take_opened(self, purpose: str, opened: OpenedPicture) -> None:
        if opened.picture.recipe_problem:
            self.noticed.emit(opened.picture.recipe_problem, "warning")
        if purpose == "photo":
            self._saver.forget_name()
            self.session.set_photo(opened)
        elif purpose == "painting":
            self.session.add_painting(opened)
        elif purpose == "only painting":
            self.session.set_paintings(opened)

    # -- pictures out ----------------------------------------------------------------------------------------------

    def save(self) -> None:
        """Save what is shown under the name it has, or ask for one."""
        self._saver.save()

    def save_as(self) -> None:
        """Ask for a name and a format, then save what is shown."""
        self._saver.save_as()

    def copy(self) -> None:
        """Put what is shown on the clipboard."""
        if self._shown is not None:
            image = wrap_level(self._shown.levels[0], self._shown.has_alpha).copy()
            QGuiApplication.clipboard().setImage(image)

    def _keep(self, result: PictureResult, inputs: Inputs) -> None:
        self._desk.keep(result, inputs, ai_mark=self._preferences.ai_mark)

    # -- showing the state -----------------------------------------------------------------------------------------

    def _show_photo(self, photo: OpenedPicture) -> None:
        self.workspace.canvas.set_before(photo.frame)
        self.workspace.canvas.set_after(None)
        facts = f"{photo.picture.width} × {photo.picture.height} px"
        self.photo_tile.set_photo(photo.picture.name, photo.thumbnail, facts)
        self.workspace.compare_bar.set_picture(photo.picture.name, photo.picture.width, photo.picture.height)
        self._shown = None

    def _show_paintings(self, paintings: tuple[OpenedPicture, ...]) -> None:
        self.shelf.set_paintings([ShelfPicture(painting.picture.name, painting.thumbnail) for painting in paintings])
        self.shelf.set_mix(self.session.settings.style_mix)

    def _show_settings(self, settings: StyleSettings) -> None:
        self.column.show_settings(settings)
        if not self.is_running:
            self._show_state(self.session.state)

    def _show_frame(self, frame: Frame) -> None:
        first, self._shown = self._shown is None, frame
        self.workspace.canvas.set_after(frame)
        if first:
            self._show_saveable()

    def _show_film(self, film: History) -> None:
        self.workspace.film_strip.set_frames(film.frames)
        if film.frames:
            self.workspace.film_strip.set_current(film.frames[-1].number)

    def show_loading(self, progress: Progress) -> None:
        """Name what is being loaded, as long as no painting has more to say."""
        self._loading = progress.stage
        self._show_state(self.session.state)

    def end_loading(self) -> None:
        """Whatever was being loaded is there, or has failed."""
        self._loading = ""
        self._show_state(self.session.state)

    def _show_state(self, state: SessionState) -> None:
        line = self.workspace.progress_line
        if state is SessionState.PAINTING:
            line.start() if not line.is_running else line.set_paused(False)
        elif state is SessionState.PAUSED:
            line.set_paused(True)
        else:
            words = _INSTANT_WORDS if self.session.settings.method == "instant" else _WORDS
            line.finish(self._loading or words[state])
        self.paint_button.setText("Paint again" if state is SessionState.FINISHED else "Paint")
        self.paint_button.setEnabled(self.can_start)
        self._show_saveable()

    def _show_saveable(self) -> None:
        for button in (self.save_button, self.export_button):
            button.setEnabled(self.has_painting)
        self.actions_changed.emit()

    def _set_mix(self, mix: tuple[float, ...]) -> None:
        self._set(style_mix=mix)

    def _make_empty_state(self, theme: Theme) -> EmptyState:
        empty = EmptyState("picture", "Drop a photo here", "or open one, or paste one from the clipboard", theme)
        empty.add_action(self._actions.open_photo, primary=True)
        empty.add_action(self._actions.paste)
        return empty


_WORDS = {
    SessionState.EMPTY: "Drop a photo and choose a painting",
    SessionState.READY: "Ready to paint",
    SessionState.FINISHED: "Done: move a slider to go on, or click an earlier frame",
}


_INSTANT_WORDS = {
    SessionState.EMPTY: "Drop a photo: it is painted at once",
    SessionState.READY: "Ready to paint",
    SessionState.FINISHED: "Done: Strength paints it anew, another fast style as well",
}


def _offer(take: Callable[[Sequence[sample_tiles.Sample]], None], found: tuple[Thumbnail, ...]) -> None:
    take([sample_tiles.Sample(sample.name, sample.title, sample.picture) for sample in found])


def _network_names() -> dict[str, str]:
    return {network.name: network.label for network in packaged_weights().manifest.networks}


def _named(name: str, samples: tuple[Sample, ...]) -> Sample:
    return next(sample for sample in samples if sample.name == name)
