import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from studio.ui.controls.layouts import column, holding, row, scrolling, splitter


class Block(QWidget):
    """Something that wants no room of its own."""

    def __init__(self, height: int = 20) -> None:
        super().__init__()
        self.setMinimumSize(20, height)


@pytest.fixture
def shown(qtbot):
    kept = []

    def show(layout, width: int, height: int) -> QWidget:
        widget = holding(layout)
        kept.append(widget)
        qtbot.addWidget(widget)
        widget.resize(width, height)
        widget.show()
        return widget

    return show


def test_parts_stand_side_by_side_with_gaps_spaces_and_margins(shown):
    first, second, third = (Block() for _ in range(3))
    shown(row(first, second, 30, third, gap=4, margins=(1, 2, 3, 5)), 400, 60)
    assert first.geometry().topLeft().toTuple() == (1, 2)
    assert second.x() == first.geometry().right() + 1 + 4
    assert third.x() == second.geometry().right() + 1 + 30 + 4
    assert third.geometry().right() == 400 - 3 - 1
    assert third.geometry().bottom() == 60 - 5 - 1


def test_stretch_factors_and_an_open_space_share_out_what_is_left(shown):
    plain, double, fixed = Block(), Block(), Block()
    fixed.setFixedWidth(20)
    shown(row((plain, 1), (double, 2), None, fixed, gap=0), 420, 40)
    assert (plain.width(), double.width(), fixed.x()) == (100, 200, 400)


def test_an_aligned_part_takes_only_what_it_needs(shown):
    above, beside = Block(30), Block(80)
    above.setFixedHeight(30)
    shown(row((above, Qt.AlignmentFlag.AlignBottom), beside, gap=0), 100, 80)
    assert above.geometry().bottom() == 79


def test_columns_nest_in_rows(shown):
    upper, lower, right = Block(), Block(), Block()
    shown(row(column(upper, lower, gap=0), (right, 1), gap=0), 200, 100)
    assert lower.y() >= upper.geometry().bottom()
    assert right.x() > upper.geometry().right()
    assert right.height() == 100


def test_what_scrolls_is_as_wide_as_its_frame_and_as_high_as_it_wants(qtbot):
    content = Block(900)
    area = scrolling(content)
    qtbot.addWidget(area)
    area.resize(300, 200)
    area.show()
    assert content.width() == area.viewport().width()
    assert area.verticalScrollBar().maximum() == 900 - area.viewport().height()


def test_only_the_growing_part_of_a_splitter_grows(qtbot):
    left, right = Block(), Block()
    parted = splitter(left, right, sizes=(100, 300), growing=1)
    qtbot.addWidget(parted)
    parted.resize(400 + parted.handleWidth(), 100)
    parted.show()
    assert (left.width(), right.width()) == (100, 300)
    parted.resize(600 + parted.handleWidth(), 100)
    assert (left.width(), right.width()) == (100, 500)
    left.setMinimumWidth(40)
    parted.moveSplitter(0, 1)
    assert left.width() == 40  # nothing is folded away by a drag
