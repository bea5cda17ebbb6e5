"""The stack of degradations as cards: folded to a line each, in the order in which they happen."""

from collections.abc import Collection
from functools import partial
from typing import Any

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLabel, QMenu, QPushButton, QWidget

from studio.core.degrade_settings import KINDS, Degradation, DegradationRecipe, parameters
from studio.core.settings import SettingInfo
from studio.ui.controls.layouts import column, row
from studio.ui.controls.mnemonics import literal
from studio.ui.controls.rows.base import SettingRow
from studio.ui.controls.rows.choice import ChoiceRow
from studio.ui.controls.rows.number import NumberRow
from studio.ui.controls.rows.range import RangeRow
from studio.ui.controls.section import Section
from studio.ui.controls.tool_button import tool_button
from studio.ui.panels.degrade.edits import added, moved, removed, with_value
from studio.ui.theme import Theme, mark

__all__ = ["DegradationStack"]


class DegradationStack(QWidget):
    """Shows a recipe, and makes another one of it at every move of the hand."""

    recipe_changed = Signal(object)
    """A recipe; never after `set_recipe`."""
    gesture_started = Signal()
    gesture_finished = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme, self._recipe = theme, DegradationRecipe()
        self.cards: list[StepCard] = []
        self.add_button = QPushButton("Add Damage", self)
        self.add_button.setToolTip("Choose what else happens to the photo")
        self._menu = QMenu(self.add_button)
        for kind in KINDS:
            action = self._menu.addAction(literal(kind.title), partial(self._add, kind.model_fields["kind"].default))
            action.setToolTip(kind.help)
        self._menu.setToolTipsVisible(True)
        self.add_button.setMenu(self._menu)
        self._cards = column(gap=0)
        self._below = row(self.add_button, gap=theme.tokens.gap)
        self.setLayout(column(self._cards, self._below, gap=theme.tokens.gap))

    def add_beside(self, button: QWidget) -> None:
        """Put another way to come to a recipe beside “Add Damage”."""
        self._below.addWidget(button)

    @property
    def recipe(self) -> DegradationRecipe:
        """What is shown."""
        return self._recipe

    def set_recipe(self, recipe: DegradationRecipe) -> None:
        """Show a recipe; tells nobody. Cards of kinds that stay keep their place and stay open."""
        if [step.kind for step in recipe.steps] != [card.kind for card in self.cards]:
            self._rebuild(recipe)
        self._recipe = recipe
        for card, step in zip(self.cards, recipe.steps, strict=True):
            card.show_step(step)

    def show_happened(self, places: Collection[int] | None) -> None:
        """Mark those that chance passed over in the shown picture; None while nobody knows."""
        for place, card in enumerate(self.cards):
            card.show_happened(places is None or place in places)

    def _rebuild(self, recipe: DegradationRecipe) -> None:
        spare = list(self.cards)
        self.cards = []
        for step in recipe.steps:
            card = next((one for one in spare if one.kind == step.kind), None)
            if card is None:
                card = self._make_card(step)
            else:
                spare.remove(card)
                self._cards.removeWidget(card)
            self.cards.append(card)
            self._cards.addWidget(card)
        for card in spare:
            self._cards.removeWidget(card)
            card.hide()
            card.deleteLater()
        for place, card in enumerate(self.cards):
            card.show_place(place, len(self.cards))

    def _make_card(self, step: Degradation) -> "StepCard":
        card = StepCard(type(step), self._theme, self)
        card.value_changed.connect(lambda name, value: self._change_value(card, name, value))
        card.gesture_started.connect(self.gesture_started)
        card.gesture_finished.connect(self.gesture_finished)
        card.move_requested.connect(lambda by: self._move(card, by))
        card.remove_requested.connect(lambda: self._take(removed(self._recipe, self.cards.index(card))))
        return card

    def _add(self, kind: str) -> None:
        before = {id(card) for card in self.cards}
        self._take(added(self._recipe, kind))
        new = next(card for card in self.cards if id(card) not in before)
        new.section.set_open(True)
        new.section.header.setFocus(Qt.FocusReason.OtherFocusReason)

    def _move(self, card: "StepCard", by: int) -> None:
        place = self.cards.index(card)
        self._take(moved(self._recipe, place, place + by))

    def _change_value(self, card: "StepCard", name: str, value: Any) -> None:
        self._take(with_value(self._recipe, self.cards.index(card), name, value))

    def _take(self, recipe: DegradationRecipe) -> None:
        self.set_recipe(recipe)
        self.recipe_changed.emit(recipe)


