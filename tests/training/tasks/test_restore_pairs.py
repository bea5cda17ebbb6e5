"""Restoring by pairs of one's own: both are seen alike, whichever folder comes first."""

import cv2
import numpy as np
import pytest
import torch

from studio.core.events import Log, finish
from studio.training.run_folder import RunPlan
from studio.training.schedule import Phase, Ramp, Schedule
from studio.training.task import TaskContext
from studio.training.tasks.restore import open_task


@pytest.fixture
def pairs(tmp_path):
    """Six pairs of which one is the other's negative, and one picture alone."""
    for number in range(6):
        after = np.random.default_rng(number).integers(0, 256, (40, 56, 3), np.uint8)
        for side, picture in (("before", 255 - after), ("after", after)):
            (tmp_path / side).mkdir(exist_ok=True)
            cv2.imwrite(str(tmp_path / side / f"{number}.png"), picture)
    cv2.imwrite(str(tmp_path / "before" / "alone.png"), after)
    return tmp_path


def opened(folder, *sources, **settings):
    schedule = Schedule(phases=(Phase(duration=1, unit="steps", learning_rate=Ramp.level(1e-3)),))
    settings = {"network": "enhancer", "width": 8, "damage": "pairs", "held_back": 2, "workers": 0, **settings}
    plan = RunPlan(task="restore", data=tuple(map(str, sources)), settings=settings, schedule=schedule)
    job, events = open_task(plan, TaskContext(torch.device("cpu"), folder / "cache", seed=0)), []
    while True:
        try:
            events.append(next(job))
        except StopIteration as end:
            return end.value, [event.message for event in events if isinstance(event, Log)]


@pytest.mark.parametrize("sources", [("before", "after"), ("after", "before"), (".",)], ids=str)
def test_both_of_a_pair_are_cut_and_turned_alike(pairs, sources):
    task, said = opened(pairs, *(pairs / source for source in sources))
    assert len(task.examples) == 5
    assert "1 picture has no partner of the same name; what is alone is left out." in said
    assert "5 pairs to learn from, 1 kept for checking." in said
    generator = torch.Generator().manual_seed(1)
    for index in range(len(task.examples)):
        given, wanted = task.examples.draw(index, generator, 24)[:2]
        assert given.shape == wanted.shape == (3, 24, 24)
        assert torch.allclose(given, 1.0 - wanted, atol=1e-6)
    with torch.no_grad():
        measured = finish(task.validate(task.networks["restorer"]))
    assert 0 < measured["psnr"] < 15


def test_an_enlarger_is_given_what_came_before_reduced(pairs):
    task, _ = opened(pairs, pairs / "before", pairs / "after", network="enlarger")
    given, wanted = task.examples.draw(0, torch.Generator().manual_seed(1), 24)[:2]
    assert (given.shape, wanted.shape) == ((3, 12, 12), (3, 24, 24))
    halved = torch.nn.functional.avg_pool2d(1.0 - wanted[None], 2)[0]
    assert np.corrcoef(given.flatten(), halved.flatten())[0, 1] > 0.8
