"""The Models panel: every network there is or could be, and the ways to get, check and remove it."""

from collections.abc import Mapping
from pathlib import Path

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices, QShowEvent
from PySide6.QtWidgets import QAbstractScrollArea

from studio.core.events import Progress
from studio.core.failures import Failure, StudioError
from studio.core.model_shelf import ModelShelf, ShelfEntry
from studio.core.sizes import megabytes
from studio.engine import Engine
from studio.training.run_folder import RunFolder
from studio.ui.controls.file_dialogs import choose_files
from studio.ui.controls.layouts import column
from studio.ui.controls.question import Question
from studio.ui.panel import ModelToAsk, ModelToFind, ModelToUse, NetworkToImport, Panel, Sendable
from studio.ui.panels.models.card import ModelCard
from studio.ui.panels.models.import_bar import ImportBar
from studio.ui.panels.models.list import ModelList
from studio.ui.panels.models.session import ShelfAction, ShelfSession
from studio.ui.panels.models.weights_drop import FILTER, WeightsDrop
from studio.ui.theme import Theme, mark

_WORDS = {
    ShelfAction.DOWNLOAD: "Connecting…",
    ShelfAction.VERIFY: "Checking its file…",
    ShelfAction.REMOVE: "Removing…",
}


class ModelsPanel(Panel):
    """Binds the state of the shelf to cards; takes weights files that are dropped anywhere on it.

    Args:
        engine: works on the shelf and on nothing else.
        shelf: the networks of this computer.
        users: which panel works with a kind of network: kind → the panel's title.

    """

    name = "models"
    title = "Models"
    icon_name = "models"
    tooltip = "The networks that look at your pictures: get, check and remove them"
    at_foot = True

    def __init__(self, theme: Theme, engine: Engine, shelf: ModelShelf, users: Mapping[str, str]) -> None:
        super().__init__()
        self._theme, self._shelf, self._users = theme, shelf, users
        self._used: dict[str, frozenset[str]] = {}
        self._wanted = ""
        self._brought: set[Path] = set()
        self.session = ShelfSession(engine, shelf, self)
        self.list = ModelList(theme, self._make_card)
        self.bar = ImportBar(theme, shelf.folder)
        self.drop = WeightsDrop(self, theme)
        mark(self, surface="canvas")
        self.setLayout(column((self.list, 1), self.bar, gap=0))
        self._connect()

    def _connect(self) -> None:
        session = self.session
        session.listed.connect(self._show_list)
        session.waiting.connect(self._show_waiting)
        session.began.connect(self._show_action)
        session.progressed.connect(self._show_progress)
        session.ended.connect(self._show_rest)
        session.went_wrong.connect(self._show_failure)
        session.downloaded.connect(self._tell_downloaded)
        session.verified.connect(self._tell_verified)
        session.removed.connect(self._tell_removed)
        session.models_changed.connect(self.models_changed)
        session.failed.connect(self._fail)
        session.import_began.connect(self.bar.start)
        session.import_progressed.connect(self.bar.set_progress)
        session.import_ended.connect(self.bar.rest)
        session.imported.connect(self._tell_imported)
        session.came_in.connect(self._use_brought)
        self.bar.import_requested.connect(self.choose_file)
        self.bar.folder_requested.connect(self.open_folder)
        self.bar.cancel_requested.connect(session.cancel_imports)
        self.drop.files_dropped.connect(session.import_files)
        self.drop.refused.connect(self._refuse)

    def _make_card(self, entry: ShelfEntry) -> ModelCard:
        card, session = ModelCard(entry, self._theme, self._users.get(entry.task, "")), self.session
        self._mark(card)
        card.download_requested.connect(session.download)
        card.cancel_requested.connect(session.cancel)
        card.verify_requested.connect(session.verify)
        card.remove_requested.connect(self.confirm_removal)
        card.use_requested.connect(self._use)
        card.ask_requested.connect(self._ask)
        card.reveal_requested.connect(self._reveal)
        card.folder_requested.connect(self.open_folder)
        card.address_copied.connect(lambda address: self.noticed.emit(f"Copied: {address}", "info"))
        card.menu.insertMenu(card.verify_action, self.add_send_menu(card.menu, lambda: _to_use(card.entry)))
        return card

    # -- what the window asks --------------------------------------------------------------------------------------

    def accepts(self, what: Sendable) -> bool:
        """Show a network; bring in a file, and that of a run that learnt to look: others name it by its name here."""
        return isinstance(what, ModelToFind | NetworkToImport) or (
            isinstance(what, ModelToUse) and what.product == "backbone" and not what.is_on_shelf
        )

    def take(self, what: Sendable) -> None:
        """Show it; one that is brought in is handed on as soon as it is on the shelf."""
        match what:
            case ModelToFind(name):
                self.show_network(name)
            case ModelToUse(_, run):
                self._bring_in(RunFolder(Path(run)).model_file)
            case NetworkToImport(path):
                self._bring_in(path)

    def _bring_in(self, path: Path) -> None:
        self._brought.add(path)
        self.session.import_files([path])

    def show_models_used(self, title: str, names: frozenset[str]) -> None:
        """Mark the networks with which the panel of this title works."""
        if names != self._used.get(title):
            self._used[title] = names
            for card in self.list.cards.values():
                self._mark(card)

    def _mark(self, card: ModelCard) -> None:
        card.set_in_use(card.entry.name in self._used.get(self._users.get(card.entry.task, ""), ()))

    def _use(self, name: str) -> None:
        if (entry := self.session.entry(name)) is not None:
            self.sent.emit(_to_use(entry), "")

    def _ask(self, name: str) -> None:
        if (entry := self.session.entry(name)) is not None:
            self.sent.emit(ModelToAsk(entry.name, entry.label), "")

    def show_network(self, name: str) -> None:
        """Bring one network into sight and the keyboard to it, as soon as it is listed."""
        self._wanted = "" if self.list.bring_into_sight(name) else name

    @property
    def list_place(self) -> QAbstractScrollArea:
        """The cards."""
        return self.list.area

    def showEvent(self, event: QShowEvent) -> None:
        """Look again: a file may have been dropped into the folder by hand."""
        super().showEvent(event)
        self.session.refresh()

    def close_gently(self) -> None:
        """Let go of downloads; what is there stays, and the next try goes on from it."""
        self.session.stop_everything()

    # -- what the artist asks --------------------------------------------------------------------------------------

    def choose_file(self) -> None:
        """Ask for weights files to import."""
        self.session.import_files(choose_files(self, "Import a network", "", FILTER, self._theme, several=True))

    def confirm_removal(self, name: str) -> None:
        """Ask whether a network's file shall go; it goes when the answer is yes."""
        entry = self.list.cards[name].entry
        words, about = f"Remove {entry.label} from this computer?", _what_removal_means(entry)
        question = Question("Remove a network", words, about, self._theme, self, yes="Remove", no="Keep")
        question.accepted.connect(lambda: self.session.remove(name))
        question.open()

    def open_folder(self) -> None:
        """Show the folder in which networks are kept, making it where it is not there yet."""
        try:
            self._shelf.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            self.report(
                Failure(f"The folder {self._shelf.folder} cannot be made.", "Check its permissions.", str(error))
            )
            return
        self._show_folder(self._shelf.folder)

    def _reveal(self, path: Path) -> None:
        self._show_folder(path.parent)

    def _show_folder(self, folder: Path) -> None:
        if not QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder))):
            self.noticed.emit(f"No program here shows folders. The folder is {folder}", "warning")

    # -- what becomes of it ----------------------------------------------------------------------------------------

    def _show_list(self, entries: tuple[ShelfEntry, ...]) -> None:
        self.list.set_entries(entries)
        if self._wanted:
            self.show_network(self._wanted)

    # a card may be gone by now: its file was deleted by hand while it was worked on

    def _show_waiting(self, name: str) -> None:
        if card := self.list.cards.get(name):
            card.show_waiting("Waiting for its turn…")

    def _show_action(self, name: str, action: ShelfAction) -> None:
        if card := self.list.cards.get(name):
            card.show_working(_WORDS[action])

    def _show_progress(self, name: str, progress: Progress) -> None:
        if card := self.list.cards.get(name):
            card.show_progress(progress)

    def _show_rest(self, name: str) -> None:
        if card := self.list.cards.get(name):
            card.show_rest()

    def _show_failure(self, name: str, failure: Failure) -> None:
        card = self.list.cards.get(name)
        if card is not None:
            card.show_failure(failure)
        if card is None or not self.isVisible():
            self.report(failure)
        else:
            self.list.bring_into_sight(name, focus=False)

    def _fail(self, failure: Failure) -> None:
        self.list.show_failure(failure)
        self.report(failure)

    def _refuse(self, refusal: StudioError) -> None:
        self.report(Failure(refusal.cause, refusal.remedy, ""))

    def _tell_downloaded(self, entry: ShelfEntry) -> None:
        self.noticed.emit(f"{entry.label} is on this computer now.", "info")

    def _tell_verified(self, entry: ShelfEntry) -> None:
        if entry.state == "damaged":
            remedy = "Download it again." if entry.url else "Remove it, and import a good copy."
            self.noticed.emit(f"The file of {entry.label} is damaged. {remedy}", "warning")
        else:
            self.noticed.emit(f"The file of {entry.label} is whole.", "info")

    def _tell_removed(self, entry: ShelfEntry) -> None:
        self.noticed.emit(f"{entry.label} was removed.", "info")

    def _use_brought(self, path: Path, entry: ShelfEntry) -> None:
        if path in self._brought:
            self._brought.discard(path)
            self._use(entry.name)

    def _tell_imported(self, entry: ShelfEntry) -> None:
        self.noticed.emit(f"{entry.label} is on the shelf now.", "info")
        self.show_network(entry.name)


def _to_use(entry: ShelfEntry) -> ModelToUse | None:
    return ModelToUse(entry.task, entry.name) if entry.state in ("present", "embedded") else None


def _what_removal_means(entry: ShelfEntry) -> str:
    if entry.state == "missing":
        return "What was downloaded so far is deleted; the next download begins anew."
    freed = f"{megabytes(entry.size)} are freed. "
    if entry.url:
        return freed + "It can be downloaded again at any time."
    return freed + "It was imported from a file: keep that file if you may want it back."
