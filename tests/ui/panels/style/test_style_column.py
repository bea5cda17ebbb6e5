import pytest

from studio.core.settings import describe
from studio.core.style_settings import StyleSettings
from studio.ui.panels.style.column import StyleColumn


@pytest.fixture
def column(qtbot, theme):
    column = StyleColumn(theme)
    qtbot.addWidget(column)
    column.show()
    return column


def in_sight(column: StyleColumn) -> list[str]:
    return [info.name for info in describe(StyleSettings) if column.form.row(info.name).isVisible()]


def test_three_sliders_are_in_sight_and_the_rest_is_folded(column):
    assert in_sight(column) == ["strength", "style_weight", "content_weight"]
    assert not column.shelf.isHidden()
    assert column.fast_styles.isHidden()


def test_an_instant_painting_has_its_strength_and_its_fast_styles(column):
    column.show_settings(StyleSettings(method="instant"))
    assert in_sight(column) == ["strength"]
    assert column.shelf.isHidden()
    assert not column.fast_styles.isHidden()
