import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QFileDialog, QMessageBox
from shelf_kit import WeightsServer, known_network, serving, shelf_of, write_weights
from studio_kit import PATIENCE, drop_files, open_studio

from studio.app import Studio
from studio.core.model_shelf import ModelShelf
from studio.engine import Engine
from studio.ui.panels.models.panel import ModelsPanel
from studio.ui.theme import Theme

NOBODY = "http://127.0.0.1:9"
"""An address at which nobody listens."""


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Talk to this computer directly, whatever the environment says."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return write_weights(tmp_path_factory.mktemp("published") / "net.pth").read_bytes()


@pytest.fixture
def server() -> Iterator[WeightsServer]:
    with serving() as server:
        yield server


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "models"


@pytest.fixture
def shelf(folder: Path, server: WeightsServer, content: bytes) -> ModelShelf:
    """Three networks that the server has, and one that nobody has."""
    server.files = {f"{name}.pth": content for name in ("first", "second", "third")}
    known = [known_network(name, server.url(f"{name}.pth"), content) for name in ("first", "second", "third")]
    return shelf_of(folder, *known, known_network("far", f"{NOBODY}/far.pth", content))


@pytest.fixture
def panel(qtbot, theme: Theme, shelf: ModelShelf) -> Iterator[ModelsPanel]:
    engine = Engine("shelf")
    panel = ModelsPanel(theme, engine, shelf, {"backbone": "Style"})
    qtbot.addWidget(panel)
    panel.resize(960, 500)
    with qtbot.waitSignal(panel.session.listed, timeout=PATIENCE):
        panel.show()
    yield panel
    panel.close_gently()
    assert engine.shut_down()


def state_of(panel: ModelsPanel, name: str) -> str:
    return panel.list.cards[name].entry.state


def press_main(qtbot, panel: ModelsPanel, name: str) -> None:
    button = panel.list.cards[name].main_button
    assert button.isVisible()
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def wait_for(qtbot, condition) -> None:
    qtbot.waitUntil(condition, timeout=PATIENCE)


def answer_question(words: str) -> None:
    """Press the button with these words in the question that is on the screen."""
    question = QApplication.activeModalWidget()
    assert isinstance(question, QMessageBox)
    next(button for button in question.buttons() if button.text() == words).click()


# -- what there is -----------------------------------------------------------------------------------------------------


def test_every_network_has_a_card_in_the_shelfs_order(panel: ModelsPanel):
    assert list(panel.list.cards) == ["first", "second", "third", "far"]
    assert not panel.list.empty_state.isVisible()
    card = panel.list.cards["first"]
    assert card.state_words == "Can be downloaded"
    assert "Licence: BSD" in card.facts
    assert "Training: ImageNet-1k" in card.facts


def test_until_the_shelf_is_looked_through_the_panel_says_so(qtbot, theme: Theme, shelf: ModelShelf):
    engine = Engine("shelf")
    panel = ModelsPanel(theme, engine, shelf, {"backbone": "Style"})
    qtbot.addWidget(panel)
    with qtbot.waitSignal(panel.session.listed, timeout=PATIENCE):
        panel.show()
        assert panel.list.empty_state.isVisible()
    assert engine.shut_down()


def test_a_file_put_into_the_folder_by_hand_is_found_when_one_looks_again(qtbot, panel, folder: Path, content):
    panel.hide()
    folder.mkdir()
    (folder / "second.pth").write_bytes(content)
    with qtbot.waitSignal(panel.models_changed, timeout=PATIENCE):
        panel.show()
    assert state_of(panel, "second") == "present"


# -- downloads ---------------------------------------------------------------------------------------------------------


def test_download_brings_the_network_and_tells(qtbot, panel: ModelsPanel, folder: Path, content: bytes):
    with qtbot.waitSignals([panel.noticed, panel.models_changed], timeout=PATIENCE):
        press_main(qtbot, panel, "first")
    assert (folder / "first.pth").read_bytes() == content
    card = panel.list.cards["first"]
    assert card.state_words == "On this computer"
    assert card.main_button.text() == "Use in Style"
    assert not card.progress.isVisible()


