"""Plain ground: where a photo has it, which colour a painting has for it, and that nothing is painted there."""

import pytest
import torch

from models.plain_ground import Palette, PlainGround, luma_of, plainness, tones_of

BORDER = [PlainGround.border] * 4


def mirrored(photo: torch.Tensor) -> torch.Tensor:
    return torch.nn.functional.pad(photo, BORDER, mode="reflect")


def checks(deviation: float, side: int = 40) -> torch.Tensor:
    """Half of the pixels lighter, half darker."""
    swing = (torch.arange(side).view(1, -1) + torch.arange(side).view(-1, 1)) % 2
    return (0.5 + deviation * (2.0 * swing - 1.0)).expand(1, 3, side, side)


@pytest.fixture
def bands() -> torch.Tensor:
    """Four colours that a painting has as areas: navy, sand, sky, cream."""
    return torch.tensor([[0.1, 0.1, 0.5], [0.7, 0.5, 0.3], [0.3, 0.55, 0.9], [0.95, 0.9, 0.8]])


@pytest.fixture
def painting(bands) -> torch.Tensor:
    return bands.T.reshape(1, 3, 4, 1).repeat_interleave(32, dim=2).expand(1, 3, 128, 64)


def test_it_is_half_plain_at_a_deviation_of_one_and_a_half_of_255():
    middle = plainness(checks(1.5 / 255))[0, 0, 20, 20]
    assert float(middle) == pytest.approx(0.5, abs=0.01)
    assert float(plainness(torch.full((1, 3, 24, 24), 0.7)).min()) > 0.9999
    assert float(plainness(checks(0.02)).max()) < 0.01


def test_a_things_edge_is_not_plain_and_what_lies_beyond_its_surroundings_is():
    page = torch.ones(1, 3, 64, 64)
    page[..., 24:40, 24:40] = 0.0
    plain = plainness(page)[0, 0]
    assert float(plain[32, 22:26].max()) < 0.01
    reach = PlainGround.border
    assert float(plain[:, : 24 - reach].min()) > 0.9999


def test_the_tones_of_a_painting_are_those_of_its_areas():
    ramp = torch.linspace(0.2, 0.8, 64).view(1, 1, 64, 1).expand(1, 3, 64, 64)
    assert tones_of(ramp) == pytest.approx((0.24, 0.76), abs=0.03)  # means over squares of 8 px lie further inside


def test_plain_ground_takes_the_paintings_colour_of_its_tone_and_of_those_the_one_nearest_in_hue(bands, painting):
    asked = torch.tensor([[1.0, 1.0, 1.0], [0.0, 0.0, 0.0], [0.62, 0.53, 0.42], [0.4, 0.55, 0.72]])  # a row of four
    got = Palette(painting).nearest(asked.T.reshape(1, 3, 1, 4))[0, :, 0].T
    low, high = tones_of(painting)
    luma = torch.tensor([0.299, 0.587, 0.114])
    assert (got @ luma).tolist() == pytest.approx((asked @ luma).clamp(low, high).tolist(), abs=1e-3)
    for colour, index in zip(got, (3, 0, 1, 2), strict=True):
        hue = colour - colour @ luma
        assert int((bands - (bands @ luma).unsqueeze(1) - hue).norm(dim=1).argmin()) == index


def test_a_field_of_one_colour_stays_one_whatever_was_painted(painting):
    ground, noise = PlainGround(), torch.rand(1, 3, 40, 40, generator=torch.Generator().manual_seed(1))
    for tone in (0.0, 0.37, 1.0):
        field = torch.full((1, 3, 40, 40), tone)
        assert torch.allclose(ground(noise, mirrored(field)), field, atol=1e-4)  # it knows no painting yet
    ground.learn(Palette(painting))
    white = ground(noise, mirrored(torch.ones(1, 3, 40, 40)))
    assert torch.allclose(white, white[..., :1, :1], atol=1e-4)
    assert float(luma_of(white)[0, 0, 0, 0]) == pytest.approx(tones_of(painting)[1], abs=0.01)
    assert float(white[0, 0, 0, 0] - white[0, 2, 0, 0]) > 0.05  # cream


def test_the_cube_of_colours_gives_between_its_corners_what_lies_between_them(painting):
    ground, palette = PlainGround(), Palette(painting)
    ground.learn(palette)
    photo = torch.rand(1, 3, 1, 200, generator=torch.Generator().manual_seed(2))
    fields = photo[..., 0, :].reshape(3, 200).T.reshape(200, 3, 1, 1).expand(-1, -1, 16, 16)
    found = ground(torch.zeros(200, 3, 16, 16), mirrored(fields))[:, :, 8, 8]
    assert float((found - palette.nearest(photo)[0, :, 0].T.clamp(0, 1)).abs().mean()) < 0.02


def test_what_is_not_plain_is_painted(painting):
    ground = PlainGround()
    ground.learn(Palette(painting))
    busy, painted = (torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(seed)) for seed in (3, 4))
    assert torch.allclose(ground(painted, mirrored(busy)), painted, atol=1e-5)
