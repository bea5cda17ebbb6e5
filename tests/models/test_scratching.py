"""Photos damaged and written on, and the truth of where."""

import numpy as np
from retouch_kit import soft_photo

from models.scratching import scratched


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
    assert sum(each.damage.any() for each in made) >= 16
    assert all(each.damage.shape == each.writing.shape == (96, 96) for each in made)


def test_where_nothing_hides_it_the_truth_is_empty():
    photo = np.full((96, 96, 3), 90, np.uint8)
    clean = [each for each in (scratched(photo, seed) for seed in range(20)) if not each.damage.any()]
    assert clean, "some parts have no damage at all"
