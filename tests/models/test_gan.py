"""Generators and critics: their shapes, how they begin, what they draw, and what they answer to."""

import pytest
import torch
from torch import nn

from models.gan import (
    DcganCritic,
    DcganGenerator,
    ResidualCritic,
    StyledGenerator,
    stage_widths,
)
from models.instance_norm import InstanceNorm2d


@pytest.fixture(autouse=True)
def seeded():
    torch.manual_seed(0)


def numbers(network: nn.Module) -> int:
    return sum(weight.numel() for weight in network.parameters())


def test_the_lessons_networks_have_the_lessons_layers():
    generator, critic = DcganGenerator(64), DcganCritic(64)
    shapes = [tuple(weight.shape) for weight in generator.parameters() if weight.ndim == 4]
    assert shapes == [
        (100, 512, 4, 4), (512, 256, 4, 4), (256, 128, 4, 4), (128, 64, 4, 4), (64, 64, 3, 3), (64, 3, 4, 4)
    ]  # fmt: skip
    shapes = [tuple(weight.shape) for weight in critic.parameters() if weight.ndim == 4]
    assert shapes == [
        (64, 3, 4, 4), (64, 64, 3, 3), (128, 64, 4, 4), (256, 128, 4, 4), (512, 256, 4, 4), (1, 512, 4, 4)
    ]  # fmt: skip


@pytest.mark.parametrize("norm", ["batch", "instance", "none"])
@pytest.mark.parametrize("upsampling", ["transposed", "resize"])
def test_the_lessons_networks_fit_together_at_any_power_of_two(norm, upsampling):
    for size in (8, 32):
        made = DcganGenerator(size, 12, 4, 1, upsampling, norm)(torch.randn(3, 12))
        assert made.shape == (3, 3, size, size)
        assert made.abs().max() <= 1
        for end in ("convolution", "pool"):
            assert DcganCritic(size, 4, 1, norm, end)(made).shape == (3, 1)
    with pytest.raises(ValueError, match="not 24"):
        DcganGenerator(24)


def parity(pictures: torch.Tensor) -> float:
    """How far the means of a picture's four kinds of places, even and odd rows and columns, lie apart."""
    inner = pictures[:, :, 4:-4, 4:-4]
    kinds = torch.stack([inner[:, :, top::2, left::2].mean((2, 3)) for top in (0, 1) for left in (0, 1)])
    return float(kinds.std(0).mean())


def test_transposed_convolutions_draw_a_checkerboard_on_even_ground_and_resized_ones_none():
    found = {}
    for upsampling in ("transposed", "resize"):
        generator = DcganGenerator(32, 8, 8, 1, upsampling, "none")
        even = torch.rand(1, 32, 1, 1).expand(-1, -1, 4, 4)
        with torch.no_grad():
            for step in [*generator.steps[1:], generator.to_pixels]:
                even = step(even)
        found[upsampling] = parity(even) / float(even.abs().mean())
    assert found["transposed"] > 0.05
    assert found["resize"] < 1e-5


def test_the_default_generator_is_of_the_size_that_ships():
    widths = stage_widths(64)
    assert widths == (256, 256, 192, 128, 64)
    assert 1.5e6 < numbers(StyledGenerator(widths)) < 2.5e6
    with pytest.raises(ValueError, match="at most 256"):
        stage_widths(512)


def test_residual_blocks_begin_as_nothing_and_keep_the_variance():
    generator, critic = StyledGenerator((32, 32, 16), 8, 16), ResidualCritic((32, 32, 16))
    x = torch.randn(64, 32, 4, 4)
    assert torch.equal(generator.bodies[0](x), x)
    made = generator(torch.randn(64, 8))
    assert made.shape == (64, 3, 16, 16)
    assert 0.2 < float(made.detach().std()) < 5
    assert 0.2 < float(critic(torch.randn(64, 3, 16, 16)).detach().std()) < 5


def test_nothing_is_the_same_in_all_pictures_at_first():
    generator = StyledGenerator((32, 32, 16), 8, 16)
    begun = []
    with torch.no_grad():
        generator.synthesise(generator.map(torch.randn(512, 8)), lambda stage, x: begun.append(x) or x)
    assert begun[0].mean(0).std() < 0.25 * begun[0].std()


@pytest.mark.parametrize("norm", ["batch", "instance"])
def test_features_may_be_normed_before_w_scales_them(norm):
    generator = StyledGenerator((16, 16, 16), 8, 16, norm=norm)
    assert {type(film.norm) for film in generator.films} == {nn.BatchNorm2d if norm == "batch" else InstanceNorm2d}
    generator(torch.randn(4, 8))
    generator.eval()
    z = torch.randn(3, 8)
    with torch.no_grad():  # no picture depends on its neighbours when it is used
        assert torch.allclose(generator(z)[1:2], generator(z[1:2]), atol=1e-5)


def test_each_stage_hears_a_w_of_its_own():
    generator = StyledGenerator((16, 16, 16), 8, 16)
    one, other = generator.map(torch.randn(2, 8)).unsqueeze(1).unbind()
    alone = generator.synthesise(one)
    assert torch.equal(generator.synthesise(generator.by_stage(one)), alone)
    for stage in range(generator.styles):
        mixed = generator.by_stage(one).clone()
        mixed[:, stage] = other
        assert float((generator.synthesise(mixed) - alone).detach().abs().mean()) > 1e-3


def test_what_a_listener_returns_goes_on():
    heard = []

    def listen(stage, x):
        heard.append((stage, x.shape[2]))
        return x

    for generator in (StyledGenerator((16, 16, 16), 8, 16), DcganGenerator(16, 8, 4)):
        heard.clear()
        w = generator.map(torch.randn(2, 8))
        plain = generator.eval().synthesise(w, listen)
        assert heard == [(stage, 4 * 2**stage) for stage in range(generator.stages)]
        silent = generator.synthesise(w, lambda stage, x: x * 0 if stage == 1 else x)
        assert not torch.allclose(silent, plain)
