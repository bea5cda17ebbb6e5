"""A recipe is a stack that chance plays: from a seed and a picture always the same, whoever plays."""

import pickle
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from models.degradation_damage import Cracks, Dust
from models.degradation_overlays import CutOuts
from models.degradation_presets import PRESETS
from models.degradation_web import Blur, Jpeg, Noise
from models.degradations import KINDS, DegradationRecipe, degrade

NAMES = sorted(PRESETS)


def gradient(width: int, height: int, channels: int = 3) -> np.ndarray:
    """A picture without a flat place."""
    places = np.add.outer(3 * np.arange(height), 5 * np.arange(width))[..., None] + 40 * np.arange(channels)
    return (places % 256).astype(np.uint8)


def everything() -> DegradationRecipe:
    return DegradationRecipe(steps=tuple(kind() for kind in KINDS))


def values_by_kind(made) -> dict[str, dict]:
    return {each["kind"]: {name: each[name] for name in each if name != "step"} for each in made.drawn}


@settings(max_examples=40)
@given(st.sampled_from(KINDS), st.integers(1, 40), st.integers(1, 40), st.integers(0, 2**63), st.integers(1, 4))
def test_every_degradation_takes_every_size_and_changes_only_its_copy(kind, width, height, seed, scale):
    picture = gradient(width, height)
    before = picture.copy()
    picture.flags.writeable = False
    made = degrade(picture, DegradationRecipe(steps=(kind(),), scale=scale), seed)
    assert (made.picture.dtype, made.picture.ndim, made.picture.shape[2]) == (np.uint8, 3, 3)
    assert (made.mask.dtype, made.mask.shape) == (np.uint8, made.picture.shape[:2])
    assert np.array_equal(picture, before)
    assert [each["kind"] for each in made.drawn] == [kind.model_fields["kind"].default]


@settings(max_examples=20)
@given(st.sampled_from(NAMES), st.sampled_from([(3, 3), (64, 48), (31, 90)]), st.integers(0, 2**63))
def test_seed_and_picture_decide_everything(name, size, seed):
    picture = gradient(*size)
    first, _, again = (degrade(picture, PRESETS[name], one) for one in (seed, seed + 1, seed))
    assert np.array_equal(first.picture, again.picture)
    assert np.array_equal(first.mask, again.mask)
    assert first.drawn == again.drawn


def test_a_worker_process_draws_the_same():
    picture, recipe = gradient(60, 50), everything()
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        there = pool.submit(degrade, picture, recipe, 7).result()
    here = degrade(picture, recipe, 7)
    assert np.array_equal(there.picture, here.picture)
    assert there.drawn == here.drawn


def test_seeds_differ_and_so_do_pictures_of_a_set():
    made = {degrade(gradient(48, 48), PRESETS["web"], seed).picture.tobytes() for seed in range(8)}
    assert len(made) == 8


def test_a_recipe_is_json_and_pickles():
    for recipe in (everything(), *PRESETS.values()):
        assert DegradationRecipe.model_validate_json(recipe.model_dump_json()) == recipe
        assert pickle.loads(pickle.dumps(recipe)) == recipe


def test_every_kind_can_stand_in_a_recipe_and_says_what_it_does():
    kinds = [kind.model_fields["kind"].default for kind in KINDS]
    assert len(set(kinds)) == len(kinds)
    assert DegradationRecipe.model_validate({"steps": [{"kind": kind} for kind in kinds]}) == everything()
    assert all(kind.title and kind.help.endswith(".") for kind in KINDS)


@pytest.mark.parametrize(
    "step",
    [{"kind": "jpeg", "quality": [80, 20]}, {"kind": "jpeg", "quality": [0, 20]}, {"kind": "jpeg", "probability": 1.5},
     {"kind": "noise", "sigma": [1, float("nan")]}, {"kind": "fog"}, {"kind": "jpeg", "qualty": [1, 2]}],
)  # fmt: skip
def test_what_makes_no_sense_is_refused(step):
    with pytest.raises(ValidationError):
        DegradationRecipe.model_validate({"steps": [step]})


def test_probability_is_how_often():
    recipe = DegradationRecipe(steps=(CutOuts(probability=0.3),))
    happened = sum(bool(degrade(gradient(8, 8), recipe, seed).drawn) for seed in range(1000))
    assert abs(happened / 1000 - 0.3) < 4 * (0.3 * 0.7 / 1000) ** 0.5
    assert not any(
        degrade(gradient(8, 8), DegradationRecipe(steps=(CutOuts(probability=0),)), seed).drawn for seed in range(50)
    )


def test_the_order_of_the_stack_is_the_order_of_what_happens():
    picture = gradient(64, 64)
    one = degrade(picture, DegradationRecipe(steps=(Blur(), Noise())), 3)
    other = degrade(picture, DegradationRecipe(steps=(Noise(), Blur())), 3)
    assert not np.array_equal(one.picture, other.picture)
    assert values_by_kind(one) == values_by_kind(other)


def test_moving_one_step_or_its_ends_leaves_what_the_others_draw():
    picture = gradient(64, 64)
    plain = degrade(picture, DegradationRecipe(steps=(Cracks(), Dust(), Jpeg())), 11)
    moved = degrade(picture, DegradationRecipe(steps=(Dust(), Cracks(count=(3, 9)), Jpeg())), 11)
    before, after = values_by_kind(plain), values_by_kind(moved)
    assert (before["dust"], before["jpeg"]) == (after["dust"], after["jpeg"])
    assert before["cracks"]["width"] == after["cracks"]["width"]


def test_two_of_a_kind_draw_for_themselves():
    drawn = degrade(gradient(32, 32), DegradationRecipe(steps=(Noise(gaussian=1.0), Noise(gaussian=1.0))), 5).drawn
    assert drawn[0]["sigma"] != drawn[1]["sigma"]


def test_the_record_names_what_was_drawn_within_its_ends():
    recipe = DegradationRecipe(steps=(Jpeg(quality=(20, 30)), Noise(gaussian=1.0, sigma=(5, 6))))
    for seed in range(40):
        jpeg, noise = degrade(gradient(16, 16), recipe, seed).drawn
        assert jpeg["quality"] in range(20, 31)
        assert 5 <= noise["sigma"] <= 6


def test_a_fourth_channel_is_not_looked_at():
    with_alpha = gradient(20, 20, 4)
    recipe = PRESETS["old-photo"]
    assert np.array_equal(degrade(with_alpha, recipe, 1).picture, degrade(with_alpha[..., :3], recipe, 1).picture)
