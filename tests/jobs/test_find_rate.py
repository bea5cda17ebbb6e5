from pathlib import Path
from typing import Any

import pytest
from job_kit import heard
from rate_kit import kind_of, plan

from studio.core.controls import Controls
from studio.core.events import Job, Metrics, Progress, finish
from studio.core.failures import StudioError
from studio.jobs.catalog import start
from studio.jobs.find_rate import find_rate
from studio.jobs.train import train
from studio.training.rate_curve import FoundRates, RateRequest, RateSweep
from studio.training.run_folder import RunFolder, TrainRequest
from studio.training.schedule_presets import constant
from studio.training.settings import TrainingSettings

SWEEP = RateSweep(low=1e-4, high=10.0, steps=12, smoothing=0.5)


def job_for(opener: str, controls: Controls[Any] | None = None) -> Job[FoundRates]:
    return find_rate(RateRequest(plan(), sweep=SWEEP), controls or Controls(TrainingSettings()), kind=kind_of(opener))


def test_every_rate_is_told_with_its_loss() -> None:
    events, found = heard(job_for("open_fit"))
    (curve,) = found.curves
    told = [event.values for event in events if isinstance(event, Metrics)]
    assert [values["network.rate"] for values in told] == curve.rates.tolist()
    assert [values["network.loss"] for values in told] == curve.losses.tolist()
    assert [values["network.smoothed"] for values in told] == curve.smoothed.tolist()
    progress = [event for event in events if isinstance(event, Progress) and event.total]
    assert next(event for event in reversed(progress) if event.total == SWEEP.steps).stage == "Trying learning rates"
    own, suggested = found.trials
    assert (own.rate, suggested.rate) == (plan().schedule.fastest, curve.suggested)
    assert progress[-1].stage == f"Learning for a while · {suggested.rate:.2g}"
    assert progress[0].total == SWEEP.steps


def test_each_network_has_its_curve() -> None:
    events, found = heard(job_for("open_pair"))
    assert [curve.network for curve in found.curves] == ["generator", "critic"]
    assert {event.stage for event in events if isinstance(event, Progress) and event.total} == {
        "Trying learning rates · generator",
        "Trying learning rates · critic",
    }


def test_what_a_task_has_to_say_of_its_curves_comes_with_them() -> None:
    _, pair = heard(job_for("open_pair"))
    _, alone = heard(job_for("open_fit"))
    assert (pair.note, alone.note) == ("Each rests while the other is tried.", "")


def test_finishing_keeps_what_is_known() -> None:
    controls = Controls(TrainingSettings())
    job, told = job_for("open_fit", controls), 0
    try:
        while True:
            told += isinstance(next(job), Metrics)
            if told == 3:
                controls.finish()
    except StopIteration as end:
        (curve,) = end.value.curves
    assert 3 <= len(curve.rates) <= 4


def test_a_run_that_goes_on_is_tried_from_its_newest_checkpoint(tmp_path: Path) -> None:
    started = plan().model_copy(update={"schedule": constant(duration=6, unit="steps", optimiser="sgd", rate=0.1)})
    run_folder = RunFolder.create(tmp_path / "run", started)
    finish(train(TrainRequest(run_folder.path), Controls(TrainingSettings()), kind=kind_of("open_fit")))
    before = {path: path.read_bytes() for path in run_folder.path.rglob("*") if path.is_file()}
    _, fresh = heard(job_for("open_fit"))
    request = RateRequest(started, folder=run_folder.path, sweep=SWEEP)
    _, gone_on = heard(find_rate(request, Controls(TrainingSettings()), kind=kind_of("open_fit")))
    assert gone_on.curves[0].losses[0] < fresh.curves[0].losses[0]  # it has learnt something by then
    assert {path: path.read_bytes() for path in run_folder.path.rglob("*") if path.is_file()} == before


def test_a_wrong_setting_is_told_before_anything_is_opened() -> None:
    wrong = plan().model_copy(update={"settings": {"batch": 0}})
    job = find_rate(RateRequest(wrong), Controls(TrainingSettings()), kind=kind_of("open_fit"))
    with pytest.raises(StudioError, match="“batch” cannot be used"):
        next(job)


def test_the_catalogue_knows_it() -> None:
    job = start("find_learning_rate", RateRequest(plan()), Controls(TrainingSettings()))
    with pytest.raises(StudioError, match="cannot train “fit”"):
        next(job)
