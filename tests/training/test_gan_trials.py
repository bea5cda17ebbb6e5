"""How calm a critic shall be, found by trying: which γ, what tells them apart, and that the run keeps to it."""

import json
import math
from pathlib import Path

import pytest
import torch
from generator_kit import write_pictures
from safetensors.torch import load_file
from test_gan_training import opened, plan_for, sit
from training_kit import history_of

from studio.command_line.flags import CommandParser, add_settings, settings_from
from studio.core.controls import Controls
from studio.core.failures import StudioError
from studio.jobs.train import train
from studio.training.live_settings import ChangeLog, LiveSettings
from studio.training.run_folder import RunFolder, TrainRequest
from studio.training.task import Trial
from studio.training.tasks import gan_settings
from studio.training.tasks.gan_settings import AUTOMATIC, GanSettings, calms_for
from studio.training.tasks.gan_trials import MOST_AHEAD, choose_calm
from studio.training.time_estimate import Rehearsed


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    return write_pictures(tmp_path / "pictures")


def tried(value: float, kid: float = 1.0, loss: float = math.log(2.0), **measured: float) -> Trial:
    return Trial(value, {"generator.loss": loss}, {"kid": kid, "kid_noise": 0.02, "spread": 0.5, **measured})


def test_what_is_tried_reaches_from_one_end_of_the_published_settings_to_the_other():
    """R3GAN's γ by pictures' sides; with the side the squared length of the same critic's gradient falls by N²."""
    assert calms_for(64) == (0.2, 1.4, 9.8)
    for side, gamma in ((32, 0.05), (32, 0.5), (64, 1.0), (64, 2.0), (256, 150.0)):
        low, _, high = calms_for(side)
        assert 0.99 * low <= gamma <= 1.01 * high
    for side in (16, 32, 128, 256):
        assert calms_for(side) == pytest.approx(
            [gamma * (side / 64) ** 2 for gamma in calms_for(64)], rel=0.05
        )  # two digits
    assert calms_for(256)[2] <= 200.0


