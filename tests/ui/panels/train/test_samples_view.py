from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt

from studio.core.frames import Frame, prepare_frame
from studio.ui.panels.train.run.samples_view import FrameTaken, SampleShot, SamplesView
from studio.ui.theme import Theme


class Shelf:
    """Loads pictures when it is told to: what a busy engine looks like from the window."""

    def __init__(self) -> None:
        self.asked: list[tuple[Path, FrameTaken]] = []
        self.loaded: list[Path] = []

    def load(self, path: Path, taken: FrameTaken) -> None:
        self.asked.append((path, taken))

    def answer(self, frame: Frame | None = None, *, broken: bool = False) -> Path:
        path, taken = self.asked.pop(0)
        self.loaded.append(path)
        taken(None if broken else frame or frame_of(int(path.stem)))
        return path

    def answer_all(self) -> None:
        while self.asked:
            self.answer()


def frame_of(step: int) -> Frame:
    return prepare_frame(np.full((24, 32, 3), step % 256, np.uint8))


def shots(*steps: int) -> list[SampleShot]:
    return [SampleShot(step, Path(f"{step}.png")) for step in steps]


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
def view(qtbot, theme: Theme, shelf: Shelf) -> SamplesView:
    view = SamplesView(theme, shelf.load)
    qtbot.addWidget(view)
    view.resize(640, 400)
    view.show()
    qtbot.waitExposed(view)
    return view


def test_without_samples_nothing_can_be_scrubbed(view: SamplesView, shelf: Shelf):
    assert view.current is None
    assert not any(part.isEnabled() for part in (view.scrubber, view.back, view.on, view.newest, view.modes))
    assert shelf.asked == []


def test_it_follows_the_newest_until_one_scrubs_away(qtbot, view: SamplesView, shelf: Shelf):
    view.set_samples(shots(0, 10))
    assert view.current == shots(10)[0]
    view.set_samples(shots(0, 10, 20))
    assert view.current == shots(20)[0]
    view.scrubber.setFocus()
    qtbot.keyClick(view.scrubber, Qt.Key.Key_Left)
    assert view.current == shots(10)[0]
    assert not view.follows_newest
    assert not view.newest.isChecked()
    view.set_samples(shots(0, 10, 20, 30))
    assert view.current == shots(10)[0]
    qtbot.keyClick(view.scrubber, Qt.Key.Key_End)
    assert view.follows_newest
    view.set_samples(shots(0, 10, 20, 30, 40))
    assert view.current == shots(40)[0]


def test_the_button_goes_to_the_newest_and_leaves_it(qtbot, view: SamplesView):
    view.set_samples(shots(0, 10, 20))
    view.show_step(0)
    qtbot.mouseClick(view.newest, Qt.MouseButton.LeftButton)
    assert view.current == shots(20)[0]
    qtbot.mouseClick(view.newest, Qt.MouseButton.LeftButton)
    view.set_samples(shots(0, 10, 20, 30))
    assert view.current == shots(20)[0]


def test_buttons_go_back_and_on(qtbot, view: SamplesView):
    view.set_samples(shots(0, 10, 20))
    assert not view.on.isEnabled()
    with qtbot.waitSignal(view.step_shown) as shown:
        qtbot.mouseClick(view.back, Qt.MouseButton.LeftButton)
    assert shown.args == [10]
    qtbot.mouseClick(view.back, Qt.MouseButton.LeftButton)
    assert not view.back.isEnabled()
    qtbot.mouseClick(view.on, Qt.MouseButton.LeftButton)
    assert view.current == shots(10)[0]


def test_a_typed_step_goes_to_the_nearest_sample(view: SamplesView):
    view.set_samples(shots(0, 100, 200, 300))
    view.step_box.setValue(190)
    assert view.current == shots(200)[0]
    assert view.step_box.value() == 200


def test_the_picture_before_stays_until_the_new_one_is_read(view: SamplesView, shelf: Shelf):
    view.set_samples(shots(0, 10, 20))
    shelf.answer()
    assert view.shown == Path("20.png")
    shelf.answer_all()
    view.set_samples(shots(0, 10, 20, 30))
    assert view.shown == Path("20.png")
    shelf.answer()
    assert view.shown == Path("30.png")


def test_one_picture_is_asked_for_at_a_time_and_the_newest_wish_is_next(view: SamplesView, shelf: Shelf):
    view.set_samples(shots(*range(0, 1000, 10)))
    for step in (500, 400, 300, 200):
        view.show_step(step)
        assert len(shelf.asked) == 1
    assert shelf.answer() == Path("990.png")
    assert shelf.answer() == Path("200.png")
    assert view.shown == Path("200.png")


def test_what_was_seen_is_not_read_again_and_not_all_is_kept(view: SamplesView, shelf: Shelf):
    view.set_samples(shots(*range(0, 500, 10)))
    shelf.answer_all()
    for step in (480, 490):
        view.show_step(step)
        shelf.answer_all()
    assert shelf.loaded.count(Path("490.png")) == 1
    for step in range(0, 490, 10):
        view.show_step(step)
        shelf.answer_all()
    assert len(view._ready) <= 16
    view.show_step(490)
    shelf.answer_all()
    assert shelf.loaded.count(Path("490.png")) == 2
    assert shelf.loaded.count(Path("0.png")) == 1  # the first is there for every comparison


def test_the_first_sample_is_what_others_are_compared_with(qtbot, view: SamplesView, shelf: Shelf):
    view.set_samples(shots(0, 10, 20))
    shelf.answer_all()
    qtbot.mouseClick(view.modes.buttons[1], Qt.MouseButton.LeftButton)
    assert view.canvas.compare_mode == "split"
    assert view.canvas._before.frame.levels[0][0, 0, 0] == 0
    assert view.canvas._after.frame.levels[0][0, 0, 0] == 20


def test_a_picture_that_cannot_be_read_is_named_and_passed_over(view: SamplesView, shelf: Shelf):
    view.set_samples(shots(0, 10))
    shelf.answer(broken=True)
    assert view.title.text() == "The sample of step 10 cannot be read"
    shelf.answer_all()
    assert Path("10.png") not in [path for path, _ in shelf.asked]
    view.show_step(0)
    assert view.shown == Path("0.png")


def test_another_run_begins_at_its_newest(view: SamplesView, shelf: Shelf):
    view.set_samples(shots(0, 10, 20))
    view.show_step(0)
    late = shelf.asked[0][1]
    view.set_samples(shots(5, 15))
    late(frame_of(20))
    assert view.current == shots(15)[0]
    assert view.shown is None
    shelf.answer()
    shelf.answer()
    assert view.shown == Path("15.png")
