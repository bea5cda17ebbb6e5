import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from safetensors import safe_open

from models.slim import SlimNetwork
from models.teachers import AlignedSqueezeNet, NormalisedVgg19, Teachers
from studio.training.distill import Distillation, DistillSettings, export, run, save
from studio.training.picture_crops import CropSampler, PictureSet, read_pictures, validation_crops

WIDTHS = ((6,), (6, 8), (8, 10), (10, 12), (12, 12))
SETTINGS = DistillSettings(
    widths=WIDTHS, steps=40, size=64, batch=2, easel=1, warm_up=5, fit_batches=2, ema=0.9, validate_every=20
)


def pictures(count=4):
    """Discs and stripes in colours."""
    random = np.random.default_rng(0)
    made = []
    for _ in range(count):
        canvas = np.full((90, 120, 3), random.integers(0, 255, 3), np.uint8)
        for _ in range(12):
            centre = (int(random.integers(120)), int(random.integers(90)))
            cv2.circle(canvas, centre, int(random.integers(4, 25)), random.integers(0, 255, 3).tolist(), -1)
        canvas[:, :: int(random.integers(3, 9))] //= 2
        made.append(canvas)
    return made


def teachers():
    vgg, squeezenet = NormalisedVgg19((6, 8, 10)), AlignedSqueezeNet(0.125)
    generator = torch.Generator().manual_seed(7)
    for module in [*vgg.modules(), *squeezenet.modules()]:
        if isinstance(module, torch.nn.Conv2d):
            deviation = (2 / module.weight[0].numel()) ** 0.5
            torch.nn.init.normal_(module.weight, 0.0, deviation, generator=generator)
            torch.nn.init.zeros_(module.bias)
    return Teachers(vgg, squeezenet)


def distillation(settings=SETTINGS):
    pupil = untaught(settings)
    pupil.begin()
    return pupil


def untaught(settings=SETTINGS):
    return Distillation(settings, teachers(), [PictureSet("discs", tuple(pictures()), 1.0)],
                        validation_crops(pictures(6), settings.size))  # fmt: skip


def events(folder):
    return [json.loads(line) for line in (folder / "events.jsonl").read_text().splitlines()]


def test_a_few_steps_teach_something(tmp_path):
    pupil = distillation()
    before = pupil.validate()
    run(pupil, tmp_path)
    after = events(tmp_path)[-1]["validation"]
    for what in ("features", "grams"):
        assert sum(after[what].values()) < 0.9 * sum(before[what].values())


@pytest.mark.parametrize("stopped_at", [1, 7])
def test_a_resumed_run_ends_with_the_same_bits(tmp_path, stopped_at):
    settings = DistillSettings(widths=WIDTHS, steps=12, size=64, batch=2, easel=1, warm_up=5, fit_batches=2)
    whole, first, second = distillation(settings), distillation(settings), untaught(settings)
    run(whole, tmp_path / "whole")
    run(first, tmp_path / "parts", until=stopped_at)
    second.load_state_dict(torch.load(tmp_path / "parts" / "checkpoint.pt", weights_only=True))
    run(second, tmp_path / "parts")
    wanted, got = whole.state_dict(), second.state_dict()
    for part in ("weights", "averaged"):
        for name, value in wanted[part].items():
            assert torch.equal(value, got[part][name]), name
    assert torch.equal(wanted["random"], got["random"])


def test_the_easel_paints_towards_its_styles():
    """A stroke lowers the style loss that the pupil sees, and stays within the colours there are."""
    from models.distillation import style_gap

    pupil = distillation()
    easel = pupil.easel
    easel.ages.zero_()
    chosen, styles = easel.pictures[:1].clone(), easel.styles[:1].clone()
    network, heads = pupil.network.requires_grad_(False), pupil.heads.requires_grad_(False)
    before = style_gap(heads, network(chosen), network(styles))
    for _ in range(10):
        easel.turn = 0
        painted = easel.advance(1, network, heads, pupil.crops, pupil.generator)
    assert style_gap(heads, network(painted), network(styles)) < 0.8 * before
    assert painted.min() >= 0
    assert painted.max() <= 1