class StepCard(QWidget):
    """One degradation: its name, how often it happens, and, unfolded, everything about it.

    Args:
        model: what it is.

    """

    value_changed = Signal(str, object)
    gesture_started = Signal()
    gesture_finished = Signal()
    move_requested = Signal(int)
    """By so many places, down if above 0."""
    remove_requested = Signal()

    def __init__(self, model: type[Degradation], theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.kind = str(model.model_fields["kind"].default)
        self.section = Section(model.title, theme, self)
        self.section.header.setToolTip(model.help)
        self.how_often = QLabel(self)
        mark(self.how_often, tone="muted")
        side = theme.tokens.row
        self.up_button, self.down_button, self.remove_button = (
            tool_button(icon, f"{words}: {model.title}", theme, self, hint=hint, side=side)
            for icon, words, hint in (
                ("move_up", "Happens earlier", "Happens earlier (Alt+Up)"),
                ("move_down", "Happens later", "Happens later (Alt+Down)"),
                ("close", "Remove", "Remove it"),
            )
        )
        self.rows: dict[str, SettingRow] = {}
        self._model, self._theme, self._step = model, theme, model()
        # the tools stand at the right end of the title, which is a button as wide as the card
        tools = (self.how_often, self.up_button, self.down_button, self.remove_button)
        self.section.header.setLayout(row(None, *tools, gap=0))
        self.section.header.installEventFilter(self)
        self.setLayout(column(self.section, gap=0))
        self._connect()

    def _connect(self) -> None:
        self.section.toggled.connect(lambda is_open: self._make_rows() if is_open and not self.rows else None)
        self.up_button.clicked.connect(lambda: self.move_requested.emit(-1))
        self.down_button.clicked.connect(lambda: self.move_requested.emit(1))
        self.remove_button.clicked.connect(self.remove_requested)

    def _make_rows(self) -> None:
        """Make the controls when they are first asked for: a long stack of them takes a while."""
        for info in parameters(self._model):
            made = self.rows[info.name] = _make_row(info, self._theme)
            made.value_changed.connect(lambda value, name=info.name: self.value_changed.emit(name, value))
            made.gesture_started.connect(self.gesture_started)
            made.gesture_finished.connect(self.gesture_finished)
            self.section.contents.addWidget(made)
        self.show_step(self._step)

    def show_step(self, step: Degradation) -> None:
        """Show its values; tells nobody."""
        self._step = step
        for name, each in self.rows.items():
            each.set_value(getattr(step, name))
        self.how_often.setText("" if step.probability == 1.0 else f"{100 * step.probability:.0f} % ")

    def show_place(self, place: int, count: int) -> None:
        """Let it move only where there is a place."""
        self.up_button.setEnabled(place > 0)
        self.down_button.setEnabled(place < count - 1)

    def show_happened(self, did: bool) -> None:
        """Say whether it is in the shown picture."""
        words = "" if did else "not in this picture"
        self.how_often.setToolTip(words)
        self.how_often.setAccessibleDescription(words)
        mark(self.section.header, passed="false" if did else "true")

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Move it where Alt and an arrow are pressed on its title."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            step = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}.get(Qt.Key(event.key()))
            if step is not None and event.modifiers() & Qt.KeyboardModifier.AltModifier:
                self.move_requested.emit(step)
                return True
        return super().eventFilter(watched, event)


def _make_row(info: SettingInfo, theme: Theme) -> SettingRow:
    kinds: dict[str, type[NumberRow | RangeRow | ChoiceRow]] = {
        "number": NumberRow, "numbers": RangeRow, "choice": ChoiceRow,
    }  # fmt: skip
    return kinds[info.kind](info, theme)
