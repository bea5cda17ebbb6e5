"""A hand on the stack: pure steps from one recipe to the next."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from studio.core.degrade_settings import KINDS, PRESET_WORDS, PRESETS, DegradeSettings, parameters
from studio.core.settings import describe
from studio.ui.panels.degrade.edits import OWN, added, matching_preset, moved, removed, with_value

OLD = PRESETS["old-photo"]


def kinds(recipe):
    return [step.kind for step in recipe.steps]


@given(st.integers(0, len(OLD.steps) - 1), st.integers(-3, 30))
def test_moving_keeps_all_and_lands_where_it_should(place, to):
    recipe = moved(OLD, place, to)
    landed = min(max(to, 0), len(OLD.steps) - 1)
    assert recipe.steps[landed] == OLD.steps[place]
    assert sorted(kinds(recipe)) == sorted(kinds(OLD))
    assert moved(recipe, landed, place).steps == OLD.steps


def test_what_is_added_stands_before_the_file_is_written():
    assert kinds(added(OLD, "stains"))[-2:] == ["stains", "jpeg"]
    assert kinds(added(PRESETS["cut-outs"], "jpeg")) == ["cut_outs", "jpeg"]


def test_taking_away_what_was_added_is_the_preset_again():
    changed = added(PRESETS["edges"], "noise")
    assert changed.name == OWN
    assert removed(changed, 1) == PRESETS["edges"]


def test_values_change_one_at_a_time_and_only_within_their_ends():
    changed = with_value(OLD, 0, "sigma", (1.0, 2.0))
    assert changed.steps[0].sigma == (1.0, 2.0)
    assert changed.steps[1:] == OLD.steps[1:]
    assert changed.name == OWN
    assert with_value(changed, 0, "sigma", OLD.steps[0].sigma) == OLD
    with pytest.raises(ValidationError):
        with_value(OLD, 0, "sigma", (2.0, 1.0))


def test_every_preset_knows_itself_and_has_words():
    assert all(matching_preset(recipe) == name for name, recipe in PRESETS.items())
    assert set(PRESET_WORDS) == set(PRESETS)


def test_every_kind_tells_what_can_be_set_of_it():
    for kind in KINDS:
        infos = parameters(kind)
        assert infos[0].name == "probability"
        assert all(info.label and info.help for info in infos), kind
        for info in infos:
            if info.kind == "numbers":
                assert info.low <= info.default[0] <= info.default[1] <= info.high


def test_settings_take_a_recipe_as_json_does():
    told = DegradeSettings().model_dump(mode="json")
    assert DegradeSettings.model_validate(told) == DegradeSettings()
    assert {info.name: info.kind for info in describe(DegradeSettings)} == {"recipe": "structure", "seed": "integer"}
