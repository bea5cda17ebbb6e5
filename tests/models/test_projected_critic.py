"""A critic that looks through a trained network."""

import torch

from models.backbones import untrained_backbone
from models.projected_critic import ProjectedCritic, _Differences


def test_a_projected_critic_looks_at_the_coarsest_scales_and_teaches_only_its_heads():
    critic = ProjectedCritic(untrained_backbone("slim"), 32, width=8, scales=3, larger=2)
    pictures = torch.rand(2, 3, 32, 32, requires_grad=True)
    said = critic(pictures * 2 - 1)
    assert critic.taps == ("relu3_1", "relu4_1", "relu5_1")
    assert critic._seen(pictures)["relu5_1"].shape[2:] == (4, 4)  # a sixteenth of twice the size
    assert said.shape == (2, 3)
    said.sum().backward()
    assert pictures.grad.abs().sum() > 0
    assert all(name.startswith("heads") for name, _ in critic.named_parameters())
    assert {name for name in critic.state_dict() if name.startswith("across")} == {
        *(f"across_channels_{number}" for number in range(3)), *(f"across_scales_{number}" for number in range(2))
    }  # fmt: skip
    assert not any("features" in name for name in critic.state_dict())


def test_a_projected_critic_knows_contrast_in_units_of_real_pictures():
    critic = ProjectedCritic(untrained_backbone("slim"), 32, width=8)
    real = torch.rand(4, 3, 32, 32, generator=torch.Generator().manual_seed(0)) * 2 - 1
    critic.calibrate(real)
    seen = critic._seen(real)
    for size, tap in zip(critic.sizes, critic.taps, strict=True):
        assert torch.isclose((seen[tap] / size).square().mean(), torch.tensor(1.0), atol=1e-2)
    with torch.no_grad():  # harsher pictures are not the same to it
        assert not torch.allclose(critic(real), critic(3 * real), atol=1e-2)


def test_its_heads_hear_how_much_the_pictures_of_a_batch_differ():
    x = torch.randn(8, 5, 3, 3, generator=torch.Generator().manual_seed(0))
    heard = _Differences()(x)
    assert torch.equal(heard[:, :5], x)
    for first in range(2):  # pictures 0, 2, 4, 6 are compared, and 1, 3, 5, 7
        expected = (x[first::2].var(0, correction=0) + 1e-6).sqrt().mean(0)
        assert torch.allclose(heard[first::2, 5], expected.expand(4, -1, -1), atol=1e-6)
    assert _Differences()(x[:5])[:, 5].max() < 2e-3  # alone, nothing differs
