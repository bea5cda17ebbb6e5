"""Walks: stations put in order, played on the canvas, written as a video, as frames or as a file of their own."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QElapsedTimer, QObject, QTimer, Signal
from PySide6.QtWidgets import QWidget

from studio.core.dream_settings import DreamSettings, Station, Walk, unpacked
from studio.core.events import Picture
from studio.core.failures import Failure
from studio.core.file_names import place_in_words
from studio.core.walk_files import SUFFIX
from studio.engine import JobHandle
from studio.jobs.dream_files import keep_walk, open_walk
from studio.jobs.dream_ways import WalkExportTask, WalkFileTask, WalkFrame, WalkTask
from studio.ui.controls.file_dialogs import choose_files, choose_folder, choose_new_file
from studio.ui.panels.dream.lead import Lead
from studio.ui.panels.dream.session import DreamSession
from studio.ui.panels.dream.walk_bar import WalkBar
from studio.ui.panels.dream.writing_bar import WritingBar
from studio.ui.picture.context import PanelContext

__all__ = ["WalkDesk"]

_RATE = 25.0
"""Frames a second, played and written."""
_TICK_MS = 20
_VIDEO_SIDE = 512
"""Players blur small videos: frames are enlarged by a whole number until they are so large at least, px."""
_SHORTEST = 0.04


class WalkDesk(QObject):
    """Binds the timeline, the session (whose settings hold the walk) and the jobs.

    Args:
        parent: the widget in front of which dialogs open.
        session: goes along the walk.
        bar: shows it.
        writing_bar: tells how far it is written.
        context: what panels share.

    """

    failed = Signal(Failure)
    noticed = Signal(str, str)

    def __init__(
        self, parent: QWidget, session: DreamSession, bar: WalkBar, writing_bar: WritingBar, context: PanelContext
    ) -> None:
        super().__init__(parent)
        self._writing_bar = writing_bar
        self._widget, self._session, self._bar, self._context = parent, session, bar, context
        self._lead = Lead(session, self)
        self._frames: tuple[WalkFrame, ...] = ()
        self._shown = -1
        """How many frames have been due when the canvas was told last."""
        self._small: dict[tuple[str, Station], Picture] = {}
        """Small pictures, by the checksum of the generator and the station."""
        self._planning: JobHandle | None = None
        self.writing: JobHandle | None = None
        """A walk that is being written."""
        self._clock, self._tick = QElapsedTimer(), QTimer(self, interval=_TICK_MS)
        self._connect()

    def _connect(self) -> None:
        session, bar = self._session, self._bar
        session.settings_changed.connect(self._follow)
        session.generator_changed.connect(self._sketch)
        bar.add_requested.connect(self.add)
        bar.remove_requested.connect(self.remove)
        bar.station_chosen.connect(self.go_to)
        bar.order_changed.connect(self.reorder)
        bar.seconds_typed.connect(self.set_seconds)
        bar.length_typed.connect(self.set_length)
        bar.curve_chosen.connect(lambda curve: self._change("Way of the Walk", curve=curve))
        bar.loop_toggled.connect(lambda loop: self._change("Loop", loop=loop))
        bar.soft_toggled.connect(lambda soft: self._change("Soft", soft=soft))
        bar.play_toggled.connect(lambda playing: self.play() if playing else self.stop())
        menu = bar.more_menu
        self._needing_a_way = [
            menu.addAction("Video…", self.choose_video), menu.addAction("Frames…", self.choose_frames)
        ]  # fmt: skip
        menu.addSeparator()
        menu.addAction("Open Walk…", self.choose_walk)
        self._needing_stations = [
            menu.addAction("Save Walk…", self.choose_file),
            menu.addAction("Clear", lambda: self._put(Walk(), "Clear the Walk")),
        ]
        menu.aboutToShow.connect(self._offer)
        for gesture in (bar.seconds_gesture, bar.length_gesture):
            gesture.started.connect(session.settings_state.begin)
            gesture.finished.connect(lambda: session.settings_state.commit("Pace of the Walk"))
        self._lead.interrupted.connect(self._halt)
        self._tick.timeout.connect(self._step)
        self._writing_bar.stop_requested.connect(self.stop_writing)

    @property
    def walk(self) -> Walk:
        """The walk as it is."""
        return self._session.settings.walk

    # -- the stations

    def add(self) -> None:
        """Let it pass what is shown now, behind the station that is chosen."""
        stations, place = list(self.walk.stations), self._bar.stations.currentRow() + 1
        here = self._session.settings.station
        pace = stations[place - 1].seconds if stations else here.seconds
        stations.insert(place, here.model_copy(update={"seconds": pace}))
        self._put_stations(stations, "Add a Station")
        self._bar.choose(place)

    def remove(self, number: int) -> None:
        """Take a station away."""
        stations = list(self.walk.stations)
        del stations[number]
        self._put_stations(stations, "Remove a Station")

    def reorder(self, order: Sequence[int]) -> None:
        """Let it pass its stations in another order."""
        self._put_stations([self.walk.stations[number] for number in order], "Move a Station")

    def set_seconds(self, number: int, seconds: float) -> None:
        """Take so long from one station to the next."""
        stations = list(self.walk.stations)
        if 0 <= number < len(stations):
            stations[number] = stations[number].model_copy(update={"seconds": seconds})
            self._put_stations(stations, "Pace of the Walk")

    def set_length(self, seconds: float) -> None:
        """Go faster or slower, so that the whole takes so long."""
        walk = self.walk
        if walk.seconds > 0:
            factor = seconds / walk.seconds
            paced = [one.model_copy(update={"seconds": max(_SHORTEST, one.seconds * factor)}) for one in walk.stations]
            self._put_stations(paced, "Pace of the Walk")

    def go_to(self, number: int) -> None:
        """Go where a station is."""
        session = self._session
        session.set_settings(session.settings.standing_at(self.walk.stations[number]), f"Go to Station {number + 1}")

    def _put_stations(self, stations: Sequence[Station], name: str) -> None:
        self._put(self.walk.model_copy(update={"stations": tuple(stations)}), name)

    def _change(self, name: str, **changes: object) -> None:
        self._put(self.walk.model_copy(update=changes), name)

    def _put(self, walk: Walk, name: str) -> None:
        self._session.set_settings(self._session.settings.model_copy(update={"walk": walk}), name)

    def _follow(self, settings: DreamSettings) -> None:
        if not self._lead.is_active:
            self._bar.show_walk(settings.walk)
            self._sketch()

    def _sketch(self) -> None:
        """Have small pictures made of the stations that have none, of the generator as it is now."""
        session, stations = self._session, self.walk.stations
        made_by = "" if session.generator is None else session.generator.sha256
        self._show_small(made_by)
        missing = [one for one in dict.fromkeys(stations) if (made_by, one) not in self._small]
        if not made_by or not missing:
            return
        handle = session.sketch("walk", [session.settings.standing_at(station) for station in missing])

        def take(made: tuple[Picture, ...]) -> None:
            self._small |= {(made_by, station): picture for station, picture in zip(missing, made, strict=True)}
            if session.generator is not None and session.generator.sha256 == made_by:
                self._show_small(made_by)

        handle.finished.connect(take)

    def _show_small(self, made_by: str) -> None:
        self._bar.show_thumbnails({station: picture for (by, station), picture in self._small.items() if by == made_by})

    # -- playing

    @property
    def is_playing(self) -> bool:
        """Whether the canvas shows the walk."""
        return self._lead.is_active

    def play(self) -> None:
        """Go along the walk, from its beginning, until stopped; an open one ends by itself."""
        if not self.walk.goes_somewhere or not self._session.is_complete:
            self._bar.show_playing(False)
            return
        self._halt()
        self._bar.show_playing(True)
        handle = self._context.studio.live("dream.walk", "walk_through", WalkTask(self._session.settings, _RATE))
        handle.finished.connect(self._begin)
        handle.failed.connect(self._fail)
        self._planning = handle

    def stop(self) -> None:
        """Stay where it is: that is what is set now."""
        self._halt()
        self._follow(self._session.settings)

    def _begin(self, frames: tuple[WalkFrame, ...]) -> None:
        self._planning, self._frames = None, frames
        self._lead.begin("Play the Walk")
        self._shown = -1
        self._clock.start()
        self._tick.start()
        self._step()

    def _step(self) -> None:
        """Show the frame whose time it is: a slow computer leaves some out, and keeps the pace."""
        walk, seconds = self.walk, self._clock.elapsed() / 1000
        number = int(seconds * _RATE)
        if number == self._shown:
            return
        self._shown = number
        if not walk.loop and number >= len(self._frames):
            self.stop()
            return
        frame = self._frames[number % len(self._frames)]
        session = self._session
        styles = 1 if session.generator is None else session.generator.styles
        seconds %= max(walk.seconds, 1 / _RATE)
        held = session.settings.holding(unpacked(frame.w).reshape(styles, -1), f"Walk at {seconds:.1f} s")
        self._lead.show(held.model_copy(update={"bends": frame.bends}))
        self._bar.show_playing(True, _station_at(walk, seconds))

    def _halt(self) -> None:
        self._tick.stop()
        if self._planning is not None:
            self._planning.drop()
            self._planning = None
        self._lead.end()
        self._bar.show_playing(False)

    def _fail(self, failure: Failure) -> None:
        self._halt()
        self.failed.emit(failure)

    # -- files

    def _offer(self) -> None:
        for action in self._needing_a_way:
            action.setEnabled(self.walk.goes_somewhere and self.writing is None)
        for action in self._needing_stations:
            action.setEnabled(bool(self.walk.stations))

    def choose_video(self) -> None:
        """Ask for a place, and write a video."""
        path = choose_new_file(
            self._widget, "Save the walk as a video", self._proposed(".mp4"), "Video", ".mp4", self._context.theme
        )
        if path is not None:
            self.export(path)

    def choose_frames(self) -> None:
        """Ask for a folder, and write the frames into it."""
        folder = choose_folder(
            self._widget, "A folder for the frames", self._context.preferences.save_folder, self._context.theme
        )
        if folder is not None:
            self.export(folder)

    def export(self, path: Path) -> None:
        """Write the walk: a video as large as players like it, frames as they are made."""
        side = _VIDEO_SIDE if path.suffix else 0
        task = WalkExportTask(self._session.settings, path, _RATE, side)
        self.writing = handle = self._context.studio.queue("dream.export", "export_walk", task)
        self._writing_bar.begin(path.name)
        handle.progressed.connect(self._writing_bar.set_progress)
        handle.finished.connect(self._tell_written)
        handle.failed.connect(self._fail_to_write)
        handle.cancelled.connect(partial(self._tell_stopped, path))

    def stop_writing(self) -> None:
        """Write no more: of a video nothing is left, of frames those that are there."""
        if self.writing is not None:
            self._writing_bar.show_stopping()
            self.writing.cancel()

    def _end_writing(self) -> None:
        self.writing = None
        self._writing_bar.hide()

    def _tell_written(self, path: Path) -> None:
        self._end_writing()
        self.noticed.emit(f"The walk is saved as {place_in_words(path)}", "info")

    def _fail_to_write(self, failure: Failure) -> None:
        self._end_writing()
        self.failed.emit(failure)

    def _tell_stopped(self, path: Path) -> None:
        self._end_writing()
        left = "no video is left" if path.suffix else f"the frames so far are in {place_in_words(path)}"
        self.noticed.emit(f"Writing the walk was stopped: {left}.", "info")

    def choose_file(self) -> None:
        """Ask for a place, and keep the walk as a file."""
        path = choose_new_file(
            self._widget, "Save the walk", self._proposed(SUFFIX), "Walk", SUFFIX, self._context.theme
        )
        if path is not None:
            self.keep(path)

    def keep(self, path: Path) -> None:
        """Keep the walk as a file."""
        handle = self._context.pictures.queue("dream.walk", keep_walk, WalkFileTask(path, self.walk))
        handle.finished.connect(lambda path: self.noticed.emit(f"The walk is saved as {place_in_words(path)}", "info"))
        handle.failed.connect(self.failed)

    def choose_walk(self) -> None:
        """Ask for a file, and take its walk."""
        kinds = f"Walks (*{SUFFIX})"
        folder = self._context.preferences.save_folder
        for path in choose_files(self._widget, "Open a walk", folder, kinds, self._context.theme):
            self.open(path)

    def open(self, path: Path) -> None:
        """Take the walk of a file."""
        handle = self._context.pictures.live("dream.walk", open_walk, path)
        handle.finished.connect(lambda walk: self._put(walk, "Open a Walk"))
        handle.failed.connect(self.failed)

    def _proposed(self, suffix: str) -> Path:
        folder = self._context.preferences.save_folder
        return Path(folder or Path.home()) / f"{self._session.generator_name} walk{suffix}"


def _station_at(walk: Walk, seconds: float) -> int:
    """Return the number of the station that was passed last."""
    for number, station in enumerate(walk.stations):
        seconds -= station.seconds
        if seconds < 0:
            return number
    return len(walk.stations) - 1