def test_other_downloads_wait_in_line_and_can_leave_it(qtbot, panel: ModelsPanel, server: WeightsServer, content):
    server.gate.clear()
    cards = panel.list.cards
    press_main(qtbot, panel, "first")
    wait_for(qtbot, lambda: "Downloading" in cards["first"].progress.text)
    wait_for(qtbot, lambda: 0 < cards["first"].progress.bar.value() < cards["first"].progress.bar.maximum())
    press_main(qtbot, panel, "second")
    press_main(qtbot, panel, "third")
    assert "Waiting" in cards["second"].progress.text
    cards["second"].progress.cancel_button.click()
    wait_for(qtbot, lambda: not cards["second"].progress.isVisible())
    server.gate.set()
    wait_for(qtbot, lambda: state_of(panel, "third") == "present")
    assert state_of(panel, "first") == "present"
    assert state_of(panel, "second") == "missing"
    assert server.asked == ["first.pth", "third.pth"]


def test_checking_a_file_does_not_wait_for_a_download(qtbot, panel, server: WeightsServer, folder: Path, content):
    folder.mkdir()
    (folder / "second.pth").write_bytes(content)
    panel.session.refresh()
    wait_for(qtbot, lambda: state_of(panel, "second") == "present")
    server.gate.clear()
    press_main(qtbot, panel, "first")
    wait_for(qtbot, lambda: "Downloading" in panel.list.cards["first"].progress.text)
    with qtbot.waitSignal(panel.session.verified, timeout=PATIENCE):
        panel.list.cards["second"].verify_action.trigger()
    assert panel.list.cards["first"].progress.isVisible()


