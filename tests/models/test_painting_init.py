"""Where a painting starts and how it grows."""

import pytest
import torch

from models.painting_init import (
    GRAIN,
    cover,
    fitted,
    gaussian_blur,
    grained,
    grow,
    median_filter,
    recoloured,
    resize,
    size_of,
    soft_noise,
    without_checkerboard,
)  # fmt: skip


def noise(*shape, seed=0):
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


def test_soft_noise_has_the_colours_of_its_picture_and_no_speckles():
    colours = torch.stack([0.2 + 0.1 * noise(40, 40, seed=1), 0.5 + 0.2 * noise(40, 40, seed=1), 0.6 * noise(40, 40)])
    made = soft_noise(colours[None], 96, 128, torch.Generator().manual_seed(3))
    assert size_of(made) == (96, 128)
    torch.testing.assert_close(made.mean((0, 2, 3)), colours.mean((1, 2)), atol=0.02, rtol=0)
    torch.testing.assert_close(torch.cov(made.flatten(2)[0]), torch.cov(colours.flatten(1)), atol=4e-3, rtol=0)
    steps = (made[..., 1:] - made[..., :-1]).square().mean() / made.var()
    plain = noise(1, 3, 96, 128)
    assert steps < 0.3 * (plain[..., 1:] - plain[..., :-1]).square().mean() / plain.var()


def test_soft_noise_is_the_same_for_the_same_seed():
    grey = torch.full((1, 3, 8, 8), 0.5)  # one colour has no covariance of its own
    one, same, other = (soft_noise(grey, 16, 16, torch.Generator().manual_seed(seed)) for seed in (1, 1, 2))
    assert torch.equal(one, same)
    assert not torch.equal(one, other)


def test_the_median_filter_removes_a_speckle_and_keeps_an_edge():
    picture = torch.zeros(1, 1, 8, 8)
    picture[..., 4:] = 1.0
    speckled = picture.clone()
    speckled[0, 0, 3, 1] = 1.0
    assert torch.equal(median_filter(speckled), picture)


def test_blurring_keeps_the_mean_of_a_plain_picture():
    plain = torch.full((1, 3, 9, 12), 0.3)
    torch.testing.assert_close(gaussian_blur(plain, 1.0), plain)


def test_growing_an_unpainted_photo_gives_the_photo():
    photo = noise(1, 3, 64, 80)
    small = resize(photo, 32, 40)
    torch.testing.assert_close(grow(small, photo, 64, 80), photo, atol=1e-6, rtol=0)
    assert not torch.allclose(grow(small, None, 64, 80), photo, atol=0.05)


def test_a_photo_takes_the_mean_and_covariance_of_the_colours_of_paintings():
    photo = 0.4 + 0.2 * noise(1, 3, 40, 50)
    paintings = [0.3 + 0.2 * noise(1, 1, 30, 30, seed=1) + 0.05 * noise(1, 3, 30, 30, seed=2), 0.7 * photo + 0.1]
    made = recoloured(photo, paintings, (0.25, 0.75)).flatten(2)[0]
    pixels = torch.cat([paintings[0].flatten(2)[0], *[paintings[1].flatten(2)[0]]], dim=1)
    counts = torch.cat([torch.full((900,), 0.25 / 900), torch.full((2000,), 0.75 / 2000)])
    mean = (pixels * counts).sum(dim=1)
    covariance = (pixels - mean[:, None]) * counts @ (pixels - mean[:, None]).T
    torch.testing.assert_close(made.mean(dim=1), mean, atol=1e-3, rtol=0)
    torch.testing.assert_close(torch.cov(made), covariance, atol=1e-4, rtol=0.02)
    torch.testing.assert_close(recoloured(photo, [photo], (1.0,)), photo, atol=1e-4, rtol=0)


def contours(height, width):
    """Grey, with contours in several directions."""
    down, across = torch.meshgrid(torch.linspace(0, 9, height), torch.linspace(0, 12, width), indexing="ij")
    return (0.5 + 0.3 * torch.sign(torch.sin(down) + torch.sin(0.7 * across))).expand(1, 3, height, width)


def test_a_painting_that_is_larger_already_only_becomes_smaller():
    painting, photo = torch.rand(2, 1, 3, 96, 128, generator=torch.Generator().manual_seed(1))
    smaller = resize(photo, 48, 64)
    assert torch.equal(grow(painting, smaller, 48, 64, paints_detail=True), resize(painting, 48, 64))


