"""`atelier stylize` and `replay` end to end: real pictures, a real network, processes of their own."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from studio.core.images import load_picture, read_recipe, save_picture

ROOT = Path(__file__).parents[2]
SMALL = ("--size", "64", "--steps", "6", "--backbone", "squeezenet1_1:untrained")
BLOCK_QT = """
import sys
class NoQt:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("PySide6", "shiboken6", "superqt", "qtpy"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, NoQt())
"""


def start(*arguments):
    """Start `atelier` in a process of its own, where Qt cannot be imported."""
    code = f"{BLOCK_QT}\nfrom studio.cli import main\nsys.exit(main())"
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pictures")
    random = np.random.default_rng(0)
    slope = np.linspace(0, 255, 96)
    photo = np.stack([slope[None, :].repeat(72, 0), slope[:72, None].repeat(96, 1), np.full((72, 96), 90)], -1)
    painting = np.kron(random.integers(0, 256, (20, 20, 3)), np.ones((5, 5, 1)))
    save_picture(folder / "photo.png", photo.astype(np.uint8), recipe=None)
    save_picture(folder / "painting.png", painting.astype(np.uint8), recipe=None)
    return folder


def test_without_qt_a_painting_is_painted_and_replayed_bit_by_bit_in_another_process(pictures, tmp_path, atelier):
    out, again = tmp_path / "new folder" / "out.png", tmp_path / "again.png"
    process = start(
        "stylize", pictures / "photo.png", pictures / "painting.png", "-o", out, *SMALL,
        "--seed", "5", "--style-weight", "2.5", "--strength", "0.9",
    )  # fmt: skip
    stdout, stderr = process.communicate(timeout=200)
    assert process.returncode == 0, stderr
    assert stdout == f"{out}\n"
    recipe = read_recipe(out)
    assert recipe is not None
    assert (recipe.seed, recipe.settings["style_weight"], recipe.settings["strength"]) == (5, 2.5, 0.9)
    assert [record.name for record in recipe.inputs] == ["photo.png", "painting.png"]
    painted = load_picture(out).pixels
    assert painted.shape == (48, 64, 3)

    code, stdout, stderr = atelier("replay", out, "-o", again, "--events")  # finds its inputs in the library
    assert code == 0, stderr
    assert json.loads(stdout.splitlines()[-1])["identical"]
    assert np.array_equal(load_picture(again).pixels, painted)
    assert read_recipe(again) == recipe


def test_a_replay_computes_with_as_many_threads_as_then(pictures, tmp_path, atelier):
    out, again = tmp_path / "out.png", tmp_path / "again.png"
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        settings = ("--size", "160", "--steps", "8", "--backbone", "squeezenet1_1:untrained")
        assert atelier("stylize", pictures / "photo.png", pictures / "painting.png", "-o", out, *settings)[0] == 0
        torch.set_num_threads(1)
        code, stdout, stderr = atelier("replay", out, "-o", again, "--events")
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)
    assert code == 0, stderr
    assert json.loads(stdout.splitlines()[-1])["identical"]


def test_the_event_stream_tells_the_whole_story(pictures, tmp_path, atelier):
    out = tmp_path / "out.png"
    code, stdout, _ = atelier(
        "stylize", pictures / "photo.png", "-o", out, pictures / "painting.png", *SMALL, "--events"
    )
    assert code == 0
    events = [json.loads(line) for line in stdout.splitlines()]
    times = [event["t"] for event in events]
    assert times == sorted(times)
    assert {event["type"] for event in events} <= {"progress", "preview", "metrics", "log", "result"}
    progress = [event for event in events if event["type"] == "progress"]
    assert all(event.keys() == {"t", "type", "stage", "done", "total"} for event in progress)
    assert (progress[-1]["done"], progress[-1]["total"]) == (6, 6)
    previews = [event for event in events if event["type"] == "preview"]
    assert previews
    assert all(max(event["width"], event["height"]) == 64 and "picture" not in event for event in previews)
    assert events[-1]["type"] == "result"
    assert events[-1]["path"] == str(out)
    assert events[-1]["finished"]
    picture = load_picture(out)
    assert (events[-1]["width"], events[-1]["height"]) == (picture.width, picture.height)


@pytest.mark.skipif(sys.platform == "win32", reason="there are no POSIX signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_painting_keeps_what_is_painted_and_can_be_replayed(pictures, tmp_path, atelier, number):
    out, again = tmp_path / "out.png", tmp_path / "again.png"
    long = ("--size", "96", "--steps", "2000", "--backbone", "squeezenet1_1:untrained")
    process = start("stylize", pictures / "photo.png", pictures / "painting.png", "-o", out, *long, "--events")
    assert process.stdout is not None
    previews = 0
    for line in process.stdout:
        previews += json.loads(line)["type"] == "preview"
        if previews == 2:
            os.kill(process.pid, number)
            break
    rest, stderr = process.communicate(timeout=200)
    assert process.returncode == 130, stderr
    result = json.loads(rest.splitlines()[-1])
    assert (result["type"], result["finished"]) == ("result", False)
    recipe = read_recipe(out)
    assert recipe is not None
    assert recipe.steering[-1].action == "stop"

    code, _, stderr = atelier("replay", out, "-o", again)
    assert code == 0, stderr
    assert np.array_equal(load_picture(again).pixels, load_picture(out).pixels)


@pytest.mark.parametrize("broken", ["missing.png", "broken.png", "empty.png"])
def test_a_picture_that_cannot_be_opened_fails_in_two_lines_and_writes_nothing(pictures, tmp_path, atelier, broken):
    (tmp_path / "broken.png").write_bytes((pictures / "photo.png").read_bytes()[:60])
    (tmp_path / "empty.png").write_bytes(b"")
    out = tmp_path / "out.png"
    code, stdout, stderr = atelier(
        "stylize", tmp_path / broken, pictures / "painting.png", "-o", out, *SMALL, "--events"
    )
    assert code == 1
    failed = json.loads(stdout)
    assert failed["type"] == "failed"
    assert stderr.splitlines() == [f"atelier: {failed['cause']}", failed["remedy"]]
    assert broken in failed["cause"]
    assert not out.exists()


def test_an_unknown_network_is_named(pictures, tmp_path, atelier):
    code, _, stderr = atelier(
        "stylize", pictures / "photo.png", pictures / "painting.png", "-o", tmp_path / "out.png", "--backbone", "vgg99"
    )
    assert code == 2
    assert "vgg99" in stderr
    assert "squeezenet1_1" in stderr


def test_a_replay_whose_inputs_are_gone_says_which_and_takes_them_by_input(pictures, tmp_path, atelier, home):
    out, elsewhere = tmp_path / "out.png", tmp_path / "renamed.png"
    assert atelier("stylize", pictures / "photo.png", pictures / "painting.png", "-o", out, *SMALL)[0] == 0
    for kept in (home / "library" / "inputs").iterdir():
        kept.unlink()
    code, _, stderr = atelier("replay", out)
    assert code == 1
    assert "“photo.png”, the photo that went in, is not to be found." in stderr
    elsewhere.write_bytes((pictures / "photo.png").read_bytes())
    code, stdout, stderr = atelier("replay", out, "--input", elsewhere, "--input", pictures / "painting.png")
    assert code == 0, stderr
    assert Path(stdout.strip()) == tmp_path / "out-replay.png"
    assert "Every pixel is the same as in the original." in stderr
