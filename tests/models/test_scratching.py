"""Photos damaged and written on, and the truth of where."""

import numpy as np
from retouch_kit import soft_photo

from models.scratching import _AGE, _happening, scratched


def test_a_seed_decides_and_nothing_else():
    photo = soft_photo(96, 96)
    one, again, other = scratched(photo, 3), scratched(photo, 3), scratched(photo, 4)
    assert np.array_equal(one.picture, again.picture)
    assert np.array_equal(one.damage, again.damage)
    assert not np.array_equal(one.picture, other.picture)


def test_damage_and_writing_are_told_apart_and_some_photos_have_none():
    photo = np.full((96, 96, 3), 90, np.uint8)
    made = [scratched(photo, seed) for seed in range(24)]
    written = [each for each in made if each.writing.any()]
    assert 4 <= len(written) <= 16
    assert sum(each.damage.any() for each in made) >= 14
    assert all(each.damage.shape == each.writing.shape == (96, 96) for each in made)


def test_where_nothing_hides_it_the_truth_is_empty():
    photo = np.full((96, 96, 3), 90, np.uint8)
    clean = [each for each in (scratched(photo, seed) for seed in range(20)) if not each.damage.any()]
    assert clean, "some parts have no damage at all"


def test_some_photos_are_new_and_some_have_one_kind_of_damage_alone():
    photo = np.full((64, 64, 3), (90, 60, 30), np.uint8)
    kinds = [_happening(np.random.default_rng(seed)) for seed in range(300)]
    old = [each for each in kinds if any(step.kind == "fading" for step in each)]
    assert 0.5 < len(old) / len(kinds) < 0.7
    damage = [[step for step in each if step not in _AGE] for each in kinds]
    alone = [each[0] for each in damage if len(each) == 1]
    assert all(step.probability == 1.0 for step in alone)
    assert {step.kind for step in alone} >= {"scratches", "tears", "cracks", "dust"}
    assert 0.35 < len(alone) / len(kinds) < 0.55
    assert 0.1 < sum(not each for each in damage) / len(kinds) < 0.22
    assert scratched(photo, 1).picture.shape == photo.shape
