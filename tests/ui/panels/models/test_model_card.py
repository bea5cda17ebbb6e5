from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from shelf_kit import SCALES, shelf_entry

from studio.core.events import Progress
from studio.core.failures import Failure
from studio.ui.panels.models.card import ModelCard, facts_of, scales_offered
from studio.ui.panels.models.list import ModelList
from studio.ui.theme import Theme

LONG = "Ein Netz mit einem sehr langen Namen, wie Übersetzungen und eigene Dateien ihn nun einmal mit sich bringen"


@pytest.fixture
def card(qtbot, theme: Theme) -> ModelCard:
    return shown(qtbot, theme, shelf_entry())


def shown(qtbot, theme: Theme, entry, width: int = 700) -> ModelCard:
    card = ModelCard(entry, theme, "Style")
    qtbot.addWidget(card)
    card.resize(width, 300)
    with qtbot.waitExposed(card):
        card.show()
    return card


@pytest.mark.parametrize(
    ("changes", "state", "button"),
    [
        ({"state": "embedded", "url": ""}, "Built in", "Use in Style"),
        ({"state": "present"}, "On this computer", "Use in Style"),
        ({"state": "missing"}, "Can be downloaded", "Download"),
        ({"state": "missing", "removable": True}, "Can be downloaded", "Resume"),
        ({"state": "damaged"}, "Damaged", "Download Again"),
    ],
)
def test_each_state_offers_the_next_step(qtbot, theme: Theme, changes, state, button):
    card = shown(qtbot, theme, shelf_entry(**changes))
    assert card.state_words == state
    assert card.main_button.text() == button
    assert card.main_button.isVisible()
    assert card.main_button.isEnabled()
    assert state in card.accessibleDescription()


def test_a_network_that_nobody_offers_has_no_download(qtbot, theme: Theme):
    card = shown(qtbot, theme, shelf_entry(url=""))
    assert card.state_words == "Not here"
    assert not card.main_button.isVisible()
    assert not card.copy_action.isVisible()


def test_main_button_asks_for_what_it_says(qtbot, card: ModelCard):
    with qtbot.waitSignal(card.download_requested) as told:
        qtbot.mouseClick(card.main_button, Qt.MouseButton.LeftButton)
    assert told.args == ["vgg19"]
    card.set_entry(shelf_entry("present"))
    with qtbot.waitSignal(card.use_requested) as told, qtbot.assertNotEmitted(card.download_requested):
        qtbot.keyClick(card.main_button, Qt.Key.Key_Space)
    assert told.args == ["vgg19"]


def test_network_in_use_cannot_be_chosen_again(card: ModelCard):
    card.set_entry(shelf_entry("present"))
    card.set_in_use(True)
    assert card.main_button.text() == "Used in Style"
    assert not card.main_button.isEnabled()
    card.set_in_use(False)
    assert card.main_button.isEnabled()


@pytest.mark.parametrize(
    ("changes", "verify", "reveal", "remove"),
    [
        ({"state": "embedded"}, True, False, False),
        ({"state": "present"}, True, True, True),
        ({"state": "present", "removable": False}, True, True, False),
        ({"state": "missing"}, False, False, False),
        ({"state": "missing", "removable": True}, False, False, True),
        ({"state": "damaged"}, True, True, True),
    ],
)
def test_menu_allows_what_the_state_allows(qtbot, theme: Theme, changes, verify, reveal, remove):
    card = shown(qtbot, theme, shelf_entry(**changes))
    assert card.verify_action.isEnabled() == verify
    assert card.reveal_action.isEnabled() == reveal
    assert card.remove_action.isEnabled() == remove
    assert card.remove_action.toolTip()


def test_menu_asks_for_this_network(qtbot, card: ModelCard):
    card.set_entry(shelf_entry("present"))
    for action, signal, told in (
        (card.verify_action, card.verify_requested, "vgg19"),
        (card.remove_action, card.remove_requested, "vgg19"),
        (card.reveal_action, card.reveal_requested, Path("models/vgg19.pth")),
    ):
        with qtbot.waitSignal(signal) as heard:
            action.trigger()
        assert heard.args == [told]


def test_address_goes_to_the_clipboard(qtbot, card: ModelCard):
    with qtbot.waitSignal(card.address_copied):
        card.copy_action.trigger()
    assert QGuiApplication.clipboard().text() == "http://127.0.0.1/models/vgg19.pth"


def test_a_download_moves_nothing(qtbot, theme: Theme):
    card = shown(qtbot, theme, shelf_entry(trained_on="Photos. " * 30))
    before = card.sizeHint().height(), card.menu_button.geometry()
    card.show_progress(Progress("Downloading", 1_000_000, 574_673_361))
    qtbot.wait(0)
    assert card.progress.isVisible()
    assert (card.sizeHint().height(), card.menu_button.geometry()) == before
    card.show_rest()
    qtbot.wait(0)
    assert not card.progress.isVisible()
    assert (card.sizeHint().height(), card.menu_button.geometry()) == before


