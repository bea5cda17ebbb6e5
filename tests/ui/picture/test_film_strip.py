import pytest
from PySide6.QtCore import QPoint, Qt
from widget_kit import Frame

from studio.ui.picture.film_strip import FilmStrip
from studio.ui.theme import Theme


@pytest.fixture
def strip(qtbot, theme: Theme) -> FilmStrip:
    strip = FilmStrip("Painting", theme)
    qtbot.addWidget(strip)
    strip.resize(480, strip.height())
    strip.show()
    qtbot.waitExposed(strip)
    return strip


def fill(strip: FilmStrip, count: int, branches: tuple[int, ...] = ()) -> None:
    strip.set_frames([Frame(number, number * 6, branch=number in branches) for number in range(count)])


def centre_of(strip: FilmStrip, number: int) -> QPoint:
    row = strip.numbers.index(number)
    return strip.visualRect(strip.model().index(row, 0)).center()


def left_of(strip: FilmStrip, number: int) -> int:
    return strip.visualRect(strip.model().index(strip.numbers.index(number), 0)).left()


def test_click_shows_a_frame_and_goes_on_from_none(qtbot, strip: FilmStrip):
    fill(strip, 5)
    with qtbot.assertNotEmitted(strip.frame_chosen), qtbot.waitSignal(strip.frame_shown) as chosen:
        qtbot.mouseClick(strip.viewport(), Qt.MouseButton.LeftButton, pos=centre_of(strip, 2))
    assert chosen.args == [2]


def test_a_double_click_shows_once(qtbot, strip: FilmStrip):
    fill(strip, 5)
    chosen = []
    strip.frame_shown.connect(chosen.append)
    qtbot.mouseClick(strip.viewport(), Qt.MouseButton.LeftButton, pos=centre_of(strip, 2))
    qtbot.mouseDClick(strip.viewport(), Qt.MouseButton.LeftButton, pos=centre_of(strip, 2))
    assert chosen == [2]


def test_arrow_keys_show_what_they_come_to_and_enter_goes_on(qtbot, strip: FilmStrip):
    fill(strip, 5)
    strip.set_current(4)
    strip.setFocus()
    shown = []
    strip.frame_shown.connect(shown.append)
    with qtbot.assertNotEmitted(strip.frame_chosen):
        for key in (Qt.Key.Key_Left, Qt.Key.Key_Home, Qt.Key.Key_Right):
            qtbot.keyClick(strip, key)
    assert shown == [3, 0, 1]
    with qtbot.waitSignal(strip.frame_chosen) as chosen:
        qtbot.keyClick(strip, Qt.Key.Key_Return)
    assert chosen.args == [1]


def test_a_new_frame_does_not_take_the_place_of_who_walks_by_key(qtbot, strip: FilmStrip):
    fill(strip, 5)
    strip.set_current(4)
    strip.setFocus()
    qtbot.keyClick(strip, Qt.Key.Key_Left)
    fill(strip, 6)
    strip.set_current(5)
    assert strip.current == 5
    with qtbot.waitSignal(strip.frame_chosen) as chosen:
        qtbot.keyClick(strip, Qt.Key.Key_Enter)
    assert chosen.args == [3]


def test_marking_the_current_frame_chooses_nothing(qtbot, strip: FilmStrip):
    fill(strip, 5)
    with qtbot.assertNotEmitted(strip.frame_chosen):
        strip.set_current(1)
    assert strip.current == 1


def test_it_follows_the_end_while_it_stands_there(strip: FilmStrip):
    fill(strip, 30)
    bar = strip.horizontalScrollBar()
    assert bar.maximum() > 0
    assert bar.value() == bar.maximum()


def test_nothing_jumps_while_looking_at_earlier_frames(strip: FilmStrip):
    fill(strip, 30)
    strip.horizontalScrollBar().setValue(200)
    seen = left_of(strip, 5)
    fill(strip, 40)
    strip.set_current(39)
    assert left_of(strip, 5) == seen


def test_it_stays_at_its_end_when_there_is_less_room(strip: FilmStrip):
    fill(strip, 20)
    bar = strip.horizontalScrollBar()
    strip.go_to_end()
    strip.scheduleDelayedItemsLayout()  # as by a frame that has just come
    strip.resize(300, strip.height())
    strip.executeDelayedItemsLayout()
    assert bar.value() == bar.maximum()
    bar.setValue(40)
    strip.resize(320, strip.height())
    assert bar.value() == 40


