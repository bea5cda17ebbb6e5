import hashlib
import os
from pathlib import Path

import pytest

from studio.core.checksums import sha256_of
from studio.core.failures import StudioError
from studio.core.known_networks import packaged_weights
from studio.core.model_shelf import ModelShelf, hub_folder
from studio.core.weights import resolve_backbone

DOWNLOADED = [network for network in packaged_weights().manifest.networks if network.url]


@pytest.fixture
def places(tmp_path):
    """The user's models folder and torch's cache, both empty, and an environment that names the latter."""
    models, hub = tmp_path / "models", tmp_path / "torch" / "hub" / "checkpoints"
    models.mkdir()
    hub.mkdir(parents=True)
    return models, hub, {"TORCH_HOME": str(tmp_path / "torch")}


@pytest.mark.parametrize("network", DOWNLOADED, ids=lambda network: network.name)
def test_without_a_file_a_network_is_untrained_and_says_so(places, network):
    models, _, environment = places
    found = resolve_backbone(network.name, models_folder=models, environment=environment)
    assert (found.architecture, found.path, found.sha256, found.trained) == (network.name, None, "", False)
    assert found.label == f"{network.label} (untrained)"
    assert resolve_backbone(found.name, models_folder=models, environment=environment) == found


def test_torchs_cache_is_searched_after_the_models_folder(places):
    models, hub, environment = places
    (hub / "vgg19-dcbb9e9d.pth").write_bytes(b"from torch")
    found = resolve_backbone("vgg19", models_folder=models, environment=environment)
    assert found.path == hub / "vgg19-dcbb9e9d.pth"
    assert found.trained
    assert (found.label, found.name) == ("VGG-19", "vgg19")
    assert found.sha256 == hashlib.sha256(b"from torch").hexdigest()
    for name in ("vgg19-dcbb9e9d.pth", "vgg19.pth", "vgg19.safetensors"):
        (models / name).write_bytes(name.encode())
        found = resolve_backbone("vgg19", models_folder=models, environment=environment)
        assert found.path == models / name


def test_untrained_is_forced_even_where_weights_are(places):
    models, _, environment = places
    (models / "vgg16.pth").write_bytes(b"weights")
    found = resolve_backbone("vgg16:untrained", models_folder=models, environment=environment)
    assert found.path is None
    assert found.label == "VGG-16 (untrained)"


@pytest.mark.parametrize(
    ("environment", "folder"),
    [({"TORCH_HOME": "{0}/a"}, "a"), ({"XDG_CACHE_HOME": "{0}/b"}, "b/torch"),
     ({"TORCH_HOME": "{0}/a", "XDG_CACHE_HOME": "{0}/b"}, "a")],
)  # fmt: skip
def test_torchs_own_rules_say_where_its_cache_is(tmp_path, environment, folder):
    hub = tmp_path / folder / "hub" / "checkpoints"
    hub.mkdir(parents=True)
    (hub / "vgg16-397923af.pth").write_bytes(b"x")
    environment = {name: value.format(tmp_path) for name, value in environment.items()}
    assert resolve_backbone("vgg16", models_folder=tmp_path, environment=environment).path == hub / "vgg16-397923af.pth"


def test_the_rules_are_those_of_torch(tmp_path, monkeypatch):
    torch_hub = pytest.importorskip("torch.hub")
    monkeypatch.delenv("TORCH_HOME", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert hub_folder(os.environ) == Path(torch_hub.get_dir()) / "checkpoints"
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "other"))
    assert hub_folder(os.environ) == Path(torch_hub.get_dir()) / "checkpoints"


def test_a_file_is_taken_as_it_is_and_its_keys_will_tell_the_architecture(tmp_path):
    path = tmp_path / "mine.safetensors"
    path.write_bytes(b"weights")
    found = resolve_backbone(str(path))
    assert (found.architecture, found.path, found.trained, found.label) == ("", path, True, "mine.safetensors")
    assert found.name == "mine.safetensors"


@pytest.mark.parametrize(
    ("name", "words"),
    [("gone.pth", "is not there"), ("some/where/gone", "is not there"), ("vgg99", "no network called"),
     ("vgg99:untrained", "no network called")],
)  # fmt: skip
def test_what_is_not_there_is_named_with_what_is(tmp_path, monkeypatch, name, words):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(StudioError, match=words) as caught:
        resolve_backbone(name)
    assert "vgg19" in caught.value.remedy


def test_a_picture_is_no_weights_file(tmp_path):
    (tmp_path / "a.png").write_bytes(b"x")
    with pytest.raises(StudioError, match="not a weights file"):
        resolve_backbone(str(tmp_path / "a.png"))


def test_a_replaced_file_gets_its_new_hash(tmp_path):
    path = tmp_path / "a.pth"
    path.write_bytes(b"one")
    assert sha256_of(path) == hashlib.sha256(b"one").hexdigest()
    path.write_bytes(b"other")
    assert sha256_of(path) == hashlib.sha256(b"other").hexdigest()
    with pytest.raises(StudioError, match="is not there"):
        sha256_of(tmp_path / "gone.pth")


def test_the_packaged_network_needs_nothing_else(places):
    models, _, environment = places
    found = resolve_backbone("atelier-slim", models_folder=models, environment=environment)
    assert (found.name, found.architecture, found.trained) == ("atelier-slim", "slim", True)
    assert found.path == packaged_weights().folder / "atelier-slim.safetensors"
    untrained = resolve_backbone("atelier-slim:untrained", models_folder=models, environment=environment)
    assert (untrained.name, untrained.architecture, untrained.path) == ("atelier-slim:untrained", "slim", None)


def test_what_was_imported_is_found_by_its_name(places, tmp_path):
    torch = pytest.importorskip("torch")
    models, hub, environment = places
    part = {"0.weight": torch.zeros(3, 3, 1, 1), "0.bias": torch.zeros(3),
            "2.weight": torch.zeros(64, 3, 3, 3), "2.bias": torch.zeros(64)}  # fmt: skip
    torch.save(part, tmp_path / "part.pth")
    entry = ModelShelf(models, hub=hub).import_file(tmp_path / "part.pth")
    found = resolve_backbone("part", models_folder=models, environment=environment)
    assert (found.name, found.architecture, found.path) == ("part", "vgg19_normalised", entry.path)
    assert found.label == "VGG-19 normalised, to relu1_1"
    assert found.sha256 == hashlib.sha256((tmp_path / "part.pth").read_bytes()).hexdigest()
