"""A colouriser in training: that it learns, what it leaves behind, and that it goes on exactly."""

from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
import torch
from training_kit import advance_to, history_of

from models.cielab import lab_from_rgb
from models.colour_bins import bin_centres, soft_bins
from models.colouriser import load_colouriser
from studio.core.controls import Controls
from studio.core.events import Log, Preview, finish
from studio.core.failures import StudioError
from studio.core.images import load_picture
from studio.core.trained_models import TrainedModels
from studio.jobs.train import train
from studio.training.kinds import kind_named
from studio.training.run_folder import RunFolder, RunPlan, TrainRequest
from studio.training.schedule import Phase, Ramp, Schedule
from studio.training.task import TaskContext
from studio.training.tasks.colourise import ColouriseTask, ab_psnr, open_task, palette_loss
from studio.training.tasks.colourise_pictures import looks_of
from studio.training.tasks.colourise_settings import COLOURISE, ColouriserSettings, default_schedule

QUIET = {
    "batch": 2, "size": 32, "held_back": 2, "sample_every": 100, "validate_every": 100, "checkpoint_minutes": 240.0,
    "workers": 0, "average": "none",
}  # fmt: skip


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """What is kept is measured and shown at a small size."""
    for name in ("_MEASURED_SIDE", "_SHOWN_SIDE"):
        monkeypatch.setattr(f"studio.training.tasks.colourise.{name}", 48)


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """A folder of nine pictures: light is golden, dark is blue; and one without any colour."""
    generator = np.random.default_rng(0)
    folder = tmp_path / "photos"
    folder.mkdir()
    for number in range(9):
        light = cv2.resize(generator.random((6, 8)), (64, 48), interpolation=cv2.INTER_NEAREST)[..., None]
        colours = np.array([150.0, 60.0, 40.0]) * (1 - light) + np.array([90.0, 200.0, 240.0]) * light
        cv2.imwrite(str(folder / f"{number}.png"), colours.astype(np.uint8))
    cv2.imwrite(str(folder / "grey.png"), generator.integers(0, 256, (48, 64), dtype=np.uint8))
    return folder


def plan_for(photos: Path, steps: int = 3, **settings) -> RunPlan:
    schedule = Schedule(
        phases=(Phase(duration=steps, unit="steps", learning_rate=Ramp.level(1e-3), frozen=("encoder",)),)
    )
    return RunPlan(task="colourise", data=(str(photos),), settings={**QUIET, **settings}, schedule=schedule)


def opened(plan: RunPlan, folder: Path):
    job, events = open_task(plan, TaskContext(torch.device("cpu"), folder / "cache", seed=0)), []
    while True:
        try:
            events.append(next(job))
        except StopIteration as end:
            return end.value, [event.message for event in events if isinstance(event, Log)]


def test_it_learns_and_leaves_a_network_with_a_card(photos, tmp_path):
    run = RunFolder.create(tmp_path / "run", plan_for(photos, steps=12))
    encoder = opened(run.read_plan(), tmp_path)[0].networks["colouriser"].encoder.state_dict()
    events = list(train(TrainRequest(run.path), Controls(ColouriserSettings())))
    losses = history_of(run).metrics["palette"].values
    assert losses[-3:].mean() < 0.9 * losses[:3].mean()
    assert any(isinstance(event, Preview) for event in events)
    network, facts = load_colouriser(run.model_file)
    assert facts.steps == 12
    for name, value in network.encoder.state_dict().items():
        assert torch.allclose(value, encoder[name], atol=1e-3)  # it was frozen
    card = run.model_file.with_suffix(".md").read_text(encoding="utf-8")
    assert "dB without hints" in card
    assert "one hint in a region" in card
    assert TrainedModels.standard("colouriser").find(str(run.path)).facts["side"] == "192"


