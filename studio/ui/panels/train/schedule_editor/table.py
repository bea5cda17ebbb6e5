"""The phases as a table: the exact numbers, and the keyboard's way to everything the plot can do."""

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractItemModel, QAbstractTableModel, QModelIndex, QPersistentModelIndex, QRect, Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPen, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QLineEdit,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from studio.ui.controls.choice_box import ChoiceBox
from studio.ui.icons import icon
from studio.ui.panels.train.schedule_editor.columns import COLUMNS, Column
from studio.ui.panels.train.schedule_editor.state import EditorState
from studio.ui.theme import Theme, with_even_figures

Index = QModelIndex | QPersistentModelIndex
_CHEVRON = 14
_WIDEST_NAME = 200
_PAD = 5
"""With the style's own 3 px, the text stands below the header's."""


def _alignment(column: Column) -> Qt.AlignmentFlag:
    left = bool(column.choices) or column.key in ("name", "frozen", "data")
    return (Qt.AlignmentFlag.AlignLeft if left else Qt.AlignmentFlag.AlignRight) | Qt.AlignmentFlag.AlignVCenter


class PhaseModel(QAbstractTableModel):
    """The schedule's phases as rows, `COLUMNS` as columns."""

    def __init__(self, state: EditorState, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._state, self._theme = state, theme
        self._rows = len(state.schedule.phases)
        self._connect()

    def _connect(self) -> None:
        self._state.changed.connect(self._follow)
        self._state.selected.connect(self._refresh)
        self._state.locks_changed.connect(self._refresh)

    def rowCount(self, parent: Index | None = None) -> int:  # noqa: D102
        return 0 if parent is not None and parent.isValid() else self._rows

    def columnCount(self, parent: Index | None = None) -> int:  # noqa: D102
        return 0 if parent is not None and parent.isValid() else len(COLUMNS)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: D102
        if not index.isValid() or index.row() >= self._rows:
            return None
        row, column = index.row(), COLUMNS[index.column()]
        phase = self._state.schedule.phases[row]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return (column.shown or column.text)(self._state.timeline, row)
            case Qt.ItemDataRole.EditRole:
                if column.choices:
                    return column.value(phase)
                return "" if column.inherited(phase) else column.text(self._state.timeline, row)
            case Qt.ItemDataRole.ToolTipRole:
                return column.help + self._reason(row, column)
            case Qt.ItemDataRole.AccessibleTextRole:
                name = COLUMNS[0].text(self._state.timeline, row)
                return f"{name}, {column.title}: {column.text(self._state.timeline, row) or 'empty'}"
            case Qt.ItemDataRole.ForegroundRole:
                free = self._state.can_change(row, column)
                tone = "text_disabled" if not free else "text_muted" if column.inherited(phase) else "text"
                return self._theme.colour(tone)
            case Qt.ItemDataRole.BackgroundRole:
                return self._theme.colour("accent_soft") if row == self._state.selection else None
            case Qt.ItemDataRole.TextAlignmentRole:
                return _alignment(column)
        return None

    def headerData(  # noqa: D102
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if orientation != Qt.Orientation.Horizontal:
            return None
        column = COLUMNS[section]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return column.title
            case Qt.ItemDataRole.ToolTipRole:
                return column.help
            case Qt.ItemDataRole.TextAlignmentRole:
                return _alignment(column)
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:  # noqa: D102
        flags = super().flags(index)
        if (
            index.isValid()
            and index.row() < self._rows
            and self._state.can_change(index.row(), COLUMNS[index.column()])
        ):
            flags |= Qt.ItemFlag.ItemIsEditable
        return flags

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:  # noqa: D102
        if role != Qt.ItemDataRole.EditRole or str(value) == self.data(index, role):
            return False
        return self._state.write(index.row(), COLUMNS[index.column()], str(value))

    def _reason(self, row: int, column: Column) -> str:
        if self._state.can_change(row, column):
            return ""
        return "\nThis part of the training is over." if self._state.is_past(row) else "\nCannot change once begun."

    def _follow(self) -> None:
        rows = len(self._state.schedule.phases)
        if rows != self._rows:
            self.beginResetModel()
            self._rows = rows
            self.endResetModel()
        else:
            self._refresh()

    def _refresh(self) -> None:
        if self._rows:
            self.dataChanged.emit(self.index(0, 0), self.index(self._rows - 1, len(COLUMNS) - 1))


class PhaseDelegate(QStyledItemDelegate):
    """Edits a cell: a line for numbers and names, a list for choices."""

    def __init__(self, theme: Theme, parent: "PhaseTable") -> None:
        super().__init__(parent)
        self._theme, self._table = theme, parent

    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: Index) -> QWidget:  # noqa: D102
        column = COLUMNS[index.column()]
        editor: QWidget
        if column.choices:
            box = ChoiceBox(column.choices, self._theme, parent)
            box.setMinimumContentsLength(0)
            box.chosen.connect(lambda: self._take(box))
            editor = box
        else:
            line = QLineEdit(parent)
            line.setAlignment(Qt.AlignmentFlag(index.data(Qt.ItemDataRole.TextAlignmentRole)))
            line.setFont(self._table.font())
            if column.inherited(self._table.phases.schedule.phases[index.row()]):
                line.setPlaceholderText(column.text(self._table.phases.timeline, index.row()))
            editor = line
        editor.setToolTip(column.help)
        editor.setAccessibleName(f"{column.title} of {COLUMNS[0].text(self._table.phases.timeline, index.row())}")
        return editor

    def setEditorData(self, editor: QWidget, index: Index) -> None:  # noqa: D102
        value = str(index.data(Qt.ItemDataRole.EditRole))
        if isinstance(editor, ChoiceBox):
            editor.set_current(value)
        elif isinstance(editor, QLineEdit):
            editor.setText(value)
            editor.selectAll()

    def setModelData(self, editor: QWidget, model: QAbstractItemModel, index: Index) -> None:  # noqa: D102
        if isinstance(editor, ChoiceBox):
            model.setData(index, editor.currentData())
        elif isinstance(editor, QLineEdit):
            model.setData(index, editor.text())

    def updateEditorGeometry(  # noqa: D102
        self, editor: QWidget, option: QStyleOptionViewItem, index: Index
    ) -> None:
        rect = QRect(option.rect)
        editor.setGeometry(rect)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:  # noqa: D102
        plain = QStyleOptionViewItem(option)
        state = plain.state
        focused = bool(state & QStyle.StateFlag.State_HasFocus)
        gone = QStyle.StateFlag.State_HasFocus | QStyle.StateFlag.State_Selected
        plain.state = state & ~gone
        rect = QRect(plain.rect)
        background = index.data(Qt.ItemDataRole.BackgroundRole)
        if background is not None:
            painter.fillRect(rect, background)
        chooses = bool(COLUMNS[index.column()].choices)
        plain.rect = rect.adjusted(_PAD, 0, -_PAD - (_CHEVRON if chooses else 0), 0)
        if chooses and index.flags() & Qt.ItemFlag.ItemIsEditable:
            corner = QRect(rect.right() - _CHEVRON - 4, rect.center().y() - _CHEVRON // 2, _CHEVRON, _CHEVRON)
            icon("chevron_down", self._theme.tokens, colour="text_muted").paint(painter, corner)
        super().paint(painter, plain, index)
        if focused:
            painter.setPen(QPen(self._theme.colour("focus"), 2))
            painter.drawRect(rect.adjusted(1, 1, -1, -1))

    def _take(self, box: ChoiceBox) -> None:
        self.commitData.emit(box)
        self.closeEditor.emit(box)


class PhaseTable(QTableView):
    """The table itself; rows follow the chosen phase, and choose it.

    Args:
        state: the editor's state.

    """

    def __init__(self, state: EditorState, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.phases = state
        self._theme = theme
        self._model = PhaseModel(state, theme, self)
        self.setModel(self._model)
        self.setItemDelegate(PhaseDelegate(theme, self))
        self._set_up()
        self.set_more(False)
        self._connect()
        self._choose_row(state.selection)

    def _set_up(self) -> None:
        self.setFont(with_even_figures(self.font()))
        self.setAccessibleName("Phases of the training")
        self.setAccessibleDescription("Enter or typing edits a cell")
        self.setToolTip("Click or type to change a number")
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        triggers = QAbstractItemView.EditTrigger
        self.setEditTriggers(triggers.DoubleClicked | triggers.EditKeyPressed | triggers.AnyKeyPressed)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(self._theme.tokens.row + 6)
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setSectionsClickable(False)
        header.setMinimumSectionSize(40)

    def _connect(self) -> None:
        self.selectionModel().currentChanged.connect(self._choose_phase)
        self.phases.selected.connect(self._choose_row)
        self._model.modelReset.connect(self._after_reset)
        self.phases.changed.connect(self._fit_names)

    @property
    def shown_columns(self) -> Sequence[int]:
        """The columns that are not hidden."""
        return [i for i in range(len(COLUMNS)) if not self.isColumnHidden(i)]

    def set_more(self, more: bool) -> None:
        """Show all columns, or the first ones."""
        header = self.horizontalHeader()
        for index, column in enumerate(COLUMNS):
            self.setColumnHidden(index, column.more and not more)
            self.setColumnWidth(index, self._width(index))
            header.setSectionResizeMode(index, QHeaderView.ResizeMode.Interactive)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Fixed)
        self._fit_names()

    def _width(self, index: int) -> int:
        header = self.horizontalHeader()
        header.ensurePolished()
        width = max(COLUMNS[index].width, header.sectionSizeHint(index))
        if index == 0:  # what somebody calls a phase may be long
            width = max(width, min(self.sizeHintForColumn(0) + 2 * _PAD, _WIDEST_NAME))
        return width

    @property
    def natural_width(self) -> int:
        """What all columns that are shown need, px."""
        bar = self.verticalScrollBar().sizeHint().width()
        return sum(self._width(i) for i in self.shown_columns) + bar + 2 * self.frameWidth()

    def _fit_names(self) -> None:
        """Give the names what they need, and whatever the other columns leave."""
        others = sum(self.columnWidth(i) for i in self.shown_columns if i > 0)
        self.setColumnWidth(0, max(self._width(0), self.viewport().width() - others))

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: D102
        super().resizeEvent(event)
        self._fit_names()

    def height_for(self, width: int) -> int:
        """Return what all rows need, px, with the bar below them where the columns do not fit into `width`."""
        fits = sum(self._width(i) for i in self.shown_columns) <= width
        bar = 0 if fits else self.horizontalScrollBar().sizeHint().height()
        rows = self.verticalHeader().defaultSectionSize() * self._model.rowCount()
        return self.horizontalHeader().sizeHint().height() + rows + bar + 2 * self.frameWidth()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: D102
        enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space)
        editing = self.state() == QAbstractItemView.State.EditingState
        if enter and not editing and self.currentIndex().isValid():
            self.edit(self.currentIndex())
        elif event.key() == Qt.Key.Key_Delete:
            self.phases.remove()
        else:
            super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: D102
        before = QPersistentModelIndex(self.currentIndex())
        super().mousePressEvent(event)
        index = self.indexAt(event.position().toPoint())
        chosen_again = index.isValid() and before.isValid() and index == before
        if chosen_again and index.flags() & Qt.ItemFlag.ItemIsEditable:
            self.edit(index)

    def _choose_phase(self, now: QModelIndex) -> None:
        if now.isValid():
            self.phases.select(now.row())

    def _choose_row(self, row: int) -> None:
        if self.currentIndex().row() != row:
            column = max(self.currentIndex().column(), 0)
            self.setCurrentIndex(self._model.index(row, column))

    def _after_reset(self) -> None:
        self._choose_row(self.phases.selection)
