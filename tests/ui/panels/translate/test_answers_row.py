"""One of many answers is asked of a pair that knows many."""

from studio.jobs.translate.choices import TranslatorChoice
from studio.ui.panels.translate.column import TranslateColumn


def test_which_answer_is_asked_only_of_a_pair_that_knows_many(qtbot, theme):
    column = TranslateColumn(theme)
    qtbot.addWidget(column)
    for pair in (None, TranslatorChoice("one", "One")):
        column.show_pair(pair)
        assert column.form.row("code").isHidden()
    column.show_pair(TranslatorChoice("many", "Many", answers=True))
    assert not column.form.row("code").isHidden()
