"""What of sets of pictures is compared."""

import pytest
import torch

from models.backbones import untrained_backbone
from models.likeness import pooled_features, variety


def test_features_are_what_the_coarsest_scales_see():
    assert pooled_features(untrained_backbone("slim"), torch.rand(3, 3, 32, 32)).shape == (3, 2 * (160 + 192))


def test_a_set_is_as_varied_as_another_however_loud_its_channels_are():
    loud = torch.tensor([1.0, 100.0, 0.01, 1.0])
    real, alike = torch.randn(2, 200, 4, generator=torch.Generator().manual_seed(0)) * loud + 5
    assert variety(alike, real) == pytest.approx(1.0, abs=0.15)
    assert variety(real * 0.5, real) == pytest.approx(0.5)
    assert variety(real[:1].expand(9, -1), real) == 0.0
