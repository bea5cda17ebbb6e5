"""Many photos with the look of the moment: one after the other, each with its state, and gone on with another day."""

from threading import Event

import pytest
from accessibility import controls_without_name, controls_without_tooltip
from picture_kit import BRIGHTEN, BrightenSettings, brighten
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QComboBox
from studio_kit import answering_file_dialog, write_photo

from studio.core.events import Progress
from studio.core.images import read_recipe
from studio.jobs import catalog
from studio.jobs.batch import BatchItem, BatchLook, Outcome, State
from studio.ui.picture.queue import PictureQueue, QueuedPhoto
from studio.ui.picture.queue_view import QueueView, _cancel_place
from studio.ui.preferences import Preferences

BRIGHTER = BatchLook(BRIGHTEN, BrightenSettings(stops=1.0))


pytestmark = pytest.mark.usefixtures("brightening")


@pytest.fixture
def photos(tmp_path):
    return [write_photo(tmp_path / "in" / name, 24 + 8 * n, 16) for n, name in enumerate(("a.png", "b.png", "c/d.png"))]


@pytest.fixture
def new_queue(engines, library):
    queues = []

    def make():
        queues.append(PictureQueue(BRIGHTEN, *engines, library))
        return queues[-1]

    yield make
    for queue in queues:
        queue.let_go()


@pytest.fixture
def queue(new_queue, photos, tmp_path, until):
    """A queue to which a folder was proposed."""
    queue = new_queue()
    queue.propose([tmp_path / "in"])
    until(lambda: queue.proposed)
    return queue


@pytest.fixture
def gate(monkeypatch):
    """Keeps what is at work from going on, until it is opened."""
    opened = Event()
    start = catalog.start

    def start_behind_gate(name, task, controls):
        if name != BRIGHTEN.name:
            return start(name, task, controls)

        def job():
            made = brighten(task, controls)
            event = next(made)
            while not opened.is_set():
                yield event
            return (yield from made)

        return job()

    monkeypatch.setattr(catalog, "start", start_behind_gate)
    return opened


def outcomes(queue):
    return [photo.state.outcome.value for photo in queue.photos]


# -- the queue ---------------------------------------------------------------------------------------------------------


def test_every_photo_is_made_with_the_look_it_was_queued_with(queue, tmp_path, until):
    ended = []
    queue.ended.connect(ended.append)
    queue.begin(BRIGHTER, tmp_path / "out", ".png", ai_mark=True)
    until(lambda: ended)
    made = [photo.state.result for photo in queue.photos]
    assert [str(path.relative_to(tmp_path / "out")) for path in made] == [
        "a brightened.png", "b brightened.png", "c/d brightened.png"
    ]  # fmt: skip
    assert all(read_recipe(path).settings == {"stops": 1.0} for path in made)
    assert ended[0].sentence == "3 photos: 3 brightened"
    assert (queue.share, queue.is_over, queue.is_running) == (1.0, True, False)


def test_results_for_the_library_are_told_and_skipped_the_next_time(queue, library, tmp_path, until):
    told = []
    queue.made.connect(lambda: told.append(len(library.entries())))
    queue.begin(BRIGHTER, None, ".png", ai_mark=True)
    until(lambda: queue.photos and queue.is_over)
    assert told == [1, 2, 3]
    queue.propose([tmp_path / "in" / "a.png"])
    until(lambda: queue.proposed)
    queue.begin(BRIGHTER, None, ".png", ai_mark=True)
    until(lambda: len(queue.photos) == 4 and queue.is_over)
    assert outcomes(queue) == ["made"] * 3 + ["skipped"]
    assert queue.photos[3].state.result == queue.photos[0].state.result
    assert len(library.entries()) == 3


def test_one_photo_or_all_can_be_cancelled(queue, gate, tmp_path, until):
    queue.begin(BRIGHTER, tmp_path / "out", ".png", ai_mark=True)
    until(lambda: outcomes(queue) == ["running", "waiting", "waiting"])
    queue.cancel([1])
    assert outcomes(queue) == ["running", "cancelled", "waiting"]
    queue.cancel([0])
    until(lambda: outcomes(queue) == ["cancelled", "cancelled", "running"])
    queue.pause()
    assert not queue.is_running
    queue.cancel_all()
    until(lambda: queue.is_over)
    assert outcomes(queue) == ["cancelled"] * 3
    assert not (tmp_path / "out").exists()
    queue.clear()
    assert queue.photos == []


