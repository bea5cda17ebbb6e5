"""The network that finds damage: its shape, its reach, tiles, its losses by hand; files."""

import numpy as np
import pytest
import torch
from retouch_kit import SMALL_DETECTOR, small_detector, white_detector, write_network
from safetensors.torch import save_file

from models.network_files import NetworkFacts, load_network
from models.restoration_tiles import restore_in_tiles
from models.scratch_detector import ScratchDetector, dice_loss, found_loss
from models.weight_files import WeightsError
from models.weight_headers import INPAINTER, SCRATCH_DETECTOR


def test_it_is_below_a_million_weights():
    network = ScratchDetector()
    assert sum(weight.numel() for weight in network.parameters()) == 720_344
    assert (network.multiple, network.reach) == (16, 140)


def test_a_pixel_further_off_than_its_reach_changes_nothing():
    network, side = small_detector().double(), 160
    picture = torch.zeros(1, 3, side, side, dtype=torch.float64)
    other = picture.clone()
    other[..., side // 2, side // 2] = 1.0
    with torch.no_grad():
        apart = (network.logits(picture) - network.logits(other)).abs().sum(dim=1)[0]
    rows = torch.nonzero(apart.sum(dim=1)).flatten()
    assert side // 2 - int(rows.min()) <= network.reach
    assert int(rows.max()) - side // 2 <= network.reach


def test_tiles_find_what_the_whole_picture_shows():
    network = small_detector()
    picture = np.random.default_rng(0).integers(0, 256, (150, 190, 3), dtype=np.uint8)
    made = [np.empty((150, 190, 2), np.uint16) for _ in range(2)]
    for place, side in zip(made, (64, 1000), strict=True):
        for _ in restore_in_tiles(network, picture, 1.0, side=side, made=place):
            pass
    assert np.abs(made[0].astype(int) - made[1]).max() <= 2


def test_odd_sides_come_out_as_they_went_in():
    with torch.no_grad():
        assert small_detector()(torch.rand(2, 3, 13, 22)).shape == (2, 2, 13, 22)


def test_weights_set_by_hand_find_white():
    picture = torch.full((1, 3, 16, 16), 0.4)
    picture[..., 3:5, 6:9] = 1.0
    with torch.no_grad():
        found = white_detector()(picture)
    assert torch.equal(found[0, 0] > 0.5, picture[0, 0] > 0.75)
    assert (found[0, 1] < 0.5).all()


def test_dice_is_one_minus_twice_the_overlap_over_both():
    found, truth = torch.zeros(1, 1, 2, 2), torch.zeros(1, 1, 2, 2)
    found[0, 0, 0] = torch.tensor([0.5, 1.0])
    truth[0, 0, :, 1] = 1.0
    # both: 1; squares: .25 + 1 + 2; smoothed by 20 pixels
    alone = 1 - (2 * 1 + 20) / (3.25 + 20)
    assert float(dice_loss(found, truth)) == pytest.approx(alone)
    # every picture counts alike, however much of it is hidden
    large = torch.ones(1, 1, 2, 2)
    pair = torch.cat([found, large]), torch.cat([truth, large])
    assert float(dice_loss(*pair)) == pytest.approx(alone / 2)


def test_the_loss_is_what_its_terms_say():
    logits, truth = torch.tensor([[[[0.0, 2.0]]]]), torch.tensor([[[[1.0, 0.0]]]])
    terms = found_loss(logits, truth, bce=2.0, dice=0.5)
    p = torch.sigmoid(torch.tensor([0.0, 2.0]))
    entropy = -(torch.log(p[0]) + torch.log(1 - p[1])) / 2
    assert float(terms["bce"]) == pytest.approx(float(2 * entropy), rel=1e-5)
    assert float(terms["dice"]) == pytest.approx(0.5 * float(dice_loss(p.view(1, 1, 1, 2), truth)), rel=1e-5)


def test_nothing_to_find_and_nothing_found_is_no_loss():
    assert float(dice_loss(torch.zeros(1, 2, 4, 4), torch.zeros(1, 2, 4, 4))) == 0.0


def test_a_file_says_how_its_network_is_built(tmp_path):
    network = small_detector()
    path = write_network(tmp_path / "found.safetensors", network, SMALL_DETECTOR)
    loaded, facts = load_network(path, SCRATCH_DETECTOR, ScratchDetector)
    assert (facts.shape, facts.steps) == (SMALL_DETECTOR.shape, 3)
    picture = torch.rand(1, 3, 32, 32)
    assert (loaded(picture) - network(picture)).abs().max() < 1e-2
    assert not loaded.training


@pytest.mark.parametrize(
    ("metadata", "words"),
    [
        (NetworkFacts(INPAINTER).to_metadata(), "holds no scratch detector"),
        ({**SMALL_DETECTOR.to_metadata(), "format": "2"}, "newer version"),
        ({**SMALL_DETECTOR.to_metadata(), "shape": "{"}, "does not say"),
        ({**SMALL_DETECTOR.to_metadata(), "shape": '{"wide": 3}'}, "cannot be built"),
        (NetworkFacts(SCRATCH_DETECTOR, {"widths": [8, 12], "blocks": [1, 1]}).to_metadata(), "does not fit"),
    ],
)
def test_a_file_that_is_something_else_is_refused(tmp_path, metadata, words):
    save_file({"head.weight": torch.zeros(1)}, tmp_path / "other.safetensors", metadata)
    with pytest.raises(WeightsError, match=words):
        load_network(tmp_path / "other.safetensors", SCRATCH_DETECTOR, ScratchDetector)
