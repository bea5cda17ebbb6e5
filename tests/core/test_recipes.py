import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from studio.core.recipes import RECIPE_VERSION, Recipe, RecipeError, upgrade

text = st.text(st.characters(codec=None, exclude_categories=()), max_size=20)
plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | text,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(text, inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(text, plain, max_size=5))
def test_json_gives_back_the_same_recipe(settings):
    recipe = Recipe(task="stylize", settings=settings)
    written = recipe.to_json()
    assert written.isascii()
    assert Recipe.from_json(written) == recipe
    assert Recipe.from_json(recipe.to_json(indent=2)) == recipe


def test_tuples_are_kept_as_the_lists_that_json_returns(recipe):
    assert recipe.settings["style_mix"] == [0.25, 0.75]
    assert Recipe.from_json(recipe.to_json()) == recipe


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {1: 2}, object(), b"bytes"])
def test_what_json_cannot_hold_is_refused_when_the_recipe_is_made(value):
    with pytest.raises(ValidationError):
        Recipe(task="stylize", settings={"size": value})


def test_an_older_recipe_is_brought_forward_step_by_step():
    migrations = {
        1: lambda data: {**data, "settings": {"strength": data["settings"]["opacity"]}},
        2: lambda data: {**data, "seed": 5},
    }
    old = {"version": 1, "task": "stylize", "settings": {"opacity": 0.5}}
    new = upgrade(old, migrations, current=3)
    assert new == {"version": 3, "task": "stylize", "settings": {"strength": 0.5}, "seed": 5}
    assert old == {"version": 1, "task": "stylize", "settings": {"opacity": 0.5}}


def test_a_painting_of_version_0_1_is_painted_again_as_it_was_then():
    old = {"version": 1, "task": "stylize", "settings": {"size": 96}, "initial": {"size": 64}}
    recipe = Recipe.from_json(json.dumps(old))
    assert recipe.settings == {"finish": "raw", "size": 96}
    assert recipe.initial == {"finish": "raw", "size": 64}
    assert Recipe.from_json(json.dumps({"version": 1, "task": "adjust", "settings": {}})).settings == {}
    assert Recipe.from_json(recipe.to_json()) == recipe


def test_a_newer_recipe_is_refused_with_both_versions_named():
    data = {"version": RECIPE_VERSION + 1, "task": "stylize", "settings": {}, "unheard": "of"}
    with pytest.raises(RecipeError, match=rf"newer Atelier \(recipe version {RECIPE_VERSION + 1}") as caught:
        Recipe.from_json(json.dumps(data))
    assert "Update" in caught.value.remedy


@pytest.mark.parametrize(
    "damaged",
    ["", "{", "[]", "3", '{"version": 1}', '{"version": 0, "task": "a", "settings": {}}', "[" * 200_000,
     '{"version": "1", "task": "a", "settings": {}}', '{"task": "a", "settings": {}, "other": 1}', b"\xff\xfe\x00"],
)  # fmt: skip
def test_a_damaged_recipe_is_named_so(damaged):
    with pytest.raises(RecipeError, match="damaged"):
        Recipe.from_json(damaged)