def test_exported_weights_are_the_averaged_ones_with_the_heads_folded_in(tmp_path):
    pupil = distillation()
    run(pupil, tmp_path, until=3)
    export(tmp_path, tmp_path / "slim.safetensors", pupil.teachers)
    network, heads = pupil.averaged_pupil()
    with safe_open(tmp_path / "slim.safetensors", framework="pt") as file:
        weights = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        metadata = file.metadata()
    assert all(value.dtype == torch.float16 for value in weights.values())
    assert json.loads(metadata["widths"]) == [list(scale) for scale in WIDTHS]
    assert metadata["steps"] == "3"
    shipped = SlimNetwork(WIDTHS)
    shipped.load_state_dict({name: value.float() for name, value in weights.items()})
    picture = pupil.validation
    seen = shipped(picture)["relu5_1"].flatten(2)
    known = network(picture)["relu5_1"].flatten(2)
    # distances between places are the teachers', as the heads tell them
    told = torch.einsum("nci,cd,ndi->ni", known, heads.metric("relu5_1"), known)
    assert torch.allclose(seen.square().sum(1), told, rtol=0.05, atol=0.01 * told.mean().item())


def test_a_crash_while_saving_leaves_the_old_checkpoint(tmp_path, monkeypatch):
    pupil = distillation()
    run(pupil, tmp_path, until=1)
    before = (tmp_path / "checkpoint.pt").read_bytes()
    pupil.training_step()

    def crash(*_arguments):
        raise OSError("no space left on the disk")

    monkeypatch.setattr("os.fsync", crash)
    with pytest.raises(OSError, match="no space"):
        save(pupil, tmp_path)
    assert (tmp_path / "checkpoint.pt").read_bytes() == before


def test_asked_to_stop_it_saves_first(tmp_path):
    """A real process, a real SIGTERM in mid-run."""
    program = (
        "import sys; sys.path[:0] = sys.argv[2:4]\n"
        "from pathlib import Path; from dataclasses import replace; from test_distill import *\n"
        "run(distillation(replace(SETTINGS, steps=10**6)), Path(sys.argv[1]))\n"
    )
    here = Path(__file__).parent
    root = str(here.parents[1])
    process = subprocess.Popen([sys.executable, "-c", program, str(tmp_path), str(here), root], cwd=root)
    try:
        deadline = time.monotonic() + 120
        log = tmp_path / "events.jsonl"
        while not (log.exists() and log.stat().st_size) and time.monotonic() < deadline:
            time.sleep(0.1)
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
    finally:
        process.kill()
    state = torch.load(tmp_path / "checkpoint.pt", weights_only=True)
    assert state["step"] >= events(tmp_path)[-1]["step"] > 0


def test_crops_depend_on_nothing_but_the_generator():
    sets = [PictureSet("discs", tuple(pictures()), 1.0)]
    first = CropSampler(sets, 64, torch.Generator().manual_seed(5)).batch(6)
    again = CropSampler(sets, 64, torch.Generator().manual_seed(5)).batch(6)
    assert torch.equal(first, again)
    assert first.shape == (6, 3, 64, 64)
    assert first.min() >= 0
    assert first.max() <= 1


def test_pictures_are_read_in_order_reduced_and_broken_ones_left_out(tmp_path):
    cv2.imwrite(str(tmp_path / "b.png"), np.zeros((200, 400, 3), np.uint8))
    cv2.imwrite(str(tmp_path / "a.png"), np.full((50, 60, 3), (255, 0, 0), np.uint8))
    (tmp_path / "c.png").write_bytes(b"not a picture")
    small, large = read_pictures(tmp_path, longest=100)
    assert small.shape == (50, 60, 3)
    assert small[0, 0].tolist() == [0, 0, 255], "sRGB, not OpenCV's BGR"
    assert large.shape == (50, 100, 3)
    with pytest.raises(FileNotFoundError, match="no pictures"):
        read_pictures(tmp_path / "nowhere")
