"""A photo of any size gets its colours: lightness stays, edges stay edges, a dot is a hint however small."""

import numpy as np
import pytest
import torch
from colouriser_kit import lively_colouriser

from models.cielab import lab_from_rgb, lightness_of
from models.colour_bins import bin_centres
from models.colouring import Looked, colour_in_bands, has_colours, hints_on, looked_at, suggestions, working_size
from models.colouriser import Colouring


def lab_of(pixels):
    floats = torch.from_numpy(pixels[..., :3].astype(np.float32) / np.iinfo(pixels.dtype).max)
    return lab_from_rgb(floats.permute(2, 0, 1)[None])[0]


def coloured(photo, hints=None, side=64):
    looked = looked_at(lively_colouriser(), photo, hints, side)
    made = np.empty((*photo.shape[:2], 3), np.uint16)
    shares = list(colour_in_bands(photo, looked, made))
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    return made


@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
def test_lightness_stays_pixel_by_pixel(depth):
    photo = np.random.default_rng(0).integers(0, np.iinfo(depth).max, (150, 230, 3), dtype=depth)
    made = coloured(photo)
    assert (lab_of(made)[0] - lab_of(photo)[0]).abs().max() < 0.02
    assert lab_of(made)[1:].norm(dim=0).mean() > 5


def test_what_is_transparent_is_not_looked_at():
    photo = np.random.default_rng(0).integers(0, 256, (64, 64, 4), dtype=np.uint8)
    photo[..., 3] = 255
    photo[:32, :, 3] = 0
    other = photo.copy()
    other[:32, :, :3] = 7
    assert np.array_equal(coloured(photo)[32:], coloured(other)[32:])


def test_colours_keep_to_the_edges_of_lightness():
    photo = np.full((256, 256, 3), 60, np.uint8)
    photo[:, 101:] = 190  # an edge that no cell of the small picture ends at
    small = lightness_of(torch.full((1, 3, 32, 32), 60 / 255))
    small[..., 13:] = lightness_of(torch.full((1, 3, 1, 1), 190 / 255)).item()
    ab = torch.zeros(1, 2, 16, 16)
    ab[:, 0, :, :6], ab[:, 0, :, 6:] = 30.0, -30.0
    made = np.empty((256, 256, 3), np.uint16)
    list(colour_in_bands(photo, Looked(small, Colouring(ab, torch.zeros(1, 1, 4, 4))), made))
    a = lab_of(made)[1, 128]
    assert a[:95].min() > 25
    assert a[107:].max() < -25
    assert a[99] > 10  # enlarged smoothly it would be about 0 there
    assert a[103] < -10


def test_a_dot_is_a_hint_however_small_it_is():
    hints = np.zeros((1000, 2000, 4), np.uint8)
    hints[500, 1500] = (255, 0, 0, 90)
    grid = hints_on(hints, 20, 40)
    assert grid[0, 2].nonzero().tolist() == [[10, 30]]
    assert grid[0, :2, 10, 30].tolist() == pytest.approx([0.8009, 0.6720], abs=1e-3)
    hints[501, 1501] = (0, 0, 255, 255)
    mixed = hints_on(hints, 20, 40)[0, :2, 10, 30]
    expected = (np.array([80.09, 67.20]) * 90 + np.array([79.19, -107.86]) * 255) / 345 / 100
    assert mixed.tolist() == pytest.approx(expected, abs=1e-3)
    assert not hints_on(np.zeros((9, 9, 4), np.uint8), 4, 4).any()


@pytest.mark.parametrize(
    ("size", "works_on"),
    [((3000, 4000), (144, 192)), ((100, 80), (128, 96)), ((20, 4000), (32, 192)), ((5, 5), (128, 128))],
)
def test_it_works_on_a_small_version(size, works_on):
    assert working_size(*size, 192) == works_on


def test_suggestions_are_likely_first_and_apart_and_as_light_as_the_place():
    centres = bin_centres()
    bins = torch.full((1, len(centres), 4, 4), -9.0)
    for colour, logit in (((64.0, 48.0), 4.0), ((64.0, 64.0), 3.5), ((-48.0, 48.0), 3.0)):
        bins[0, (centres - torch.tensor(colour)).norm(dim=1).argmin(), :, 2:] = logit
    looked = Looked(torch.full((1, 1, 32, 32), 55.0), Colouring(torch.zeros(1, 2, 16, 16), bins))
    found = suggestions(looked, 0.9, 0.5)
    red, green = found[:2]
    assert red.chance > 0.7 > green.chance > 0.15  # two neighbours are one suggestion
    assert red.colour[0] > 180 > red.colour[1]
    assert green.colour[1] > green.colour[0]
    for one in found[:2]:
        assert lab_of(np.array([[one.colour]], np.uint8))[0].item() == pytest.approx(55, abs=0.5)
    assert sum(one.chance for one in found) <= 1.0 + 1e-6
    assert len(suggestions(looked, 0.1, 0.5)) == 8  # where nothing is known, much is possible


def test_one_tone_for_each_lightness_is_no_colour():
    grey = np.random.default_rng(0).integers(20, 235, (16, 24, 1), dtype=np.uint8).repeat(8, 0).repeat(8, 1)
    sepia = (grey * np.array([1.0, 0.9, 0.7])).astype(np.uint16) * 257
    coat = grey.repeat(3, axis=2)
    coat[20:100, 40:150] = (coat[20:100, 40:150] * np.array([1.0, 0.6, 0.6])).astype(np.uint8)
    assert [has_colours(one) for one in (grey.repeat(3, axis=2), sepia, coat)] == [False, False, True]
