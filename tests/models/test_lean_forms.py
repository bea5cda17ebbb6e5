"""A network as it is used computes what it learnt to."""

import copy

import pytest
import torch
from restorer_kit import ENHANCER, ENLARGER, lively

from models.collapsible import collapse
from models.lean_forms import lean
from studio.core.inference_format import InferenceFormat, in_format


@pytest.mark.parametrize("facts", [ENHANCER, ENLARGER], ids=["enhancer", "enlarger"])
@pytest.mark.parametrize("channels_last", [False, True])
def test_the_lean_form_computes_the_same(facts, channels_last):
    network = collapse(lively(facts))
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for name, weight in network.named_parameters():
            if "norm_" in name or name.endswith("bias"):
                weight.add_(torch.randn(weight.shape, generator=generator), alpha=0.2)
        quick = in_format(lean(copy.deepcopy(network)), InferenceFormat("float32", channels_last))
        pictures, strength = torch.rand(2, 3, 24, 36, generator=generator), torch.tensor([0.2, 0.9])
        expected = network(pictures, strength)
        assert (expected - pictures.mean()).std() > 0.1
        assert torch.allclose(quick(pictures, strength), expected, atol=2e-5)
