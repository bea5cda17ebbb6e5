import hashlib
import json

import pytest
from pydantic import ValidationError

from models.weight_headers import COLOURISER, FAST_STYLE, INPAINTER
from studio.core.known_networks import EMBEDDED, Manifest, packaged_weights
from studio.core.samples import find_sample


@pytest.fixture
def plain():
    return json.loads((packaged_weights().folder / "manifest.json").read_text())


def test_the_packaged_manifest_says_of_every_network_what_one_needs_to_know():
    manifest = packaged_weights().manifest
    assert {"atelier-slim", "squeezenet1_1", "vgg16", "vgg16_bn", "vgg19"} <= {n.name for n in manifest.networks}
    for network in manifest.networks:
        assert network.source == EMBEDDED or network.source.startswith("https://")
        assert all((network.licence, network.trained_on, network.good_for.endswith(".")))
        if network.source != EMBEDDED:  # torch.hub's rule: the file's name tells the checksum's beginning
            assert network.url.endswith(network.file)
            assert network.checksum.startswith(network.file.rpartition("-")[2].removesuffix(".pth"))


def test_it_agrees_with_the_architectures_layer_by_layer():
    from models.backbones import ARCHITECTURES, untrained_backbone
    from models.restoration import NETWORKS

    manifest = packaged_weights().manifest
    restorers = {f"atelier-{name}" for name in (*NETWORKS, COLOURISER, INPAINTER, "scratch-detector")}
    finders = {"blazeface", "selfie-segmentation"}  # which OpenCV reads
    worlds = {"atelier-separable", "atelier-styled"}
    assert set(manifest.architectures) == {*ARCHITECTURES, FAST_STYLE, *restorers, *finders, *worlds}
    for network in manifest.networks:
        if network.task == "backbone":
            assert untrained_backbone(network.architecture).taps == network.taps


def test_the_packaged_fast_styles_are_what_it_says():
    from models.fast_style_files import load_fast_style

    packaged = packaged_weights()
    fast_styles = [network for network in packaged.manifest.networks if network.task == "fast_style"]
    assert len(fast_styles) >= 2
    for network in fast_styles:
        assert network.architecture == FAST_STYLE
        _, facts = load_fast_style(packaged.folder / network.file)
        painting = find_sample(facts.painting_sha256)
        assert painting is not None
        assert painting.name == facts.painting
        assert (packaged.folder / network.file).with_suffix(".md").exists()


def test_the_packaged_pairs_and_generator_are_what_it_says():
    from models.generator_files import load_generator
    from models.translation import WAYS, load_translator

    packaged = packaged_weights()
    for network in packaged.manifest.networks:
        file = packaged.folder / network.file
        if network.task == "generator":
            generator, facts = load_generator(file)
            assert (network.architecture, facts.size) == (f"atelier-{facts.network}", generator.size)
            assert network.size <= 8 * 2**20
        elif network.task == "translator":
            _, facts = load_translator(file, "ab")
            assert network.architecture == f"atelier-{facts.network}"
            assert set(facts.ways) <= set(WAYS.values())
            assert network.size <= 4 * 2**20
        else:
            continue
        assert file.with_suffix(".md").exists()


def test_sizes_agree_with_those_that_torchvision_states():
    import torch

    for name in ("nms", "qnms"):  # see DESIGN: torchvision beside a CPU build of torch
        if not hasattr(torch.ops.torchvision, name):
            torch.library.define(f"torchvision::{name}", "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    models = pytest.importorskip("torchvision.models")
    for network in packaged_weights().manifest.networks:
        if network.url:
            (stated,) = [w for w in models.get_model_weights(network.name) if w.url == network.url]
            assert abs(stated.meta["_file_size"] * 2**20 - network.size) <= 600


def test_packaged_files_are_what_it_says():
    packaged = packaged_weights()
    for network in packaged.manifest.networks:
        path = packaged.folder / network.file
        if path.exists():
            data = path.read_bytes()
            assert network.source == EMBEDDED
            assert (network.size, network.size_approximate) == (len(data), False)
            assert network.sha256 == hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize(
    ("change", "words"),
    [({"sha256": "", "sha256_prefix": ""}, "needs a checksum"), ({"sha256": "XY"}, "sha256"), ({"size": 0}, "size"),
     ({"source": "ftp://a/b"}, "source"), ({"file": "../evil.pth"}, "file"), ({"colour": "red"}, "colour"),
     ({"name": "vgg16"}, "same name or file"), ({"architecture": "vgg99"}, "without a label"), ({"taps": []}, "taps"),
     ({"sha256_prefix": "00000000"}, "contradict")],
)  # fmt: skip
def test_a_manifest_with_a_mistake_is_refused(plain, change, words):
    Manifest.model_validate(plain)
    network = next(network for network in plain["networks"] if network["name"] == "vgg19")
    network.update(change)
    with pytest.raises(ValidationError, match=words):
        Manifest.model_validate(plain)
