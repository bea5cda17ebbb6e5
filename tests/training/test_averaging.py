"""Averages of weights against their written definitions, and batch norm's statistics estimated anew."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from studio.training.averaging import WeightAverage, ema_decay_at, estimate_statistics, has_batch_norm

courses = st.lists(st.floats(-10, 10, width=32), min_size=1, max_size=40)


def weights_of(network: nn.Module) -> float:
    return next(network.parameters()).item()


def follow(average: WeightAverage, network: nn.Module, change_log: list[float]) -> None:
    for step, value in enumerate(change_log, 1):
        nn.init.constant_(network.weight, value)
        average.update(step)


@settings(deadline=None)
@given(st.floats(-10, 10, width=32), courses, st.floats(0.5, 0.9999))
def test_the_exponential_average_is_its_formula(start, change_log, decay):
    network = nn.Linear(1, 1, bias=False).double()
    nn.init.constant_(network.weight, start)
    average = WeightAverage(network, "ema", decay=decay)
    follow(average, network, change_log)
    expected = start
    for step, value in enumerate(change_log):
        d = min(decay, (1 + step) / (10 + step))
        expected = d * expected + (1 - d) * value
    assert weights_of(average.look()) == pytest.approx(expected, abs=1e-9)
    assert weights_of(network) == change_log[-1]


@settings(deadline=None)
@given(courses, st.integers(0, 30))
def test_the_plain_average_is_the_mean_from_its_beginning_on(change_log, begins):
    network = nn.Linear(1, 1, bias=False).double()
    average = WeightAverage(network, "swa", begins=begins)
    follow(average, network, change_log)
    counted = [value for step, value in enumerate(change_log, 1) if step >= begins]
    expected = sum(counted) / len(counted) if counted else change_log[-1]
    assert weights_of(average.look()) == pytest.approx(expected, abs=1e-9)


def test_the_exponential_average_begins_short():
    assert [ema_decay_at(step, 0.999) for step in (0, 1, 10)] == [0.1, 2 / 11, 11 / 20]
    assert ema_decay_at(100_000, 0.999) == 0.999


@pytest.mark.parametrize("kind", ["ema", "swa"])
def test_an_average_goes_on_as_it_was_saved(kind):
    network = nn.Linear(1, 1, bias=False)
    average, other = (WeightAverage(network, kind, begins=2) for _ in range(2))
    follow(average, network, [1.0, 2.0, 3.0])
    other.load_state_dict(average.state_dict())
    follow(average, network, [4.0])
    follow(other, network, [4.0])
    assert weights_of(other.look()) == weights_of(average.look())


def test_another_kind_of_average_begins_with_the_present_weights():
    network = nn.Linear(1, 1, bias=False)
    average = WeightAverage(network, "ema")
    follow(average, network, [1.0, 2.0, 3.0])
    swa = WeightAverage(network, "swa", begins=100)
    swa.load_state_dict(average.state_dict())
    assert weights_of(swa.look()) == 3.0


def test_an_average_that_was_not_wanted_before_begins_with_the_present_weights():
    network = nn.Linear(1, 1, bias=False)
    ema = WeightAverage(network, "ema")  # as a resumed run makes it, before its weights are read
    nn.init.constant_(network.weight, 5.0)
    ema.load_state_dict(None)
    assert weights_of(ema.look()) == 5.0


def test_the_average_is_looked_at_in_eval_mode_and_learns_nothing_itself():
    network = nn.Sequential(nn.Linear(2, 2), nn.Dropout(0.5))
    shown = WeightAverage(network, "ema").look()
    assert network.training
    assert not any(module.training for module in shown.modules())
    assert not any(weight.requires_grad for weight in shown.parameters())


def passes(network: nn.Module, batches):
    for batch in batches:
        network(batch)
        yield


def test_batch_norms_statistics_are_the_mean_over_all_batches():
    torch.manual_seed(0)
    network = nn.Sequential(nn.BatchNorm1d(3, momentum=0.1), nn.Dropout(0.5)).eval()
    network(torch.zeros(2, 3))
    batches = [torch.randn(5, 3) * 3 + 1 for _ in range(4)]
    for _ in estimate_statistics(network, (passes(network, [batch]) for batch in batches)):
        assert torch.is_grad_enabled()  # the breath belongs to other jobs
        assert not network[1].training
    norm = network[0]
    assert torch.allclose(norm.running_mean, torch.stack([batch.mean(0) for batch in batches]).mean(0), atol=1e-6)
    assert torch.allclose(norm.running_var, torch.stack([batch.var(0) for batch in batches]).mean(0), atol=1e-5)
    assert norm.momentum == 0.1
    assert not any(module.training for module in network.modules())


def test_only_statistics_that_are_kept_count_as_batch_norm():
    assert has_batch_norm(nn.Sequential(nn.Conv2d(3, 3, 1), nn.BatchNorm2d(3)))
    assert not has_batch_norm(nn.Sequential(nn.InstanceNorm2d(3), nn.GroupNorm(1, 3)))
    assert not has_batch_norm(nn.BatchNorm2d(3, track_running_stats=False))
