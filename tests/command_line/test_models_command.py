"""`atelier models` as a shell and as scripts see it, with the real networks where they are at hand."""

import hashlib
import json
import os
import signal
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from translator_kit import lively
from weights_server import manifest_of, open_shop, part_of_vgg

from models.cyclegan import ResnetGenerator
from models.foreign_translators import to_junyanz
from studio.command_line.shelf import tend
from studio.core.images import load_picture, read_recipe, save_picture
from studio.core.known_networks import PackagedWeights, packaged_weights
from studio.core.model_shelf import ModelShelf

ROOT = Path(__file__).parents[2]
VGG_PARTS = {
    1: ("relu1_1",),
    2: ("relu1_1", "relu1_2", "relu2_1"),
    3: ("relu1_1", "relu1_2", "relu2_1", "relu2_2", "relu3_1"),
}


@pytest.fixture(autouse=True)
def no_torch_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))


@pytest.fixture
def shop(tmp_path):
    shop = open_shop(part_of_vgg(tmp_path / "published.pth").read_bytes())
    yield shop
    shop.close()


@pytest.fixture
def manifest(shop):
    return manifest_of(shop)


@pytest.fixture
def shelf(manifest, home, tmp_path):
    return ModelShelf(home / "models", packaged=PackagedWeights(tmp_path / "none", manifest), hub=tmp_path / "hub")


def test_the_list_names_every_network_what_it_takes_and_where_it_is(atelier, home, shipped_worlds):
    (home / "models").mkdir()
    part_of_vgg(home / "models" / "by-hand.pth")
    code, stdout, stderr = atelier("models")
    assert (code, stderr) == (0, "")
    lines = {line.split()[0]: line for line in stdout.splitlines() if line.strip()}
    for network in packaged_weights().manifest.networks:
        assert network.licence in lines[network.name]
        assert network.label in lines[network.name]
    assert "548 MB" in lines["vgg19"]
    assert "atelier models download vgg19" in lines["vgg19"]
    assert "built in" in lines["atelier-slim"]
    assert str(home / "models" / "by-hand.pth") in lines["by-hand"]
    assert str(home / "models") in stdout.splitlines()[-1]


def test_the_list_as_json_has_everything(atelier, home):
    (home / "models").mkdir()
    (home / "models" / "vgg16.pth").write_bytes(b"weights")
    code, stdout, _ = atelier("models", "list", "--json")
    assert code == 0
    listed = {network["name"]: network for network in json.loads(stdout)}
    assert listed["vgg16"]["path"] == str(home / "models" / "vgg16.pth")
    assert (listed["vgg16"]["state"], listed["vgg16"]["place"]) == ("present", "folder")
    assert (listed["vgg19"]["state"], listed["vgg19"]["path"]) == ("missing", None)
    assert listed["vgg19"]["taps"][0] == "relu1_1"
    assert (listed["vgg16"]["trained"], listed["vgg19"]["trained"]) == (True, False)


def test_doctor_tells_what_is_here_what_is_damaged_and_how_to_get_the_rest(atelier, home):
    (home / "models").mkdir()
    (home / "models" / "vgg16-397923af.pth").write_bytes(b"beginning")
    code, stdout, _ = atelier("doctor")
    assert code == 0
    lines = stdout.splitlines()
    assert any(line.startswith("✓   Atelier Slim") for line in lines)
    assert any("VGG-16 " in line and "cut off" in line for line in lines)
    assert any("VGG-19" in line and "atelier models download vgg19" in line for line in lines)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [(("download",), "download what"), (("import",), "import what? Name a file"), (("remove",), "remove what"),
     (("download", "vgg99"), "no network called “vgg99”; there are atelier-slim"), (("list", "vgg19"), "takes no name"),
     (("polish",), "invalid choice"), (("verify", "vgg99"), "no network called")],
)  # fmt: skip
def test_wrong_arguments_end_with_code_2(atelier, arguments, words):
    code, stdout, stderr = atelier("models", *arguments)
    assert (code, stdout) == (2, "")
    assert words in stderr
    assert len(stderr.splitlines()) == 2


