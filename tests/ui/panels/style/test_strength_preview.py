import pytest

from studio.core.recipes import Recipe
from studio.core.style_settings import StyleSettings
from studio.ui.panels.style.strength_preview import StrengthPreview


def recipe_of(**settings) -> Recipe:
    return Recipe(task="stylize", settings=StyleSettings(**settings).model_dump(mode="json"))


@pytest.mark.parametrize(
    ("painted_in", "wanted", "opacity"), [(0.8, 0.4, 0.5), (0.5, 1.0, 1.0), (1.0, 0.0, 0.0), (0.0, 0.7, 1.0)]
)
def test_a_fast_styles_painting_is_faded_to_the_strength_that_is_wanted(painted_in, wanted, opacity):
    strength_preview = StrengthPreview.of(recipe_of(method="instant", strength=painted_in), StyleSettings())
    composed = strength_preview.to_compose(StyleSettings(method="instant", strength=wanted))
    assert composed.opacity == pytest.approx(opacity)


def test_a_live_painting_keeps_its_strength_as_opacity():
    strength_preview = StrengthPreview.of(recipe_of(strength=0.3), StyleSettings())
    assert strength_preview.to_compose(StyleSettings(strength=0.6)).opacity == 0.6
    assert (
        strength_preview.to_compose(StyleSettings(method="instant", strength=0.6)).opacity == 0.6
    )  # another is on its way


def test_a_draft_is_of_the_strength_of_now():
    settings = StyleSettings(method="instant", strength=0.6)
    assert StrengthPreview.of(None, settings).to_compose(settings).opacity == 1.0


def test_a_file_tells_the_strength_that_was_painted():
    strength_preview = StrengthPreview.of(recipe_of(method="instant", strength=0.8), StyleSettings())
    assert strength_preview.of_picture(StyleSettings(method="instant", strength=0.4)).strength == 0.8