def test_an_unpainted_contour_grows_sharp_and_a_calmed_one_as_calm_as_it_is():
    photo = contours(96, 128)
    small = resize(photo, 48, 64)
    detail = photo - resize(small, 96, 128)
    for calm in (1.0, 0.4):
        painting = 0.5 + calm * (small - 0.5)
        added = grow(painting, photo, 96, 128, paints_detail=True) - resize(painting, 96, 128)
        assert float((added * detail).mean() / detail.square().mean()) == pytest.approx(calm, rel=0.15)


def test_no_detail_of_the_photo_is_added_where_paint_has_covered_it():
    photo = contours(96, 128)
    strokes = resize(noise(1, 3, 48, 64), 48, 64)
    added = grow(strokes, photo, 96, 128, paints_detail=True) - resize(strokes, 96, 128)
    assert float(added.std()) < 0.1 * float((photo - resize(resize(photo, 48, 64), 96, 128)).std())


def test_no_grain_of_the_photo_is_added():
    photo = 0.5 + 0.01 * (noise(1, 1, 96, 128) - 0.5).expand(1, 3, 96, 128)
    small = resize(photo, 48, 64)
    added = grow(small, photo, 96, 128, paints_detail=True) - resize(small, 96, 128)
    assert float(added.std()) < 0.1 * float((photo - resize(small, 96, 128)).std())


def test_grain_knows_no_direction_and_is_as_strong_as_the_strokes_around_it():
    painting = torch.full((1, 3, 64, 64), 0.5)
    painting[..., 32:] += 0.03 * torch.randn(1, 1, 64, 32, generator=torch.Generator().manual_seed(1))
    grown = grow(painting, None, 128, 128)
    added = (grained(grown, painting, None) - grown)[0, 1]
    plain, painted = added[:, 8:48], added[:, 80:120]
    assert float(plain.std()) < 0.15 * float(painted.std())
    finest = painting - resize(resize(painting, 32, 32), 64, 64)
    assert float(painted.std()) == pytest.approx(GRAIN * float(finest[..., 40:56].std()), rel=0.25)
    across, down = ((painted - painted.roll(1, axis)).square().mean() for axis in (1, 0))
    assert float(across / down) == pytest.approx(1.0, abs=0.1)


def test_no_grain_lies_beside_a_contour_that_stands_alone():
    painting = torch.full((1, 3, 64, 64), 0.2)
    painting[..., 32:] = 0.8
    grown = grow(painting, None, 128, 128)
    assert float((grained(grown, painting, None) - grown).std()) < 0.01


def test_grain_is_for_plain_ground_and_leaves_what_the_photo_has_detail_for():
    painting = 0.5 + 0.03 * torch.randn(1, 1, 64, 64, generator=torch.Generator().manual_seed(1)).expand(1, 3, 64, 64)
    photo = torch.full((1, 3, 128, 128), 0.5)
    photo[..., 64:] += 0.04 * torch.randn(1, 1, 128, 64, generator=torch.Generator().manual_seed(2))
    grown = grow(painting, None, 128, 128)
    added = (grained(grown, painting, photo) - grown)[0, 1]
    everywhere = (grained(grown, painting, None) - grown)[0, 1]
    assert float(added[:, :48].std()) == pytest.approx(float(everywhere[:, :48].std()), rel=0.02)
    assert float(added[:, 80:].std()) < 0.1 * float(everywhere[:, 80:].std())


@pytest.mark.parametrize(("height", "width"), [(30, 50), (50, 30), (10, 90)])
def test_a_covering_picture_leaves_no_border(height, width):
    assert size_of(cover(noise(1, 3, 20, 33), height, width)) == (height, width)


def test_sides_are_fitted_in_proportion():
    assert fitted(300, 600, 128) == (64, 128)
    assert fitted(10, 1000, 128, shorter_at_least=32) == (32, 3200)


def test_the_filter_against_checkerboards_removes_them_and_keeps_slow_changes():
    board = ((torch.arange(12)[:, None] + torch.arange(12)) % 2).float().expand(1, 3, 12, 12)
    torch.testing.assert_close(without_checkerboard(board)[..., 1:-1, 1:-1], torch.full((1, 3, 10, 10), 0.5))
    ramp = torch.linspace(0.0, 1.0, 12).expand(1, 3, 12, 12)
    torch.testing.assert_close(without_checkerboard(ramp)[..., 1:-1], ramp[..., 1:-1])
