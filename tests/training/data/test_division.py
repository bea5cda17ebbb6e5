"""What is learnt from and what is checked on, where the seed decides: every class on both sides, lookalikes on one."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from picture_files import save, save_scenes, scene
from PIL import Image

from studio.core.events import finish
from studio.training.data.cache import caching_pictures
from studio.training.data.division import divided
from studio.training.data.near_duplicates import alike_in

LABELS = st.lists(st.integers(0, 4), min_size=1, max_size=60)


@given(LABELS, st.floats(0.05, 0.5), st.integers(0, 9))
def test_every_class_of_two_pictures_has_one_on_each_side(labels, share, seed):
    taught, kept = divided(labels, share, seed, ask_every=True)
    assert sorted(taught + kept) == list(range(len(labels)))
    for label in set(labels):
        sides = [sum(labels[index] == label for index in side) for side in (taught, kept)]
        assert sides[0] >= 1
        assert (sides[1] >= 1) == (labels.count(label) >= 2)


@given(LABELS, st.floats(0.0, 0.5), st.integers(0, 9), st.data())
def test_what_belongs_together_stays_on_one_side(labels, share, seed, data):
    group_of = data.draw(st.lists(st.integers(0, 12), min_size=len(labels), max_size=len(labels)))
    groups = [[i for i, one in enumerate(group_of) if one == group] for group in set(group_of)]
    taught, kept = divided(labels, share, seed, together=groups, ask_every=True)
    assert sorted(taught + kept) == list(range(len(labels)))
    assert all(set(group) <= set(taught) or set(group) <= set(kept) for group in groups)
    assert {labels[index] for index in taught} == set(labels)  # across classes, too, something is left to learn from


def test_without_lookalikes_nothing_changes():
    labels = [0, 1, 2] * 20
    assert divided(labels, 0.2, 3, together=[[5]], ask_every=True) == divided(labels, 0.2, 3)


@pytest.mark.parametrize("again", ["smaller", "jpeg", "brighter", "retouched"])
def test_a_lookalike_of_what_is_checked_on_is_not_learnt_from(tmp_path, again):
    """Each of 12 photos is there twice: whichever seed divides them, no pair is torn."""
    files = save_scenes(tmp_path / "data", 12)
    for number in range(12):
        pixels = scene(96, 64, number)
        if again == "smaller":
            pixels = np.asarray(Image.fromarray(pixels).resize((72, 48)))
        elif again == "brighter":
            pixels = np.clip(pixels.astype(np.int16) + 3, 0, 255).astype(np.uint8)
        elif again == "retouched":
            pixels = pixels.copy()
            pixels[:4, :4] = 0
        files.append(save(tmp_path / "data" / f"again{number:02}.{'jpg' if again == 'jpeg' else 'png'}", pixels))
    cache = finish(caching_pictures(files, tmp_path / "cache", side=64))
    together = finish(alike_in(cache))
    assert together == [[number, number + 12] for number in range(12)]
    for seed in range(5):
        taught, kept = cache.divided((), 6, seed, together)
        assert (len(taught), len(kept)) == (18, 6)
        assert {number % 12 for number in taught}.isdisjoint(number % 12 for number in kept)