def test_what_fails_says_why_and_is_tried_again(queue, tmp_path, until):
    (tmp_path / "in" / "b.png").write_bytes(b"nothing")
    queue.begin(BRIGHTER, tmp_path / "out", ".png", ai_mark=True)
    until(lambda: queue.photos and queue.is_over)
    assert outcomes(queue) == ["made", "failed", "made"]
    assert "b.png" in queue.photos[1].state.cause
    assert queue.report.failures[0][0] == "b.png"
    write_photo(tmp_path / "in" / "b.png")
    queue.try_again()
    until(lambda: queue.is_over)
    assert outcomes(queue) == ["made"] * 3


def test_a_queue_that_was_broken_off_waits_and_goes_on_where_it_was(
    queue, gate, new_queue, engines, library, tmp_path, until
):
    queue.begin(BRIGHTER, tmp_path / "out", ".png", ai_mark=True)
    until(lambda: "running" in outcomes(queue))
    queue.cancel([2])
    gate.set()
    until(lambda: (outcomes(queue)[0] == "made" and "running" not in outcomes(queue)) or queue.is_over)
    gate.clear()
    queue.let_go()
    until(lambda: all(engine.is_idle for engine in engines))  # what is noted late would be met again
    other_day = new_queue()
    stamp = (tmp_path / "out" / "a brightened.png").stat().st_mtime_ns
    (library.root / ".queues").mkdir(exist_ok=True)
    lines = next((library.root / ".queues").glob("*.jsonl"))
    lines.write_bytes(lines.read_bytes().splitlines(keepends=True)[0])  # killed before anything was noted
    (tmp_path / "out" / "b brightened.png").unlink(missing_ok=True)
    other_day.look_for_interrupted()
    until(lambda: len(other_day.photos) == 3)
    assert (other_day.is_interrupted, other_day.is_running) == (True, False)
    gate.set()
    other_day.resume()
    until(lambda: other_day.is_over)
    assert outcomes(other_day) == ["skipped", "made", "made"]
    assert (tmp_path / "out" / "a brightened.png").stat().st_mtime_ns == stamp


def test_closing_the_window_cancels_nothing_for_good(queue, gate, new_queue, tmp_path, until, engines):
    queue.begin(BRIGHTER, tmp_path / "out", ".png", ai_mark=True)
    until(lambda: "running" in outcomes(queue))
    queue.let_go()
    until(lambda: engines[0].is_idle)
    other_day = new_queue()
    other_day.look_for_interrupted()
    until(lambda: other_day.photos)
    assert outcomes(other_day) == ["waiting"] * 3


def test_nothing_to_be_found_is_told(new_queue, tmp_path, until, qtbot):
    queue = new_queue()
    (tmp_path / "empty").mkdir()
    with qtbot.waitSignal(queue.failed) as told:
        queue.propose([tmp_path / "empty"])
    assert "no pictures" in told.args[0].cause
    assert queue.proposed == ()


# -- what is seen of it ------------------------------------------------------------------------------------------------


@pytest.fixture
def view(qtbot, theme, queue, tmp_path):
    view = QueueView(queue, Preferences(tmp_path / "atelier.ini"), theme)
    qtbot.addWidget(view)
    view.start_requested.connect(lambda folder, suffix: queue.begin(BRIGHTER, folder, suffix, ai_mark=True))
    view.resize(900, 240)
    view.show()
    return view


def spoken(view, row):
    return view.list.model().index(row, 0).data(Qt.ItemDataRole.AccessibleTextRole)


def test_it_asks_where_results_go_and_names_what_is_missing(view, queue, tmp_path):
    assert view.proposal.text() == "3 photos"
    assert not view.format_box.isVisible()
    view.set_ready(False, "choose a painting first")
    assert view.proposal.text() == "3 photos: choose a painting first"
    assert not view.start_button.isEnabled()
    view.drop_button.click()
    assert queue.proposed == ()
    assert view.isHidden()


def test_a_folder_is_asked_for_once_and_the_results_are_shown(qtbot, view, queue, tmp_path, until):
    (tmp_path / "out").mkdir()
    with answering_file_dialog(tmp_path / "out"):
        view.place_box.setCurrentIndex(view.place_box.findData("other"))
    assert view.place_box.currentText() == "Into “out”"
    assert Preferences(tmp_path / "atelier.ini").queue_folder == str(tmp_path / "out")
    view.format_box.setCurrentIndex(view.format_box.findData(".jpg"))
    view.start_button.click()
    until(lambda: queue.photos and queue.is_over)
    assert (tmp_path / "out" / "c" / "d brightened.jpg").exists()
    assert spoken(view, 2) == "c/d.png, Done"
    assert view.words.text() == "3 photos: 3 brightened"
    with qtbot.waitSignal(view.reveal_requested) as told:
        view.results_button.click()
    assert told.args == [tmp_path / "out" / "c" / "d brightened.jpg"]
    view.close_button.click()
    assert view.isHidden()