def test_cancelled_download_is_resumed_where_it_stopped(qtbot, panel, server: WeightsServer, folder: Path, content):
    server.gate.clear()
    card = panel.list.cards["first"]
    press_main(qtbot, panel, "first")
    bar = card.progress.bar
    wait_for(qtbot, lambda: bar.maximum() > 0 and bar.value() >= bar.maximum() // 2)  # it comes in pieces
    card.progress.cancel_button.click()
    wait_for(qtbot, lambda: card.main_button.text() == "Resume")
    assert not (folder / "first.pth").exists()
    server.gate.set()
    press_main(qtbot, panel, "first")
    wait_for(qtbot, lambda: state_of(panel, "first") == "present")
    assert (folder / "first.pth").read_bytes() == content
    assert server.asked == ["first.pth", f"first.pth bytes={len(content) // 2}-"]


def test_without_a_network_the_card_says_how_to_get_the_file_by_hand(
    qtbot, panel: ModelsPanel, folder: Path, shown_folders: list[Path]
):
    card = panel.list.cards["far"]
    press_main(qtbot, panel, "far")
    wait_for(qtbot, lambda: card.failure.isVisible())
    wait_for(qtbot, lambda: card.height() >= card.sizeHint().height())
    wait_for(qtbot, lambda: card.visibleRegion().boundingRect() == card.rect())  # all of it came into sight
    for words in ("far.pth", f"{NOBODY}/far.pth", str(folder)):
        assert words in card.failure.text
    card.failure.copy_button.click()
    assert QGuiApplication.clipboard().text() == f"{NOBODY}/far.pth"
    card.failure.folder_button.click()
    assert shown_folders == [folder]
    assert folder.is_dir()
    assert not card.progress.isVisible()


def test_failed_download_can_be_tried_again(qtbot, panel: ModelsPanel, server: WeightsServer, content: bytes):
    card = panel.list.cards["first"]
    del server.files["first.pth"]
    press_main(qtbot, panel, "first")
    wait_for(qtbot, lambda: card.failure.isVisible())
    assert "404" in card.failure.text
    server.files["first.pth"] = content
    card.failure.retry_button.click()
    wait_for(qtbot, lambda: state_of(panel, "first") == "present")
    assert not card.failure.isVisible()


def test_a_wrong_file_from_the_server_is_not_taken(qtbot, panel, server: WeightsServer, folder: Path, content: bytes):
    server.files["first.pth"] = bytes(len(content))
    press_main(qtbot, panel, "first")
    card = panel.list.cards["first"]
    wait_for(qtbot, lambda: card.failure.isVisible())
    assert "checksum" in card.failure.text
    assert state_of(panel, "first") == "missing"
    assert not (folder / "first.pth").exists()


def test_a_failure_out_of_sight_is_told_to_the_window(qtbot, panel: ModelsPanel):
    panel.hide()
    with qtbot.waitSignal(panel.failed, timeout=PATIENCE) as told:
        panel.session.download("far")
    assert "FAR" in told.args[0].cause


# -- checking and removing ---------------------------------------------------------------------------------------------


def test_a_damaged_file_is_found_and_can_be_replaced(qtbot, panel: ModelsPanel, folder: Path, content: bytes):
    press_main(qtbot, panel, "first")
    wait_for(qtbot, lambda: state_of(panel, "first") == "present")
    card, path = panel.list.cards["first"], folder / "first.pth"
    with qtbot.waitSignal(panel.session.verified, timeout=PATIENCE):
        card.verify_action.trigger()
    assert card.state_words == "On this computer"
    broken = bytearray(content)
    broken[len(content) // 2] ^= 1
    path.write_bytes(broken)
    with qtbot.waitSignal(panel.noticed, timeout=PATIENCE, check_params_cb=lambda _, level: level == "warning"):
        card.verify_action.trigger()
    assert card.state_words == "Damaged"
    assert card.main_button.text() == "Download Again"
    press_main(qtbot, panel, "first")
    wait_for(qtbot, lambda: state_of(panel, "first") == "present")
    assert path.read_bytes() == content


def test_removal_asks_first(qtbot, panel: ModelsPanel, folder: Path):
    press_main(qtbot, panel, "first")
    wait_for(qtbot, lambda: state_of(panel, "first") == "present")
    card = panel.list.cards["first"]
    card.remove_action.trigger()
    answer_question("Keep")
    assert panel.session.action("first") is None
    assert (folder / "first.pth").exists()
    card.remove_action.trigger()
    with qtbot.waitSignal(panel.models_changed, timeout=PATIENCE):
        answer_question("Remove")
    assert not (folder / "first.pth").exists()
    assert card.main_button.text() == "Download"


def test_file_is_shown_in_its_folder(qtbot, panel: ModelsPanel, folder: Path, shown_folders: list[Path]):
    press_main(qtbot, panel, "first")
    wait_for(qtbot, lambda: state_of(panel, "first") == "present")
    panel.list.cards["first"].reveal_action.trigger()
    assert shown_folders == [folder]


# -- imports -----------------------------------------------------------------------------------------------------------


def test_dropped_network_is_copied_recognised_and_brought_into_sight(qtbot, panel, tmp_path: Path, folder: Path):
    own = write_weights(tmp_path / "my network.pth", seed=5)
    with qtbot.waitSignals([panel.session.imported, panel.models_changed], timeout=PATIENCE):
        assert drop_files(panel, own)
    assert own.exists()
    card = next(card for name, card in panel.list.cards.items() if name not in ("first", "second", "third", "far"))
    assert card.entry.architecture == "squeezenet1_1"
    assert card.entry.path.parent == folder
    wait_for(qtbot, card.main_button.hasFocus)
    assert not card.main_button.visibleRegion().isEmpty()
    assert not panel.bar.is_busy


def test_import_from_the_file_dialog(qtbot, panel: ModelsPanel, tmp_path: Path):
    own = write_weights(tmp_path / "own.pth", seed=6)

    def choose() -> None:
        dialog = QApplication.activeModalWidget()
        assert isinstance(dialog, QFileDialog)
        dialog.setDirectory(str(tmp_path))
        dialog.selectFile(own.name)
        dialog.accept()

    QTimer.singleShot(0, choose)
    with qtbot.waitSignal(panel.session.imported, timeout=PATIENCE) as told:
        panel.bar.import_button.click()
    assert told.args[0].state == "present"


def test_pictures_and_texts_are_refused_with_the_reason(qtbot, panel: ModelsPanel, tmp_path: Path):
    picture = tmp_path / "cat.png"
    picture.write_bytes(b"\x89PNG")
    with qtbot.waitSignal(panel.failed) as told:
        assert not drop_files(panel, picture)
    assert "cat.png" in told.args[0].cause
    assert told.args[0].remedy


class _Intruder:
    def __reduce__(self):
        return os.system, ("true",)


def test_a_file_that_wants_to_run_code_is_refused(qtbot, panel: ModelsPanel, tmp_path: Path, folder: Path):
    bad = tmp_path / "bad.pth"
    torch.save({"features.0.weight": _Intruder()}, bad)
    with qtbot.waitSignal(panel.failed, timeout=PATIENCE) as told:
        drop_files(panel, bad)
    assert "run code" in told.args[0].cause
    assert list(panel.list.cards) == ["first", "second", "third", "far"]
    assert not panel.bar.is_busy


@pytest.mark.data
def test_the_partial_vgg_offers_only_the_scales_that_it_has(qtbot, panel: ModelsPanel, shared_data: Path):
    files = (
        shared_data / "weights" / "vgg19_to_relu3_1" / "vgg_normalised_conv3_1.pth",
        shared_data / "weights" / "squeezenet1_1.pth",
    )
    before = set(panel.list.cards)
    with qtbot.waitSignals([panel.session.imported] * 2, timeout=PATIENCE):
        drop_files(panel, *files)
    new = {card.entry.architecture: card for name, card in panel.list.cards.items() if name not in before}
    assert "scales 1–3 of 5" in new["vgg19_normalised"].facts
    assert "3 of 5" in new["vgg19_normalised"].scales.words
    assert "all 5" in new["squeezenet1_1"].scales.words


# -- in the window -----------------------------------------------------------------------------------------------------


@pytest.fixture
def studio(home: Path) -> Iterator[Studio]:
    with open_studio(home) as studio:
        yield studio


def test_the_style_panel_leads_to_the_shelf(qtbot, studio: Studio):
    window = studio.window
    style, models = window.panel("style"), window.panel("models")
    style.form.set_open_groups(["Network"])
    chosen = style.session.settings.backbone
    qtbot.mouseClick(style.networks_button, Qt.MouseButton.LeftButton)
    assert window.rail.current == "models"
    wait_for(qtbot, lambda: chosen in models.list.cards)
    card = models.list.cards[chosen]
    wait_for(qtbot, lambda: card.main_button.hasFocus() or card.menu_button.hasFocus())


def test_an_imported_network_is_offered_by_the_style_panel_and_used(qtbot, studio: Studio, tmp_path: Path):
    window = studio.window
    style, models = window.panel("style"), window.panel("models")
    window.show_panel("models")
    with qtbot.waitSignal(models.session.imported, timeout=PATIENCE) as told:
        drop_files(models, write_weights(tmp_path / "mine.pth", seed=7))
    entry = told.args[0]
    choices = style.form.row("backbone").control
    wait_for(qtbot, lambda: choices.findData(entry.name) >= 0)
    assert choices.words_for(entry.name) == entry.label
    before = style.session.settings.backbone
    models.list.cards[entry.name].main_button.click()
    assert window.rail.current == "style"
    assert style.session.settings.backbone == entry.name
    assert models.list.cards[entry.name].main_button.text() == "Used in Style"
    window.panel("style").undo_stack.undo()
    assert style.session.settings.backbone == before
    assert models.list.cards[entry.name].main_button.text() == "Use in Style"


def test_closing_the_window_keeps_what_a_download_reached(qtbot, home: Path, shelf: ModelShelf, server: WeightsServer):
    server.gate.clear()
    with open_studio(home, models=shelf) as studio:
        models = studio.window.panel("models")
        studio.window.show_panel("models")
        wait_for(qtbot, lambda: "first" in models.list.cards)
        models.list.cards["first"].main_button.click()
        wait_for(qtbot, lambda: models.list.cards["first"].progress.bar.value() > 400)
        studio.window.show_panel("style")
        studio.window.close()
    entry = shelf.entry("first")
    assert entry.state == "missing"
    assert entry.removable  # the unfinished file waits for the next start
