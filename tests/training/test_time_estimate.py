"""What earlier runs teach about how long the next one takes."""

from pathlib import Path

import pytest
from training_kit import toy_plan

from studio.training.run_summary import RunSummary
from studio.training.tasks.classifier_settings import CLASSIFIER, ClassifierSettings
from studio.training.time_estimate import estimate


def run(pace: float, *, task: str = "classifier", computer: str = "", **settings) -> RunSummary:
    plan = toy_plan().model_copy(update={"task": task, "settings": settings})
    return RunSummary(Path("run"), plan, "finished", pixels_per_second=pace, computer=computer)


def test_runs_like_this_one_tell_and_the_odd_one_does_not_count():
    told = estimate(1000.0, CLASSIFIER, ClassifierSettings(), [run(10.0), run(12.0), run(1.0)])
    assert (told.seconds, told.runs, told.alike) == (pytest.approx(100.0), 3, True)


def test_another_network_is_only_a_guess():
    others = [run(10.0, width="full"), run(99.0, task="fast-style")]
    told = estimate(1000.0, CLASSIFIER, ClassifierSettings(), others)
    assert (told.seconds, told.alike) == (pytest.approx(100.0), False)
    told = estimate(1000.0, CLASSIFIER, ClassifierSettings(), [*others, run(20.0)])
    assert (told.seconds, told.runs, told.alike) == (pytest.approx(50.0), 1, True)


def test_another_computer_says_nothing_about_this_one():
    assert estimate(1000.0, CLASSIFIER, ClassifierSettings(), [run(10.0, computer="the cluster")]) is None
    assert estimate(1000.0, CLASSIFIER, ClassifierSettings(), []) is None


def test_only_the_last_five_are_asked():
    runs = [run(10.0) for _ in range(5)] + [run(1000.0) for _ in range(9)]
    told = estimate(1000.0, CLASSIFIER, ClassifierSettings(), runs)
    assert (told.seconds, told.runs) == (pytest.approx(100.0), 5)
