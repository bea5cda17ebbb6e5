"""What a restored photo says that its photo does not."""

import numpy as np
import pytest
from PIL import Image

from studio.core.controls import Controls
from studio.core.events import finish
from studio.core.restore_settings import RestoreSettings
from studio.jobs.restore.invented import InventedTask, difference, invented


@pytest.fixture
def large():
    return np.random.default_rng(0).integers(0, 256, (80, 120, 3), dtype=np.uint8)


@pytest.fixture
def photo(large):
    return np.asarray(Image.fromarray(large).resize((60, 40), Image.Resampling.BICUBIC))


def test_what_the_photo_was_reduced_from_invents_nothing(large, photo):
    assert difference(photo, large).max() == 0.0


def test_what_is_added_is_found_where_it_is(large, photo):
    made = large.copy()
    made[:40, 60:] = 255 - made[:40, 60:] // 4
    levels = difference(photo, made)
    assert levels.shape == (40, 60)
    assert levels[:18, 32:].mean() > 20
    assert levels[22:].max() == 0.0


def test_the_map_is_clear_where_they_agree_and_red_where_they_do_not(large, photo):
    made = large.copy()
    made[:40] = 0
    found = finish(invented(InventedTask(photo, made), Controls(RestoreSettings())))
    _, green, red, alpha = (found.frame.levels[0][..., channel].astype(int) for channel in range(4))
    assert found.reduced
    assert (alpha[22:] == 0).all()
    assert alpha[:18].mean() > 180
    assert (red[:18] >= green[:18]).all()
    assert found.share == pytest.approx(0.5, abs=0.05)
    assert found.mean > 20


def test_strength_counts(large, photo):
    settings = RestoreSettings(strength=0.0)
    assert finish(invented(InventedTask(photo, 255 - photo), Controls(settings))).mean == 0.0