def test_download_verify_and_remove_a_network(shelf, shop, home, capsys):
    assert tend(shelf, ["download", "net"]) == 0
    said = capsys.readouterr()
    assert said.out == f"{home / 'models' / 'net-0.pth'}\n"
    assert said.err.splitlines() == ["Connecting for Net", "Downloading Net", "Checking Net"]
    assert (home / "models" / "net-0.pth").read_bytes() == shop.body
    assert tend(shelf, ["verify"]) == 0
    assert "Net: sound" in capsys.readouterr().err
    (home / "models" / "net-0.pth").write_bytes(shop.body[:-1] + b"?")
    assert tend(shelf, ["verify", "net"]) == 1
    assert "checksum is not that of the published file" in capsys.readouterr().err
    assert tend(shelf, ["remove", "net"]) == 0
    assert "Net was removed" in capsys.readouterr().err
    assert list((home / "models").iterdir()) == []
    assert tend(shelf, ["remove", "net"]) == 1
    assert len(capsys.readouterr().err.splitlines()) == 3  # the stage, why, what to do


def test_the_event_stream_of_a_download_counts_bytes(shelf, shop, home, capsys):
    shop.cut_at = [4000]
    assert tend(shelf, ["download", "net", "--events"]) == 0
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    loading = [event for event in events if event["type"] == "progress" and event["stage"].startswith("Downloading")]
    assert {event["total"] for event in loading} == {len(shop.body)}
    assert [event["done"] for event in loading] == sorted(event["done"] for event in loading)
    assert loading[-1]["done"] == len(shop.body)
    told = [(event["stage"], event["done"]) for event in events if event["type"] == "progress"]
    assert all(before != after for before, after in pairwise(told))  # waiting is not told again and again
    result = events[-1]
    assert (result["type"], result["name"], result["state"]) == ("result", "net", "present")
    assert result["path"] == str(home / "models" / "net-0.pth")


def test_a_failed_download_ends_with_code_1_and_tells_the_way_by_hand(shelf, shop, home, capsys):
    shop.status = 404
    assert tend(shelf, ["download", "net", "--events"]) == 1
    said = capsys.readouterr()
    failed = json.loads(said.out.splitlines()[-1])
    assert failed["type"] == "failed"
    assert said.err.splitlines() == [f"atelier: {failed['cause']}", failed["remedy"]]
    for named in (shop.url, str(home / "models"), "net-0.pth"):
        assert named in failed["remedy"]


@pytest.mark.skipif(sys.platform == "win32", reason="there are no POSIX signals")
def test_an_interrupted_download_ends_with_code_130_and_goes_on_next_time(
    shelf, shop, manifest, home, tmp_path, capsys
):
    shop.stall_at = [5000]
    code = (
        "import sys; from pathlib import Path\n"
        "from studio.command_line.shelf import tend\n"
        "from studio.core.known_networks import PackagedWeights, read_manifest\n"
        "from studio.core.model_shelf import ModelShelf\n"
        "folder = Path(sys.argv[1]); packaged = PackagedWeights(folder, read_manifest(folder / 'manifest.json'))\n"
        "shelf = ModelShelf(Path(sys.argv[2]), packaged=packaged, hub=folder)\n"
        "sys.exit(tend(shelf, ['download', 'net', '--events']))"
    )
    (tmp_path / "manifest.json").write_text(manifest.model_dump_json())
    command = [sys.executable, "-c", code, str(tmp_path), str(home / "models")]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    for line in process.stdout:
        if json.loads(line).get("done") == 5000:
            os.kill(process.pid, signal.SIGINT)
            break
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 130, stderr
    assert "goes on from where it was" in stderr
    assert tend(shelf, ["download", "net"]) == 0
    assert shop.ranges == ["", "bytes=5000-"]
    assert shelf.verify("net").is_here


