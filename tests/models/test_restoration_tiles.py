"""Restoring in tiles: no seam, what one looks at first, any depth."""

import numpy as np
import pytest
import torch
from restorer_kit import ENHANCER, ENLARGER, lively

from models.restoration_tiles import Chain, Tile, restore_in_tiles, tiles_of


def photo(height: int, width: int, dtype=np.uint8):
    return np.random.default_rng(3).integers(0, np.iinfo(dtype).max, (height, width, 3), dtype, endpoint=True)


def finished(work):
    tiles = []
    while True:
        try:
            tiles.append(next(work))
        except StopIteration as end:
            return end.value, tiles


@pytest.mark.parametrize("make", [
    lambda: lively(ENLARGER), lambda: lively(ENHANCER), lambda: Chain(lively(ENHANCER), lively(ENLARGER)),
])  # fmt: skip
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_tiles_are_what_a_pass_over_the_whole_picture_makes(make, dtype):
    network, picture = make().eval(), photo(91, 118, dtype)
    whole = torch.from_numpy(picture / np.iinfo(dtype).max).float().permute(2, 0, 1)[None]
    with torch.no_grad():
        expected = network(whole, torch.tensor([0.4]))[0].clamp(0, 1).permute(1, 2, 0).numpy() * 65535
    made, tiles = finished(restore_in_tiles(network, picture, 0.4, side=40))
    assert made.shape == expected.shape
    assert len(tiles) == 9
    assert np.abs(made - expected).max() < 65535 / 255 / 10


def test_a_smaller_overlap_shows():
    network, picture = lively(ENHANCER), photo(96, 96)
    exact, _ = finished(restore_in_tiles(network, picture, 1.0, side=32))
    seamed, _ = finished(restore_in_tiles(network, picture, 1.0, side=32, overlap=0))
    assert np.abs(exact.astype(int) - seamed).max() > 65535 / 255


def test_tiles_cover_a_picture_once_and_begin_at_multiples():
    tiles = tiles_of(101, 67, side=32, multiple=8)
    count = np.zeros((101, 67), int)
    for tile in tiles:
        count[tile.cut] += 1
        assert tile.top % 8 == tile.left % 8 == 0
    assert (count == 1).all()
    assert tiles_of(20, 9, side=32, multiple=8) == (Tile(0, 0, 20, 9),)


def test_what_one_looks_at_comes_first_also_after_one_looks_elsewhere():
    place = [0.9, 0.1]
    work = restore_in_tiles(lively(ENLARGER), photo(96, 96), 0.0, side=24, look_at=lambda: (place[0], place[1]))
    first, _ = next(work)
    assert (first.top, first.right) == (0, 192)
    place[:] = [0.1, 0.9]
    second, _ = next(work)
    assert (second.bottom, second.left) == (192, 0)


def test_a_network_that_looks_at_everything_takes_one_pass():
    network = Chain(lively(ENHANCER), lively(ENLARGER)).eval()
    network.reach = None  # as of one with attention over the whole picture
    _, tiles = finished(restore_in_tiles(network, photo(70, 80), 1.0, side=16))
    assert [tile for tile, _ in tiles] == [Tile(0, 0, 140, 160)]


def test_a_first_look_comes_before_all_tiles_and_changes_nothing():
    network, picture = lively(ENHANCER), photo(96, 96)
    plain, tiles = finished(restore_in_tiles(network, picture, 1.0, side=48))
    looked, others = finished(restore_in_tiles(network, picture, 1.0, side=48, look_at=lambda: (1, 0), first_look=16))
    assert np.array_equal(plain, looked)
    assert others[0] == (Tile(0, 80, 16, 96), 0.0)
    assert len(others) == len(tiles) + 1
    assert others[-1][1] == 1.0


def test_tiles_that_nobody_wants_stay_as_they_were():
    network, picture = lively(ENHANCER), photo(96, 96)
    whole, _ = finished(restore_in_tiles(network, picture, 1.0, side=48))
    made = np.full((96, 96, 3), 7, np.uint16)
    _, tiles = finished(
        restore_in_tiles(network, picture, 1.0, side=48, first_look=16, made=made, wanted=lambda tile: tile.left >= 48)
    )
    assert np.array_equal(made[:, 48:], whole[:, 48:])
    assert (made[:, :48] == 7).all()
    assert [share for _, share in tiles] == [0.5, 1.0]  # the first look lies among the others