def test_progress_of_each_is_seen_and_keys_and_signs_cancel(qtbot, view, queue, gate, until):
    view.start_button.click()
    until(lambda: "running" in outcomes(queue))
    assert view.focusWidget() is view.pause_button
    assert view.results_button.isHidden()
    assert view.words.text() == "Queue · 0 of 3 done"
    assert [spoken(view, row) for row in range(3)] == ["a.png, 0%", "b.png, Waiting", "c/d.png, Waiting"]
    place = _cancel_place(view.list.visualRect(view.list.model().index(1, 0))).center()
    qtbot.mouseClick(view.list.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert outcomes(queue) == ["running", "cancelled", "waiting"]
    assert view.words.text() == "Queue · 0 of 2 done"
    view.list.setCurrentIndex(view.list.model().index(2, 0))
    QTest.keyClick(view.list, Qt.Key.Key_Delete)
    assert outcomes(queue) == ["running", "cancelled", "cancelled"]
    view.pause_button.click()
    assert view.pause_button.text() == "Go On"
    gate.set()
    view.pause_button.click()
    until(lambda: queue.is_over)
    assert view.words.text() == "3 photos: 1 brightened, 2 cancelled"
    with qtbot.waitSignal(view.opened) as told:
        view.list.setCurrentIndex(view.list.model().index(0, 0))
        QTest.keyClick(view.list, Qt.Key.Key_Return)
    assert told.args == [queue.photos[0].state.result]


def test_behind_a_training_it_says_what_it_waits_for(view, queue, engines, until):
    trains = Event()

    def training(task, controls):
        while not trains.is_set():
            yield Progress("Training")

    engines[0].queue("train", training, None)
    view.start_button.click()
    until(lambda: queue.waits_for_turn)
    assert view.words.text() == "Queue · 0 of 3 done · waits until what trains is done"
    trains.set()
    until(lambda: queue.is_over)
    assert view.words.text() == "3 photos: 3 brightened"


def test_a_queue_of_an_earlier_day_says_so(view, queue, gate, new_queue, theme, qtbot, tmp_path, until):
    view.start_button.click()
    until(lambda: "running" in outcomes(queue))
    queue.let_go()
    other_day = new_queue()
    seen = QueueView(other_day, Preferences(tmp_path / "other.ini"), theme)
    qtbot.addWidget(seen)
    assert seen.isHidden()
    other_day.look_for_interrupted()
    until(lambda: other_day.photos)
    assert seen.words.text() == "A queue was broken off: 3 of 3 left"
    assert seen.pause_button.text() == "Go On"
    gate.set()
    seen.pause_button.click()
    until(lambda: other_day.is_over)
    assert Outcome.MADE in other_day.report.counts


def test_what_was_done_before_does_not_count_for_the_time_that_is_left(qtbot, theme, queue, tmp_path):
    now = [0.0]
    seen = QueueView(queue, Preferences(tmp_path / "other.ini"), theme, clock=lambda: now[0])
    qtbot.addWidget(seen)
    queue.photos = [QueuedPhoto(None, number, BatchItem(tmp_path / "a.png", "a.png")) for number in range(6)]
    for number, outcome in enumerate(["skipped", "skipped", "made", "made"]):
        now[0] += 0.0 if outcome == "skipped" else 10.0
        queue.photos[number].state = State(Outcome(outcome))
        queue.photo_changed.emit(number)
    assert seen._left.text() == "0:20 left"
    queue.photos = []


def test_every_control_has_a_name_and_explains_itself(view, queue, gate, until):
    view.start_button.click()
    until(lambda: "running" in outcomes(queue))
    assert controls_without_name(view) == []
    assert controls_without_tooltip(view, QAbstractButton, QComboBox) == []


def test_the_list_folds_away(view, queue, gate, until):
    view.start_button.click()
    until(lambda: "running" in outcomes(queue))
    assert view.list.isVisible()
    view.fold_button.click()
    assert not view.list.isVisible()
    assert view.words.isVisible()
