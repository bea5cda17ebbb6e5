"""A classifier's file: everything comes back, and what does not fit is refused with the reason."""

import pytest
import torch
from safetensors.torch import save_file

from models.classifier_files import ClassifierFacts, load_classifier, to_file
from models.classifiers import build_classifier
from models.weight_files import WeightsError

FACTS = ClassifierFacts("densenet", "narrow", 1, ("α", "b,c", "d"), 20)


@pytest.fixture
def network():
    network = build_classifier("densenet", "narrow", channels=1, classes=3, generator=torch.Generator().manual_seed(1))
    torch.nn.init.normal_(network.head.weight, generator=torch.Generator().manual_seed(2))
    network(torch.rand(4, 1, 20, 20, generator=torch.Generator().manual_seed(3)))  # batch norm has seen something
    return network.eval()


def written(path, network, **changed):
    save_file(to_file(network), path, FACTS.to_metadata() | changed)
    return path


def test_network_and_facts_come_back(network, tmp_path):
    loaded, facts = load_classifier(written(tmp_path / "a.safetensors", network))
    assert facts == FACTS
    picture = torch.rand(2, 1, 20, 20, generator=torch.Generator().manual_seed(4))
    with torch.no_grad():
        assert torch.equal(loaded(picture), network(picture))
    assert not loaded.training
    assert not any(weight.requires_grad for weight in loaded.parameters())


def test_loading_leaves_everybody_elses_chance_alone(network, tmp_path):
    path, state = written(tmp_path / "a.safetensors", network), torch.get_rng_state()
    load_classifier(path)
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"task": "fast-style"}, "is not a classifier that was trained with Atelier"),
        ({"format": "2"}, "was made by a newer version"),
        ({"architecture": "vgg19"}, "does not say how its network is built"),
        ({"classes": "[["}, "does not say how its network is built"),
        ({"classes": "7"}, "does not say how its network is built"),
        ({"size": "0"}, "asks for a network that cannot be"),
        ({"channels": "2"}, "asks for a network that cannot be"),
        ({"classes": '["a", "b"]'}, "does not fit its own description: see head"),
        ({"architecture": "densenet_half"}, "does not fit its own description: see features"),
    ],
)
def test_what_does_not_fit_is_refused(network, tmp_path, changed, words):
    with pytest.raises(WeightsError, match=f"a.safetensors {words}"):
        load_classifier(written(tmp_path / "a.safetensors", network, **changed))


def test_other_files_of_weights_are_no_classifiers(network, tmp_path):
    torch.save(to_file(network), tmp_path / "a.pth")
    with pytest.raises(WeightsError, match=r"a.pth is not a classifier"):
        load_classifier(tmp_path / "a.pth")
    (tmp_path / "b.safetensors").write_bytes(b"nothing")
    with pytest.raises(WeightsError, match=r"b.safetensors"):
        load_classifier(tmp_path / "b.safetensors")


def test_one_that_diverged_is_refused(network, tmp_path):
    network.head.bias.data[0] = torch.nan
    with pytest.raises(WeightsError, match=r"not finite .* see head\.bias"):
        load_classifier(written(tmp_path / "a.safetensors", network))
