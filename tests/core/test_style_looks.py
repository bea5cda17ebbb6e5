"""Looks and surprises: settings that exist, within their ranges, and the same for the same seed."""

from random import Random

import pytest

from studio.core.settings import describe
from studio.core.style_looks import STYLE_LOOKS, STYLE_SURPRISES, surprise
from studio.core.style_settings import StyleSettings


@pytest.mark.parametrize("name", STYLE_LOOKS)
def test_a_look_is_settings_that_exist_and_are_others_than_the_defaults(name):
    settings = StyleSettings.model_validate(dict(STYLE_LOOKS[name]))
    changed = {key for key, value in settings.model_dump().items() if value != getattr(StyleSettings(), key)}
    assert changed == set(STYLE_LOOKS[name])


def test_the_default_look_is_the_default_settings():
    assert StyleSettings(**STYLE_LOOKS["Painted"]) == StyleSettings()
    assert StyleSettings().size == 1024


def test_a_surprise_stays_within_its_ranges_which_are_those_of_the_settings():
    infos = {info.name: info for info in describe(StyleSettings)}
    for name, (low, high) in STYLE_SURPRISES.items():
        assert infos[name].low <= low < high <= infos[name].high
    for seed in range(50):
        drawn = surprise(StyleSettings(size=640), Random(seed))
        assert StyleSettings.model_validate(drawn.model_dump()) == drawn
        assert all(low <= getattr(drawn, name) <= high for name, (low, high) in STYLE_SURPRISES.items())
        assert drawn.size == 640


def test_a_surprise_is_the_same_for_the_same_seed_and_another_for_another():
    one, same, other = (surprise(StyleSettings(), Random(seed)) for seed in (1, 1, 2))
    assert one == same
    assert one != other
