import dataclasses

import pytest

from studio.ui.tokens import DARK, LIGHT, Tokens, contrast

SCHEMES = pytest.mark.parametrize("tokens", [DARK, LIGHT], ids=["dark", "light"])


def test_contrast_is_that_of_wcag():
    assert contrast("#000000", "#ffffff") == pytest.approx(21.0)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.478, abs=1e-3)  # the well-known near miss
    assert contrast("#ffffff", "#777777") == contrast("#777777", "#ffffff")


@SCHEMES
def test_every_text_can_be_read(tokens: Tokens):
    weak = {
        pair: round(ratio, 2)
        for pair in tokens.text_pairs()
        if (ratio := contrast(getattr(tokens, pair[0]), getattr(tokens, pair[1]))) < 4.5
    }
    assert not weak


@SCHEMES
def test_every_mark_can_be_seen(tokens: Tokens):
    weak = {
        pair: round(ratio, 2)
        for pair in tokens.mark_pairs()
        if (ratio := contrast(getattr(tokens, pair[0]), getattr(tokens, pair[1]))) < 3.0
    }
    assert not weak


@SCHEMES
def test_surfaces_are_neutral(tokens: Tokens):
    for name in ("canvas", "window", "panel", "raised", "hover", "pressed", "field", "border", "groove", "text"):
        colour = getattr(tokens, name)
        assert colour[1:3] == colour[3:5] == colour[5:7], f"{name} has a tint"


@SCHEMES
def test_pictures_white_is_brighter_than_what_surrounds_it(tokens: Tokens):
    assert contrast(tokens.canvas, "#ffffff") > 1.5


@SCHEMES
def test_measures_lie_on_the_grid(tokens: Tokens):
    assert [size % (tokens.unit // 2) for size in (tokens.gap, tokens.margin, tokens.row, tokens.control)] == [0] * 4


def test_tokens_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        DARK.text = "#ffffff"
