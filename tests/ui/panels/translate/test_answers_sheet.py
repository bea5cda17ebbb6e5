"""One of many answers is asked of a pair that knows many, by its number or by looking."""

from studio_kit import write_photo
from translator_kit import write_translator

from models.translation import TranslatorFacts
from studio.jobs.translate.choices import TranslatorChoice
from studio.ui.panels.translate.column import TranslateColumn

MANY = TranslatorFacts("separable", {"width": 4, "blocks": 1, "code": 3}, ("ab",), size=32)


def test_which_answer_is_asked_only_of_a_pair_that_knows_many(qtbot, theme):
    column = TranslateColumn(theme)
    qtbot.addWidget(column)
    for pair in (None, TranslatorChoice("one", "One")):
        column.show_pair(pair)
        assert column.form.row("code").isHidden()
    column.show_pair(TranslatorChoice("many", "Many", answers=True))
    assert not column.form.row("code").isHidden()


def test_nine_answers_are_shown_and_a_click_takes_one(home, open_panel, settled, until, tmp_path):
    write_translator(home / "runs" / "many" / "model.safetensors", MANY)
    panel = open_panel()
    panel.open_pictures([write_photo(tmp_path / "photo.png", 48, 32)])
    settled(panel)
    sheet = panel.column.answers
    assert (sheet.isVisible(), sheet.sheet.isVisible()) == (True, False)
    sheet.ask_button.click()
    until(sheet.sheet.isVisible)
    sheet.others_button.click()
    until(lambda: sheet.tiles[0].accessibleName() == "Answer 10")
    sheet.tiles[4].click()
    assert panel.session.settings.code == 14
    settled(panel)
    assert panel.session.recipe.settings["code"] == 14
    assert sheet.sheet.isVisible()
    panel.open_pictures([write_photo(tmp_path / "other.png", 40, 40)])
    until(lambda: not sheet.sheet.isVisible())
