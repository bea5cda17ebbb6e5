"""The cards of all networks in one calm column, grouped by what they are for."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QCoreApplication, QEvent, Qt, QTimer
from PySide6.QtWidgets import QLabel, QStackedLayout, QWidget

from studio.core.failures import Failure
from studio.core.model_shelf import ShelfEntry
from studio.ui.controls.empty_state import EmptyState
from studio.ui.controls.layouts import centred, column, holding, scrolling
from studio.ui.controls.wrapping_label import WrappingLabel
from studio.ui.panels.models.card import ModelCard
from studio.ui.theme import Theme, mark

_NARROWEST, _WIDEST = 720, 880
_TASKS = {
    "backbone": "For painting",
    "fast_style": "For painting at once",
    "restorer": "For restoring",
    "selection": "For masks",
    "inpainter": "For filling holes",
    "scratch_detector": "For finding scratches",
    "colouriser": "For colouring",
    "translator": "For translating",
    "generator": "For dreaming",
}


class ModelList(QWidget):
    """Keeps a card for every entry; cards stay where they are while their networks come and go.

    Args:
        make_card: makes the card of an entry that is new.

    """

    def __init__(
        self, theme: Theme, make_card: Callable[[ShelfEntry], ModelCard], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._theme, self._make_card = theme, make_card
        self.cards: dict[str, ModelCard] = {}
        self._headings: list[QLabel] = []
        self._order: tuple[tuple[str, str], ...] = ()
        self._wanted, self._wants_focus = "", False
        self._settled = QTimer(self, singleShot=True, interval=0)  # a card that came a moment ago has no place yet
        self.empty_state = EmptyState("models", "Looking for networks…", "", theme, self)
        margin, gap = theme.tokens.margin, theme.tokens.gap
        self._cards_column = column(gap=gap, margins=(0, margin, 0, margin + gap))
        self._places = QStackedLayout(self)
        self._lay_out()
        self._connect()

    def _connect(self) -> None:
        self._settled.timeout.connect(self._go_to_wanted)

    def _lay_out(self) -> None:
        gap, margin = self._theme.tokens.gap, self._theme.tokens.margin
        title = QLabel("Models")
        mark(title, tone="title")
        words = WrappingLabel(
            "The networks that look at your pictures. They work on this computer; nothing is sent anywhere."
        )
        mark(words, tone="muted")
        wide = margin + gap
        middle = holding(column(title, words, self._cards_column, None, gap=2, margins=(0, wide, 0, 0)))
        middle.setMaximumWidth(_WIDEST)
        self.setMinimumWidth(_NARROWEST)
        self.area = scrolling(centred(middle, wide))
        self._places.addWidget(self.empty_state)
        self._places.addWidget(self.area)

    def set_entries(self, entries: Sequence[ShelfEntry]) -> None:
        """Show exactly these; those that were there before keep their card."""
        for entry in entries:
            if entry.name in self.cards:
                self.cards[entry.name].set_entry(entry)
            else:
                self.cards[entry.name] = self._make_card(entry)
        order = tuple((entry.task, entry.name) for entry in entries)
        if order != self._order:
            self._order = order
            self._put_in_order()
        self._places.setCurrentIndex(1 if entries else 0)
        if not entries:
            self.empty_state.set_words("No networks", "Drop a .pth or .safetensors file here to import one.")

    def show_failure(self, failure: Failure) -> None:
        """Where there is nothing to show yet, say why."""
        if not self.cards:
            self.empty_state.set_words(failure.cause, failure.remedy)

    def bring_into_sight(self, name: str, *, focus: bool = True) -> bool:
        """Scroll to a card and bring the keyboard to it; False where there is none."""
        if name not in self.cards:
            return False
        self._wanted, self._wants_focus = name, focus
        self._settled.start()
        return True

    def _go_to_wanted(self) -> None:
        card = self.cards.get(self._wanted)
        if card is None:
            return
        QCoreApplication.sendPostedEvents(None, QEvent.Type.LayoutRequest)  # its final place, not the one before
        if self._wants_focus:
            button = card.main_button if card.main_button.isEnabled() else card.menu_button
            button.setFocus(Qt.FocusReason.OtherFocusReason)
        self.area.ensureWidgetVisible(card, 0, self._theme.tokens.margin)

    def _put_in_order(self) -> None:
        names = {name for _, name in self._order}
        for name in [name for name in self.cards if name not in names]:
            self.cards.pop(name).deleteLater()
        for heading in self._headings:
            heading.deleteLater()
        self._headings.clear()
        while self._cards_column.takeAt(0) is not None:
            pass
        tasks = list(dict.fromkeys(task for task, _ in self._order))
        for task in tasks:
            if len(tasks) > 1:
                self._cards_column.addWidget(self._make_heading(task))
            for own, name in self._order:
                if own == task:
                    self._cards_column.addWidget(self.cards[name])

    def _make_heading(self, task: str) -> QLabel:
        heading = QLabel(_TASKS.get(task, task.capitalize()))
        mark(heading, tone="muted")
        heading.setContentsMargins(0, self._theme.tokens.gap, 0, 0)
        self._headings.append(heading)
        return heading