def test_an_import_that_is_refused_says_why_in_two_lines(atelier, tmp_path):
    (tmp_path / "cut.pth").write_bytes(part_of_vgg(tmp_path / "whole.pth").read_bytes()[:-50])
    code, stdout, stderr = atelier("models", "import", tmp_path / "cut.pth")
    assert (code, stdout) == (1, "")
    assert "atelier: cut.pth is cut off" in stderr


@pytest.mark.data
@pytest.mark.parametrize("network", ["squeezenet1_1", *VGG_PARTS])
def test_real_networks_are_imported_and_paint(atelier, shared_data, tmp_path, home, network):
    """What a user would do: import the file, see what it offers, paint with it by its name."""
    weights = shared_data / "weights"
    part = VGG_PARTS.get(network)
    file = weights / "squeezenet1_1.pth"
    if part is not None:
        file = weights / "vgg19_to_relu3_1" / f"vgg_normalised_conv{network}_1.pth"
    code, stdout, stderr = atelier("models", "import", file)
    assert code == 0, stderr
    assert stdout == f"{home / 'models' / file.name}\n"
    assert f"paint with it by --backbone {file.stem}" in stderr
    code, stdout, _ = atelier("models", "--json")
    entry = next(entry for entry in json.loads(stdout) if entry["name"] == file.stem)
    assert entry["state"] == "present"
    if part is not None:
        assert (tuple(entry["taps"]), entry["label"]) == (part, f"VGG-19 normalised, to relu{network}_1")

    random = np.random.default_rng(0)
    photo = np.kron(random.integers(0, 256, (6, 6, 3)), np.ones((16, 16, 1))).astype(np.uint8)
    painting = np.kron(random.integers(0, 256, (24, 24, 3)), np.ones((4, 4, 1))).astype(np.uint8)
    save_picture(tmp_path / "photo.png", photo, recipe=None)
    save_picture(tmp_path / "painting.png", painting, recipe=None)
    arguments = (tmp_path / "photo.png", tmp_path / "painting.png", "-o", tmp_path / "out.png", "--size", "64")
    code, _, stderr = atelier("stylize", *arguments, "--steps", "6", "--backbone", file.stem)
    assert code == 0, stderr
    assert "random" not in stderr
    recipe = read_recipe(tmp_path / "out.png")
    assert recipe is not None
    (used,) = recipe.weights
    assert (used.name, used.trained) == (file.stem, True)
    assert used.sha256 == hashlib.sha256(file.read_bytes()).hexdigest()
    painted = load_picture(tmp_path / "out.png").pixels.astype(float)
    small = np.asarray(Image.fromarray(photo).resize((64, 64)), float)
    assert painted.shape == small.shape
    assert 3 < np.abs(painted - small).mean() < 80  # something was painted, and it is still this photo


def test_a_translator_of_cyclegans_authors_is_taken_in_and_written_again(atelier, tmp_path):
    state = to_junyanz(lively(ResnetGenerator(4, 2)))
    torch.save(state, tmp_path / "horse2zebra.pth")
    code, _, stderr = atelier("models", "import", tmp_path / "horse2zebra.pth")
    assert code == 0, stderr
    assert "translate with it by --model horse2zebra" in stderr
    entry = next(one for one in ModelShelf.standard().entries() if one.name == "horse2zebra")
    assert (entry.task, entry.architecture, entry.label) == ("translator", "CycleGAN, 2 blocks", "horse2zebra")
    assert ModelShelf.standard().verify("horse2zebra").is_here
    code, stdout, stderr = atelier("models", "export", "horse2zebra", "-o", tmp_path / "again.pth")
    assert (code, stdout.strip()) == (0, str(tmp_path / "again.pth")), stderr
    again = torch.load(tmp_path / "again.pth", weights_only=True)
    assert all(torch.equal(again[name], value) for name, value in state.items())
    code, _, stderr = atelier("models", "export", "horse2zebra", "-o", tmp_path / "b.pth", "--direction", "BtoA")
    assert code == 1
    assert "one way only" in stderr
    assert atelier("models", "export", "horse2zebra")[0] == 2