def test_a_doubled_pictures_gradient_counts_a_quarter():
    picture = torch.randn(1, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    kernel = torch.randn(1, 3, 8, 8, generator=torch.Generator().manual_seed(1))
    doubled = picture.repeat_interleave(2, 2).repeat_interleave(2, 3).requires_grad_()
    picture.requires_grad_()
    small = (picture * kernel).sum().tanh()
    large = (torch.nn.functional.avg_pool2d(doubled, 2) * kernel).sum().tanh()
    (one,), (other,) = torch.autograd.grad(small, picture), torch.autograd.grad(large, doubled)
    assert float(other.square().sum()) == pytest.approx(float(one.square().sum()) / 4, rel=1e-4)


def test_the_middle_one_stays_unless_another_is_clearly_nearer():
    assert choose_calm([tried(0.2, 0.9), tried(1.4, 1.0), tried(9.8, 0.95)], pairs=True)[0] == 1.4
    value, words = choose_calm([tried(0.2, 0.5), tried(1.4, 1.0), tried(9.8, 0.9)], pairs=True)
    assert value == 0.2
    assert words == (
        "Calm (γ) is 0.2, the nearest: 0.2 came to a KID of 0.5; 1.4 came to a KID of 1; 9.8 came to a KID of 0.9."
    )
    assert choose_calm([tried(0.2, 2.0), tried(1.4, 1.0), tried(9.8, 0.7)], pairs=True)[0] == 9.8
    near = [tried(0.2, 0.010), tried(1.4, 0.025), tried(9.8, 0.05)]  # within the noise of real pictures
    assert choose_calm(near, pairs=True)[0] == 1.4


def test_a_margin_at_which_one_of_the_two_learns_no_more_will_not_do():
    ahead = math.log1p(math.exp(MOST_AHEAD))
    assert 1 / (1 + math.exp(MOST_AHEAD)) < 0.02  # what the other's gradient is multiplied by
    value, words = choose_calm([tried(0.2, 0.1, 1.01 * ahead), tried(1.4), tried(9.8, 0.9)], pairs=True)
    assert value == 1.4
    assert "0.2 let the critic run away" in words
    behind = math.log1p(math.exp(-MOST_AHEAD))
    assert "let the generator run away" in choose_calm([tried(0.2, 0.1, 0.99 * behind), tried(1.4)], pairs=True)[1]
    assert choose_calm([tried(0.2, 0.1, 100.0), tried(1.4), tried(9.8)], pairs=False)[0] == 0.2


def test_what_diverges_or_makes_no_pictures_will_not_do():
    wrong = [Trial(0.2, diverged=True), tried(1.4, math.nan), tried(9.8, 0.1, spread=0.0)]
    with pytest.raises(StudioError, match="that was tried will do") as failure:
        choose_calm(wrong, pairs=True)
    assert "0.2 diverged; 1.4 made no pictures; 9.8 made pictures that are all alike" in failure.value.cause
    assert "--learning-rate-factor" in failure.value.remedy
    assert "--gamma" in failure.value.remedy
    value, words = choose_calm([Trial(0.2, diverged=True), tried(1.4, math.nan), tried(9.8, 9.0)], pairs=True)
    assert (value, "the nearest" in words) == (9.8, True)


def test_without_pictures_to_compare_with_it_takes_the_middle_of_what_holds():
    plain = [Trial(value, {"generator.loss": 0.7}) for value in calms_for(64)]
    assert choose_calm(plain, pairs=True)[0] == 1.4
    assert choose_calm([plain[0], plain[1], Trial(9.8, diverged=True)], pairs=True)[0] == 1.4


def test_only_long_runs_try_and_for_six_hundredths_of_their_length_at_most():
    assert GanSettings().gamma == AUTOMATIC
    assert GanSettings().tries(20_000) == (3, 400)
    assert GanSettings().tries(200_000) == (3, 400)
    assert GanSettings().tries(15_000) == (3, 300)
    assert GanSettings().tries(14_000) == (0, 0)
    assert GanSettings(gamma=2.0).tries(20_000) == (0, 0)
    assert GanSettings(course="few-pictures").tries(20_000) == (0, 0)
    assert GanSettings(reconstruction=3.0, loss="hinge").tries(20_000) == (0, 0)
    assert GanSettings().calm == 1.4
    assert (GanSettings(gamma=0.0).calm, GanSettings(size=32).calm) == (0.0, 0.35)
    found = Rehearsed(5, step=2.0, check=10.0, sample=0.0, memory=0)
    more = found.of(20_000, GanSettings()).seconds - found.of(20_000, GanSettings(gamma=1.0)).seconds
    assert more == 3 * (400 * 2.0 + 10.0)


def test_the_command_line_calls_it_auto():
    parser = CommandParser("train gan", "", "")
    add_settings(parser, GanSettings)
    for text, gamma in (("auto", AUTOMATIC), ("automatic", AUTOMATIC), ("0.5", 0.5)):
        assert settings_from(parser.parse_args(["--gamma", text]), GanSettings, parser).gamma == gamma
    assert (
        settings_from(parser.parse_args(["--stop-after-stale", "endless"]), GanSettings, parser).stop_after_stale == 0
    )
    words = " ".join(parser.format_help().split())
    assert "[-0.1 to 200, -0.1: auto, default auto]" in words


def test_a_run_that_has_begun_is_told_a_number():
    live = LiveSettings(GanSettings(), ChangeLog(None))
    with pytest.raises(StudioError, match="“Calm” is chosen before a run begins"):
        live.change(5, {"gamma": AUTOMATIC})
    live.change(5, {"gamma": 3.0})
    assert live.follow(5) == {"gamma": 3.0}


def test_a_run_learns_with_what_it_chose_says_so_and_goes_on_exactly(pictures, tmp_path, monkeypatch):
    monkeypatch.setattr(gan_settings, "_TRIAL_STEPS", (0, 2))
    monkeypatch.setattr(gan_settings, "_TRIAL_SHARE", 1.0)
    plan = plan_for(pictures, steps=3, batches=2)
    whole, parts = (RunFolder.create(tmp_path / name, plan) for name in ("whole", "parts"))
    sit(whole)
    found = json.loads((whole.path / "trials.json").read_text(encoding="utf-8"))
    assert [trial["value"] for trial in found["tried"]] == list(calms_for(16))
    assert all(trial["measured"]["kid"] > 0 for trial in found["tried"])
    chosen = found["chosen"]
    assert any(f"Calm (γ) is {chosen:g}" in str(one.facts["message"]) for one in history_of(whole).of_kind("log"))
    card = whole.card_file.read_text(encoding="utf-8")
    assert f"γ {chosen:g} falling to a tenth" in card
    assert "γ that were tried first" in card
    job = train(TrainRequest(parts.path), Controls(GanSettings()))
    while not (parts.path / "trials.json").exists():
        next(job)
    job.close()
    sit(parts)
    told = RunFolder.create(tmp_path / "told", plan_for(pictures, steps=3, batches=2, gamma=chosen))
    sit(told)
    weights = [load_file(run.model_file) for run in (whole, parts, told)]
    assert all(torch.equal(one[name], weights[0][name]) for one in weights[1:] for name in one)


def test_a_short_run_learns_with_the_middle_one(pictures, tmp_path):
    plan = plan_for(pictures, steps=3)
    task = opened(plan, tmp_path)
    assert task.trials(3) is None
    assert task.trials(20_000).values == calms_for(16)
    run = RunFolder.create(tmp_path / "run", plan)
    sit(run)
    assert not (run.path / "trials.json").exists()
    assert f"γ {calms_for(16)[1]:g} falling" in run.card_file.read_text(encoding="utf-8")
