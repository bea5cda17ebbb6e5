"""A critic that looks through a trained network."""

import torch

from models.backbones import untrained_backbone
from models.projected_critic import ProjectedCritic


def test_a_projected_critic_looks_at_every_scale_and_teaches_only_its_heads():
    critic = ProjectedCritic(untrained_backbone("slim"), 32, width=8)
    pictures = torch.rand(2, 3, 32, 32, requires_grad=True)
    said = critic(pictures * 2 - 1)
    assert critic.taps == ("relu2_1", "relu3_1", "relu4_1", "relu5_1")
    assert said.shape == (2, 4)
    said.sum().backward()
    assert pictures.grad.abs().sum() > 0
    assert all(name.startswith("heads") for name, _ in critic.named_parameters())
    assert {name for name in critic.state_dict() if name.startswith("across")} == {
        *(f"across_channels_{number}" for number in range(4)), *(f"across_scales_{number}" for number in range(3))
    }  # fmt: skip
    assert not any("features" in name for name in critic.state_dict())


def test_a_projected_critic_knows_contrast_in_units_of_real_pictures():
    critic = ProjectedCritic(untrained_backbone("slim"), 32, width=8)
    real = torch.rand(4, 3, 32, 32, generator=torch.Generator().manual_seed(0)) * 2 - 1
    critic.calibrate(real)
    seen = critic._looks[0]((real + 1) / 2, critic.taps)
    for size, tap in zip(critic.sizes, critic.taps, strict=True):
        assert torch.isclose((seen[tap] / size).square().mean(), torch.tensor(1.0), atol=1e-2)
    with torch.no_grad():  # harsher pictures are not the same to it
        assert not torch.allclose(critic(real), critic(3 * real), atol=1e-2)
