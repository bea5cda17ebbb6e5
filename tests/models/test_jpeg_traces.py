"""How coarsely a picture was once saved is read from its pixels, whatever has become of its file."""

import io

import numpy as np
import pytest
from PIL import Image

from models.jpeg_traces import UNTOUCHED, jpeg_quality
from studio.core.samples import sample_photos


@pytest.fixture(scope="module")
def photo():
    """A photo without traces of the JPEG that it comes from: it was made smaller."""
    with Image.open(sample_photos()[0].path) as opened:
        return opened.convert("RGB").resize((320, 240), Image.Resampling.LANCZOS)


def saved(photo, **how):
    file = io.BytesIO()
    photo.save(file, "JPEG", **how)
    with Image.open(file) as opened:
        return np.asarray(opened.convert("RGB"))


@pytest.mark.parametrize("quality", [10, 25, 40, 55, 70, 80])
def test_the_quality_is_told_from_whole_pictures_parts_and_what_was_saved_again(photo, quality):
    left = saved(photo, quality=quality)
    for seen in (left, left[5:, 3:], left.astype(np.uint16) * 257, saved(Image.fromarray(left), quality=96)):
        assert jpeg_quality(seen) == pytest.approx(quality, abs=4)


def test_a_table_of_another_program_counts_as_the_one_that_is_as_coarse(photo):
    flat = saved(photo, qtables=[[25] * 64, [25] * 64])
    assert jpeg_quality(flat) == pytest.approx(27, abs=6)  # the standard's steps for these are 10–19 at 50


def test_what_is_as_good_as_new_is_left_alone(photo):
    pixels = np.asarray(photo)
    noise = np.random.default_rng(0).integers(0, 256, (200, 200, 3), np.uint8)
    for clean in (pixels, saved(photo, quality=97), noise, np.full((64, 64, 3), 90, np.uint8), pixels[:20, :20]):
        assert jpeg_quality(clean) == UNTOUCHED