def test_a_killed_run_goes_on_as_if_nothing_had_been(photos, tmp_path):
    whole, killed = (RunFolder.create(tmp_path / name, plan_for(photos)) for name in ("whole", "killed"))
    finish(train(TrainRequest(whole.path), Controls(ColouriserSettings())))
    advance_to(2, train(TrainRequest(killed.path), Controls(ColouriserSettings())))
    finish(train(TrainRequest(killed.path), Controls(ColouriserSettings())))
    ours, theirs = (load_colouriser(run.model_file)[0].state_dict() for run in (whole, killed))
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)


def test_what_has_no_colours_is_left_out(photos, tmp_path):
    task, said = opened(plan_for(photos, held_back=0), tmp_path)
    assert len(task.examples) == 9
    assert "1 picture is left out: it has hardly any colour." in said
    with pytest.raises(StudioError, match="every picture is grey"):
        opened(plan_for(photos, least_colour=50.0, held_back=0), tmp_path)


def test_it_is_measured_without_and_with_hints(photos, tmp_path):
    task, _ = opened(plan_for(photos), tmp_path)
    with torch.no_grad():
        found = finish(task.validate(task.networks["colouriser"]))
        sheet = finish(task.sample(task.networks["colouriser"]))
    assert set(found) == {"psnr", "psnr_hints", "gain", "vividness", "removed"}
    assert found["gain"] == pytest.approx(found["psnr_hints"] - found["psnr"])
    assert found["vividness"] < 1.0
    assert sheet.shape[0] >= 4 * 48


def test_a_finish_goes_on_from_a_network_and_others_are_refused(photos, tmp_path):
    settings = ColouriserSettings(course="finish", steps=50)
    assert (settings.size, settings.batch) == (160, 8)
    assert [phase.name for phase in default_schedule(settings).phases] == ["Warm up", "Finish"]
    assert ColouriserSettings().moved("course", "finish").size == 160
    assert settings.moved("course", "whole").size == 96
    other = tmp_path / "other.safetensors"
    other.write_bytes(b"nothing")
    with pytest.raises(StudioError):
        opened(plan_for(photos, start=str(other)), tmp_path)


def test_the_whole_course_begins_with_the_decoder_alone():
    phases = default_schedule(ColouriserSettings(steps=1000)).phases
    assert sum(int(phase.duration) for phase in phases) == 1000
    assert [phase.frozen for phase in phases] == [("encoder",), ("encoder",), ()]
    assert kind_named("colourise") is COLOURISE


def test_psnr_of_colours_is_that_of_eight_bits():
    assert ab_psnr(torch.full((2, 4, 4), 5.0), torch.zeros(2, 4, 4)) == pytest.approx(20 * np.log10(255 / 5))


def test_the_palette_learns_how_likely_each_colour_is():
    lab = lab_from_rgb(torch.tensor([0.8, 0.3, 0.2]).view(1, 3, 1, 1).expand(1, 3, 16, 16))
    logits = torch.zeros(1, len(bin_centres()), 2, 2)
    assert float(palette_loss(logits, lab[:, 1:])) == pytest.approx(np.log(len(bin_centres())), rel=1e-4)
    nearest, share = soft_bins(lab[:, 1:, :1, :1])
    logits = torch.full_like(logits, -20.0)
    logits[:, nearest.flatten()] = share.flatten().log()[:, None, None]
    entropy = -float((share * share.log()).sum())
    assert float(palette_loss(logits, lab[:, 1:])) == pytest.approx(entropy, abs=1e-4)  # it cannot know more


@pytest.mark.data
def test_hints_do_what_is_owed_with_the_network_that_comes_along(shared_data):
    """Ten hints are worth 2.5 dB of a and b, and one takes away three fifths of its region's error."""
    files = sorted((shared_data / "images/bsds200").glob("*.jpg"))[14:200:31]
    pictures = SimpleNamespace(pictures=[load_picture(file).pixels[..., :3] for file in files])
    network, _ = load_colouriser(TrainedModels.standard("colouriser").find("atelier-colour").path)
    looks = looks_of(pictures, tuple(range(len(files))), 160, seed=0)
    task = ColouriseTask(network, None, torch.ones(len(bin_centres())), looks, [], ColouriserSettings())
    found = finish(task.validate(network))
    assert found["gain"] >= 2.5
    assert found["removed"] >= 0.6
