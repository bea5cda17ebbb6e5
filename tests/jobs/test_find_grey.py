"""White balance by a click: what is picked becomes grey, whatever light it was taken in."""

import numpy as np
import pytest

from studio.core.adjust_settings import AdjustSettings
from studio.core.controls import Controls
from studio.core.events import finish
from studio.core.failures import StudioError
from studio.core.images import from_pixels
from studio.jobs.adjust import srgb_of_light, toned, white_balance
from studio.jobs.files import prepare_opened
from studio.jobs.find_grey import GreyTask, balance_for, find_grey


def in_light(temperature, tint, grey=0.2):
    """What a grey card looks like in such a light, sRGB 0–255."""
    light = np.linalg.inv(white_balance(temperature, tint)) @ np.full(3, grey)
    return np.round(255 * srgb_of_light(light)).astype(np.uint8)


def picked(pixels, across, down, settings=None):
    task = GreyTask(prepare_opened(from_pixels(pixels, "photo.png")), across, down)
    return finish(find_grey(task, Controls(settings or AdjustSettings())))


@pytest.mark.parametrize("balance", [(0, 0), (30, 10), (-50, 20), (80, -40), (-100, 60)])
def test_the_balance_that_undoes_a_light_is_found(balance):
    assert balance_for(np.linalg.inv(white_balance(*balance)) @ np.full(3, 0.2)) == balance


def test_a_light_beyond_the_sliders_takes_them_to_their_end():
    temperature, tint = balance_for(np.array([0.8, 0.1, 0.02]))
    assert (temperature, abs(tint)) == (-100, pytest.approx(100, abs=1))


def test_what_is_picked_is_grey_afterwards():
    photo = np.full((60, 80, 3), (40, 90, 150), np.uint8)
    photo[20:40, 40:60] = in_light(-40, 15)
    temperature, tint = picked(photo, 50 / 80, 30 / 60)
    assert (temperature, tint) == (pytest.approx(-40, abs=1), pytest.approx(15, abs=1))
    after = toned(photo, AdjustSettings(temperature=temperature, tint=tint))[30, 50] / 257
    assert np.ptp(after) < 2


def test_the_place_counts_in_the_picture_as_it_is_framed():
    photo = np.full((60, 80, 3), (40, 90, 150), np.uint8)
    photo[:, 60:] = in_light(25, 0)
    settings = AdjustSettings(crop=(0.0, 0.0, 0.5, 1.0), flip="horizontal", temperature=70)
    assert picked(photo, 0.2, 0.5, settings)[0] == pytest.approx(25, abs=1)


@pytest.mark.parametrize("value", [3, 255])
def test_noise_and_burnt_out_places_are_refused(value):
    with pytest.raises(StudioError, match="too dark, or too bright"):
        picked(np.full((20, 20, 3), value, np.uint8), 0.5, 0.5)
