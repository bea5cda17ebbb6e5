"""What a run would cost is measured on networks that are thrown away."""

import pytest
import torch
from job_kit import heard
from training_kit import Regression, ToySettings, toy_kind, toy_plan

from studio.core.controls import Controls
from studio.core.events import Progress
from studio.core.failures import StudioError
from studio.jobs.rehearse import rehearse_run
from studio.training.rehearsal import _places
from studio.training.settings import TrainingSettings
from studio.training.time_estimate import Rehearsed, costs_of, length_in_words


def test_five_steps_a_check_and_a_sample_are_measured():
    chance = torch.get_rng_state()
    events, found = heard(rehearse_run(toy_plan(400), Controls(TrainingSettings()), kind=toy_kind()))
    stages = list(dict.fromkeys(event.stage for event in events if isinstance(event, Progress)))
    assert stages[2:] == [*(f"Measuring step {number} of 5" for number in range(1, 6)),
                          "Measuring a check", "Measuring a sample"]  # fmt: skip
    assert found.steps == 400
    assert found.rehearsed.step > 0
    assert torch.equal(torch.get_rng_state(), chance)  # whatever else computes here goes on as it would have


def test_steps_lie_along_the_run_and_few_of_them_where_something_rare_is_done():
    assert _places(3) == [0, 2, 2]
    places = _places(12_000)
    assert places == sorted(places)
    assert (places[0] < 2400, places[-1] > 9600) == (True, True)
    assert sum(place % 8 == 0 for place in places) == 1


def test_checks_and_samples_count_as_often_as_they_are_made():
    found = Rehearsed(5, step=2.0, check=10.0, sample=1.0, memory=int(1.2e9), room=int(8e9))
    settings = TrainingSettings(validate_every=100, sample_every=50)
    assert found.of(1000, settings).seconds == 1000 * 2.0 + 10 * 10.0 + 21 * 1.0
    assert TrainingSettings().looks(40_000) == (250, 100)
    assert TrainingSettings().looks(50) == (5, 5)
    words = length_in_words(266_800, found.of(266_800, TrainingSettings()))
    assert words.startswith("266,800 steps would take about 6 days 8 h here and about 1.2 GB of memory: 5 steps")
    narrow = Rehearsed(5, 1.0, 0.0, 0.0, int(6e9), room=int(6e9))
    assert "6.0 GB are free: choose smaller pictures" in narrow.memory_in_words


def test_what_costs_the_same_is_known_again():
    plan, kind = toy_plan(40), toy_kind()
    longer = plan.model_copy(update={"settings": {**plan.settings, "steps": 10, "seed": 3}})
    assert costs_of(plan, kind) == costs_of(longer, kind)
    assert costs_of(plan, kind) != costs_of(plan.model_copy(update={"settings": {"batch": 7}}), kind)


class _Hungry(Regression):
    """Fits into memory with so many examples at a time."""

    most = 2

    def objectives(self, batch, config):
        if len(batch[0]) > self.most:
            raise MemoryError
        yield from super().objectives(batch, config)


class _Insatiable(_Hungry):
    most = 0


def open_hungry(plan, place):
    yield Progress("Reading")
    return _Hungry(ToySettings.model_validate(dict(plan.settings)), place)


def open_insatiable(plan, place):
    yield Progress("Reading")
    return _Insatiable(ToySettings.model_validate(dict(plan.settings)), place)


def test_a_step_is_divided_until_it_fits_and_what_never_does_is_told():
    _, found = heard(rehearse_run(toy_plan(40), Controls(TrainingSettings()), kind=toy_kind(open_hungry)))
    assert found.rehearsed.parts == 2
    with pytest.raises(StudioError, match="Not even one picture of 16 px"):
        heard(rehearse_run(toy_plan(4), Controls(TrainingSettings()), kind=toy_kind(open_insatiable)))
