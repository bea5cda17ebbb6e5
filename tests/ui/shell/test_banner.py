import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QScrollArea, QToolButton, QVBoxLayout, QWidget

from studio.core.failures import Failure
from studio.ui.shell.banner import Banner
from studio.ui.theme import Theme

FAILURE = Failure("The disk is full.", "Free some space.", "Traceback: OSError 28")


@pytest.fixture
def host(qtbot) -> QWidget:
    host = QWidget()
    host.resize(640, 400)
    canvas = QLabel("canvas", host)
    canvas.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    QVBoxLayout(host).addWidget(canvas)
    qtbot.addWidget(host)
    host.show()
    qtbot.waitExposed(host)
    return host


@pytest.fixture
def banner(host: QWidget, theme: Theme) -> Banner:
    return Banner(host, theme)


def test_failure_shows_cause_and_remedy_and_copies_details(qtbot, banner: Banner):
    banner.show_failure(FAILURE)
    assert banner.isVisible()
    assert {label.text() for label in banner.findChildren(QLabel)} >= {FAILURE.cause, FAILURE.remedy}
    with qtbot.waitSignal(banner.details_copied):
        banner.findChild(QPushButton).click()
    copied = QGuiApplication.clipboard().text()
    assert FAILURE.details in copied
    assert FAILURE.cause in copied


def test_notice_without_details_offers_none_to_copy(banner: Banner):
    banner.show_notice("Saved.")
    assert banner.text == "Saved."
    assert not banner.findChild(QPushButton).isVisible()


def canvas_in(host: QWidget) -> QLabel:
    return host.findChild(QLabel, "", Qt.FindChildOption.FindDirectChildrenOnly)


def test_over_a_picture_it_covers_and_never_pushes(qtbot, host: QWidget, banner: Banner):
    canvas = canvas_in(host)
    before = canvas.geometry()
    banner.lie_over(canvas)
    banner.show_failure(FAILURE)
    assert canvas.geometry() == before
    qtbot.waitUntil(lambda: banner.geometry().top() == before.top() + 8)  # it slides in
    assert before.contains(banner.geometry())


def test_where_there_is_no_picture_it_has_room_of_its_own_and_gives_it_back(qtbot, host: QWidget, banner: Banner):
    canvas = canvas_in(host)
    before = canvas.geometry()
    banner.show_failure(FAILURE)
    qtbot.waitUntil(lambda: not canvas.geometry().intersects(banner.geometry()))
    banner.dismiss()
    qtbot.waitUntil(lambda: canvas.geometry() == before)


def test_while_the_picture_is_not_to_be_seen_it_has_room_of_its_own(qtbot, host: QWidget, banner: Banner):
    picture = QLabel("sample", host)
    host.layout().addWidget(picture)
    picture.show()
    banner.lie_over(picture)
    banner.show_failure(FAILURE)
    assert host.contentsMargins().isNull()
    picture.hide()
    assert host.contentsMargins().bottom() > banner.height()
    picture.show()
    assert host.contentsMargins().isNull()


def test_a_list_makes_room_for_it_at_its_lower_end_and_nothing_moves(qtbot, host: QWidget, banner: Banner):
    picture = canvas_in(host)
    picture.setMinimumHeight(120)
    cards, foot = QScrollArea(host), QPushButton("Delete", host)
    cards.setWidget(QLabel("\n" * 100))
    host.layout().addWidget(cards, 1)
    host.layout().addWidget(foot)
    for widget in (cards, foot):
        widget.show()
    QApplication.processEvents()
    cards.verticalScrollBar().setValue(cards.verticalScrollBar().maximum())
    before = cards.geometry(), foot.geometry(), cards.verticalScrollBar().value(), cards.viewport().height()
    banner.lie_over(None, cards)
    banner.show_failure(FAILURE)
    qtbot.waitUntil(lambda: cards.geometry().contains(banner.geometry()))
    assert not cards.viewport().geometry().translated(cards.pos()).intersects(banner.geometry())
    assert (cards.geometry(), foot.geometry(), cards.verticalScrollBar().value()) == before[:3]
    banner.lie_over(picture, cards)
    qtbot.waitUntil(lambda: picture.geometry().contains(banner.geometry()))
    assert cards.viewport().height() == before[3]


def test_it_follows_the_width_of_what_it_lies_over(host: QWidget, banner: Banner):
    banner.show_failure(FAILURE)
    host.resize(320, 400)
    assert banner.width() <= 320
    assert banner.x() >= 0
    assert banner.height() >= banner.layout().totalHeightForWidth(banner.width())


def test_the_newest_message_comes_first_and_those_before_it_come_back(qtbot, banner: Banner):
    banner.show_failure(FAILURE)
    banner.show_notice("Second.", kind="warning")
    banner.show_failure(Failure("Third.", "", ""))
    assert banner.text == "Third."
    assert banner.waiting == 2
    with qtbot.waitSignal(banner.dismissed):
        banner.findChild(QToolButton).click()
    assert banner.text == "Second."
    banner.dismiss()
    assert banner.text.startswith(FAILURE.cause)
    banner.dismiss()
    assert not banner.is_showing
    assert not banner.isVisible()


def test_a_plain_notice_is_said_only_once(banner: Banner):
    banner.show_failure(FAILURE)
    banner.show_notice("Saved.")
    banner.show_notice("Copied.")
    assert (banner.text, banner.waiting) == ("Copied.", 1)
    banner.dismiss()
    assert banner.text.startswith(FAILURE.cause)
    assert banner.waiting == 0


def test_what_works_again_is_no_longer_said_to_have_failed(banner: Banner):
    other = Failure("Another.", "", "")
    banner.show_failure(FAILURE)
    banner.show_failure(other)
    banner.withdraw(FAILURE)
    assert (banner.text, banner.waiting) == ("Another.", 0)
    banner.withdraw(other)
    assert not banner.isVisible()
    banner.withdraw(other)


def test_a_message_that_comes_again_is_the_newest(banner: Banner):
    banner.show_failure(FAILURE)
    banner.show_notice("Second.", kind="warning")
    banner.show_failure(FAILURE)
    assert banner.text.startswith(FAILURE.cause)
    assert banner.waiting == 1


def test_the_same_message_is_not_shown_twice(banner: Banner):
    for _ in range(50):
        banner.show_failure(FAILURE)
    assert banner.waiting == 0


def test_a_flood_of_messages_keeps_the_newest(banner: Banner):
    for number in range(100):
        banner.show_notice(f"Message {number}", kind="warning")
    assert banner.waiting == 8
    assert banner.text == "Message 99"
    while banner.waiting:
        banner.dismiss()
    assert banner.text == "Message 91"


def test_escape_dismisses_all_from_anywhere_inside(qtbot, host: QWidget, banner: Banner):
    canvas = host.findChild(QLabel, "", Qt.FindChildOption.FindDirectChildrenOnly)
    canvas.setFocus()
    banner.show_failure(Failure("The first.", "", ""))
    banner.show_failure(FAILURE)
    with qtbot.waitSignal(banner.dismissed):
        qtbot.keyClick(canvas, Qt.Key.Key_Escape)
    assert not banner.is_showing


def test_clear_forgets_everything(banner: Banner):
    banner.show_failure(FAILURE)
    banner.show_notice("Second.")
    banner.clear()
    assert not banner.is_showing
    assert banner.waiting == 0