def test_nothing_jumps_when_older_frames_are_let_go(strip: FilmStrip):
    fill(strip, 60)
    strip.horizontalScrollBar().setValue(1000)
    kept = next(n for n in strip.numbers if n % 2 == 0 and left_of(strip, n) >= 0)
    before = left_of(strip, kept)
    strip.set_frames([Frame(number, number * 6) for number in (*range(0, 60, 2), 60)])
    assert left_of(strip, kept) == before


def test_set_frames_shows_exactly_these(strip: FilmStrip):
    frames = [Frame(number, number) for number in range(10)]
    strip.set_frames(frames)
    strip.set_frames([frame for frame in frames if frame.number % 2 == 0] + [Frame(10, 10)])
    assert strip.numbers == (0, 2, 4, 6, 8, 10)
    strip.set_frames([Frame(7, 0), Frame(2, 1)])
    assert strip.numbers == (7, 2)


def test_frames_say_their_step_aloud(strip: FilmStrip):
    fill(strip, 5, branches=(2,))
    strip.set_current(2)
    spoken = strip.model().index(2, 0).data(Qt.ItemDataRole.AccessibleTextRole)
    assert spoken == "Step 12, 512 × 341 px, branch, shown now"


def test_the_caption_says_how_far_and_how_large(strip: FilmStrip):
    fill(strip, 3)
    assert strip.model().index(2, 0).data() == "12 · 512 px"


@pytest.mark.parametrize(("key", "asked"), [(Qt.Key.Key_S, "frame_starred"), (Qt.Key.Key_C, "comparison_requested")])
def test_letters_star_and_compare_the_frame_at_hand(qtbot, strip: FilmStrip, key, asked):
    fill(strip, 5)
    strip.set_current(2)
    with qtbot.waitSignal(getattr(strip, asked)) as told:
        qtbot.keyClick(strip, key)
    assert told.args == [2]


def test_ctrl_and_click_compares(qtbot, strip: FilmStrip):
    fill(strip, 5)
    ctrl = Qt.KeyboardModifier.ControlModifier
    with qtbot.assertNotEmitted(strip.frame_shown), qtbot.waitSignal(strip.comparison_requested) as told:
        qtbot.mouseClick(strip.viewport(), Qt.MouseButton.LeftButton, ctrl, centre_of(strip, 1))
    assert told.args == [1]


def test_the_menu_of_a_frame_offers_everything(qtbot, strip: FilmStrip):
    fill(strip, 3)
    menu = strip.menu_for(Frame(1, 6, starred=True))
    actions = {action.text(): action for action in menu.actions() if action.text()}
    signals = (
        strip.frame_shown, strip.frame_chosen, strip.comparison_requested, strip.frame_starred, strip.save_requested,
    )  # fmt: skip
    names = ("Show", "Go On from Here", "Compare with This", "Take the Star Away", "Save As…")
    for name, signal in zip(names, signals, strict=True):
        with qtbot.waitSignal(signal) as told:
            actions[name].trigger()
        assert told.args == [1]
    menu.deleteLater()


@pytest.mark.parametrize("sign", ["branch", "starred"])
def test_a_frame_wears_its_signs(strip: FilmStrip, sign):
    """What the delegate draws in the frame's corner, where a plain frame shows its picture."""

    def corner(**signs: bool):
        strip.set_frames([Frame(0, 6, **signs)])
        return strip.grab(strip.visualRect(strip.model().index(0, 0)).adjusted(0, 0, -60, -50)).toImage()

    assert corner(**{sign: True}) != corner()


def test_empty_strip_says_what_will_be_there(strip: FilmStrip):
    empty = strip.grab().toImage()
    fill(strip, 1)
    assert strip.grab().toImage() != empty
    strip.set_frames([])
    assert strip.numbers == ()
    assert strip.grab().toImage() == empty


def test_height_is_the_same_with_and_without_frames(strip: FilmStrip):
    height = strip.height()
    fill(strip, 40)
    assert strip.height() == height
