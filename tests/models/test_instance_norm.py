"""Instance norm by way of a group norm: torch's own numbers and gradients, wherever maps lie."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from models.instance_norm import InstanceNorm2d, instance_norm

LAYOUTS = {"one behind the other": torch.contiguous_format, "side by side": torch.channels_last}


@given(
    count=st.integers(1, 3), channels=st.integers(1, 7), height=st.integers(1, 9), width=st.integers(2, 9),
    layout=st.sampled_from(sorted(LAYOUTS)), offset=st.floats(-20, 20),
)  # fmt: skip
def test_it_is_the_formula_of_the_paper(count, channels, height, width, layout, offset):
    torch.manual_seed(0)
    x = (torch.randn(count, channels, height, width) + offset).contiguous(memory_format=LAYOUTS[layout])
    mean = x.mean((2, 3), keepdim=True)
    variance = (x - mean).square().mean((2, 3), keepdim=True)
    torch.testing.assert_close(instance_norm(x), (x - mean) / (variance + 1e-5).sqrt(), atol=1e-3, rtol=1e-4)


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
@pytest.mark.parametrize("affine", [False, True])
def test_its_gradients_are_those_of_torchs_own(affine, layout):
    torch.manual_seed(1)
    ours, torchs = InstanceNorm2d(6, affine=affine), nn.InstanceNorm2d(6, affine=affine)
    for own, other in zip(ours.parameters(), torchs.parameters(), strict=True):
        own.data.normal_()
        other.data.copy_(own.data)
    inputs = [torch.randn(2, 6, 8, 10) for _ in range(2)]
    inputs[1].copy_(inputs[0])
    target = torch.randn(2, 6, 8, 10)
    for norm, x in zip((ours, torchs), inputs, strict=True):
        x.requires_grad_(True)
        (norm(x.contiguous(memory_format=layout)) - target).square().sum().backward()

    torch.testing.assert_close(inputs[0].grad, inputs[1].grad, atol=1e-4, rtol=1e-4)
    for own, other in zip(ours.parameters(), torchs.parameters(), strict=True):
        torch.testing.assert_close(own.grad, other.grad, atol=1e-4, rtol=1e-4)


def test_gradients_have_gradients_which_calm_critics_need():
    x = torch.randn(1, 3, 4, 4, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradgradcheck(instance_norm, x)


def test_weights_of_torchs_own_fit():
    torchs = nn.InstanceNorm2d(4, affine=True)
    torchs.weight.data.normal_()
    ours = InstanceNorm2d(4, affine=True)
    ours.load_state_dict(torchs.state_dict())
    x = torch.randn(1, 4, 6, 6)
    torch.testing.assert_close(ours(x), torchs(x), atol=1e-5, rtol=1e-5)
    assert not InstanceNorm2d(4).state_dict()


def test_half_the_precision_stays_half_the_precision():
    x = torch.randn(1, 4, 16, 16)
    with torch.autocast("cpu", torch.bfloat16):
        made = InstanceNorm2d(4)(x.bfloat16())
    assert made.dtype == torch.bfloat16
    torch.testing.assert_close(made.float(), nn.InstanceNorm2d(4)(x), atol=0.05, rtol=0.05)
