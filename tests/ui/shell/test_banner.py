import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QLabel, QPushButton, QToolButton, QVBoxLayout, QWidget

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


def test_it_covers_and_never_pushes_the_canvas(host: QWidget, banner: Banner):
    canvas = host.findChild(QLabel, "", Qt.FindChildOption.FindDirectChildrenOnly)
    before = canvas.geometry()
    banner.show_failure(FAILURE)
    assert canvas.geometry() == before
    assert banner.geometry().top() <= before.top() + 8


def test_it_follows_the_width_of_what_it_lies_over(host: QWidget, banner: Banner):
    banner.show_failure(FAILURE)
    host.resize(320, 400)
    assert banner.width() <= 320
    assert banner.x() >= 0
    assert banner.height() >= banner.layout().totalHeightForWidth(banner.width())


def test_messages_wait_for_their_turn(qtbot, banner: Banner):
    banner.show_failure(FAILURE)
    banner.show_notice("Second.", kind="warning")
    banner.show_notice("Third.")
    assert banner.text.startswith(FAILURE.cause)
    assert banner.waiting == 2
    with qtbot.waitSignal(banner.dismissed):
        banner.findChild(QToolButton).click()
    assert banner.text == "Second."
    banner.dismiss()
    banner.dismiss()
    assert not banner.is_showing
    assert not banner.isVisible()


def test_the_same_message_is_not_shown_twice(banner: Banner):
    for _ in range(50):
        banner.show_failure(FAILURE)
    assert banner.waiting == 0


def test_a_flood_of_messages_keeps_the_newest(banner: Banner):
    for number in range(100):
        banner.show_notice(f"Message {number}")
    assert banner.waiting <= 8
    while banner.waiting:
        banner.dismiss()
    assert banner.text == "Message 99"


def test_escape_dismisses_from_anywhere_inside(qtbot, host: QWidget, banner: Banner):
    canvas = host.findChild(QLabel, "", Qt.FindChildOption.FindDirectChildrenOnly)
    canvas.setFocus()
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


def test_a_failure_does_not_wait_behind_a_notice_which_comes_back_after_it(qtbot, theme):
    host = QWidget()
    qtbot.addWidget(host)
    banner = Banner(host, theme)
    banner.show_notice("This network is untrained.", kind="warning")
    banner.show_failure(Failure("It broke.", "Mend it.", ""))
    assert (banner.text, banner.waiting) == ("It broke. Mend it.", 1)
    banner.dismiss()
    assert banner.text == "This network is untrained."
