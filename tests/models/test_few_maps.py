"""Three maps of many, four neighbouring places at a time: the same numbers as of an ordinary convolution."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from models.few_maps import FewMapsConv2d


def both(channels: int, maps: int, kernel: int, *, bias: bool = True) -> tuple[FewMapsConv2d, nn.Conv2d]:
    few, plain = (kind(channels, maps, kernel, bias=bias) for kind in (FewMapsConv2d, nn.Conv2d))
    plain.load_state_dict(few.state_dict())
    return few, plain


@given(
    kernel=st.integers(1, 9), more=st.tuples(st.integers(0, 9), st.integers(0, 9)), channels=st.integers(1, 5),
    maps=st.integers(1, 4), bias=st.booleans(),
)  # fmt: skip
def test_it_is_an_ordinary_convolution_at_any_size(kernel, more, channels, maps, bias):
    torch.manual_seed(0)
    few, plain = both(channels, maps, kernel, bias=bias)
    x = torch.randn(2, channels, *(kernel + length for length in more))

    torch.testing.assert_close(few(x), plain(x), atol=1e-5, rtol=1e-5)


def test_its_gradients_are_those_of_an_ordinary_convolution():
    torch.manual_seed(1)
    few, plain = both(5, 3, 7)
    inputs = [torch.randn(2, 5, 13, 16).requires_grad_(True) for _ in range(2)]
    inputs[1].data.copy_(inputs[0].data)
    for network, x in zip((few, plain), inputs, strict=True):
        network(x).square().sum().backward()

    torch.testing.assert_close(inputs[0].grad, inputs[1].grad, atol=1e-4, rtol=1e-4)
    for ours, theirs in zip(few.parameters(), plain.parameters(), strict=True):
        torch.testing.assert_close(ours.grad, theirs.grad, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_comes_out_in_half_precision(dtype):
    few, plain = both(4, 3, 3)
    x = torch.randn(1, 4, 9, 9)

    made = few.to(dtype)(x.to(dtype))

    assert made.dtype == dtype
    torch.testing.assert_close(made.float(), plain(x), atol=0.05, rtol=0.05)