def test_keyboard_stays_on_the_card_when_a_download_begins_and_ends(qtbot, card: ModelCard):
    card.main_button.setFocus()
    card.show_working("Connecting…")
    assert card.progress.cancel_button.hasFocus()
    with qtbot.waitSignal(card.cancel_requested) as told:
        qtbot.keyClick(card.progress.cancel_button, Qt.Key.Key_Space)
    assert told.args == ["vgg19"]
    assert "Stopping" in card.progress.text
    card.show_rest()
    assert card.main_button.hasFocus()


def test_what_is_being_worked_on_can_be_neither_checked_nor_removed(card: ModelCard):
    card.set_entry(shelf_entry("present"))
    card.show_working("Checking…")
    assert not card.verify_action.isEnabled()
    assert not card.remove_action.isEnabled()
    card.show_rest()
    assert card.remove_action.isEnabled()


def test_failed_download_shows_the_way_by_hand(qtbot, card: ModelCard):
    card.show_failure(Failure("The server cannot be reached.", "Fetch vgg19.pth by hand.", ""))
    failure = card.failure
    assert failure.isVisible()
    for words in ("The server cannot be reached.", "Fetch vgg19.pth by hand.", "http://127.0.0.1/models/vgg19.pth"):
        assert words in failure.text
    assert "vgg19.pth" in failure.copy_button.toolTip()
    failure.copy_button.click()
    assert QGuiApplication.clipboard().text() == "http://127.0.0.1/models/vgg19.pth"
    with qtbot.waitSignal(card.folder_requested):
        failure.folder_button.click()
    with qtbot.waitSignal(card.download_requested):
        failure.retry_button.click()


def test_failure_goes_when_the_network_works_or_arrives(card: ModelCard):
    failure = Failure("It broke off.", "Try again.", "")
    card.show_failure(failure)
    card.show_working("Connecting…")
    assert card.failure.text == ""
    card.show_rest()
    card.show_failure(failure)
    card.set_entry(shelf_entry("missing"))
    assert card.failure.text != ""  # looking again does not mend it
    card.set_entry(shelf_entry("present"))
    assert card.failure.text == ""


def test_failed_check_offers_no_download(card: ModelCard):
    card.set_entry(shelf_entry("present"))
    card.show_failure(Failure("The disk reports an error.", "Check it.", ""))
    assert card.failure.isVisible()
    assert not card.failure.retry_button.isVisible()
    card.failure.close_button.click()
    assert not card.failure.isVisible()


def test_scales_are_read_from_the_taps():
    assert scales_offered(SCALES) == frozenset({1, 2, 3, 4, 5})
    assert scales_offered(("relu1_1", "relu1_2", "relu2_1", "relu3_1")) == frozenset({1, 2, 3})
    assert scales_offered(("relu1", "fire3", "fire9")) == frozenset({1, 2, 3, 4, 5})
    assert scales_offered(()) == frozenset()


def test_partial_network_says_which_scales_it_has(qtbot, theme: Theme):
    card = shown(qtbot, theme, shelf_entry("present", taps=SCALES[:3]))
    assert "scales 1–3 of 5" in card.facts
    assert card.scales.words == "Sees 3 of 5 scales: grain, fine strokes, strokes"
    assert card.scales.accessibleName() == card.scales.words


def test_facts_name_size_licence_and_training():
    assert facts_of(shelf_entry()).split("  ·  ") == [
        "548 MB", "Licence: BSD-3-Clause", "Training: ImageNet-1k",
    ]  # fmt: skip
    assert facts_of(shelf_entry(size=0, licence="", trained_on="", taps=())) == "Licence not stated"
    assert facts_of(shelf_entry(former=True)).startswith("Kept for pictures that were made with it  ·  ")


def test_long_words_wrap_or_elide_and_push_nothing_out(qtbot, theme: Theme):
    entry = replace(shelf_entry("present"), label=LONG, note=f"{LONG}. " * 3, licence=f"{LONG}. " * 3)
    card = shown(qtbot, theme, entry, width=600)
    assert card.width() <= 600
    assert card.menu_button.geometry().right() <= card.width()
    for label in (card._note, card._facts):
        needed = label.fontMetrics().boundingRect(
            0, 0, label.width(), 10_000, int(Qt.TextFlag.TextWordWrap), label.text()
        )
        assert label.height() >= needed.height()
    assert LONG in card._title.toolTip()


def test_a_card_in_a_crowded_list_is_never_squeezed(qtbot, theme: Theme):
    cards = ModelList(theme, lambda entry: ModelCard(entry, theme, "Style"))
    qtbot.addWidget(cards)
    entries = [shelf_entry("missing", name) for name in "abcdef"]
    cards.set_entries(entries)
    cards.resize(800, 300)
    with qtbot.waitExposed(cards):
        cards.show()
    entries[1] = shelf_entry("present", "b", note=f"{LONG}. " * 2, trained_on=f"{LONG}. " * 2)
    cards.set_entries(entries)
    card = cards.cards["b"]

    def all_words_show() -> None:
        foot = card._facts.mapTo(card, card._facts.rect().bottomLeft())
        assert foot.y() < card.height()
        assert card._facts.height() <= card._facts_row.height()
        assert card.height() >= card.sizeHint().height()

    qtbot.waitUntil(all_words_show)
