"""A job run in this thread: what it says is passed on, and asking it to stop keeps what it reached."""

import json
import os
import signal

import numpy as np
import pytest

from studio.command_line.reporting import JsonLines, Terminal
from studio.command_line.running import Interrupted, run_job, stoppable
from studio.core.controls import Controls
from studio.core.events import Log, Metrics, Preview, Progress
from studio.core.failures import Failure
from studio.core.settings import Settings

FRAME = Preview(np.zeros((4, 6, 3), np.uint8), step=1, stage="6 px")


def painting(controls, after_first=lambda: None):
    """Paint until asked to finish, at most 100 steps."""
    step = 0
    while step < 100 and not controls.finishing:
        step += 1
        yield FRAME
        after_first()
    return step


@pytest.fixture
def lines(capsys):
    return lambda: [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_a_job_runs_to_its_result(lines):
    controls = Controls(Settings())
    assert run_job(painting(controls), controls, JsonLines(0.0)) == 100
    assert [line["type"] for line in lines()] == ["preview"] * 100


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_signal_keeps_what_was_reached(number):
    controls = Controls(Settings())
    before = signal.getsignal(number)
    with stoppable(controls):
        result = run_job(painting(controls, lambda: os.kill(os.getpid(), number)), controls, JsonLines(0.0))
    assert result == 1
    assert controls.finishing
    assert not controls.cancelled
    assert signal.getsignal(number) is before


def test_the_second_signal_stops_at_once_and_cleans_up():
    controls, cleaned = Controls(Settings()), []

    def stubborn():
        try:
            while True:
                yield FRAME
                os.kill(os.getpid(), signal.SIGINT)
        finally:
            cleaned.append(True)

    with stoppable(controls), pytest.raises(Interrupted):
        run_job(stubborn(), controls, JsonLines(0.0))
    assert cleaned == [True]


def test_a_signal_before_the_first_picture_writes_nothing():
    controls = Controls(Settings())

    def loading():
        os.kill(os.getpid(), signal.SIGINT)
        yield Progress("Loading the network")
        yield FRAME

    with stoppable(controls), pytest.raises(Interrupted):
        run_job(loading(), controls, JsonLines(0.0))


def test_every_event_is_one_json_object_a_line(lines):
    stream = JsonLines(0.0)
    stream.say(Progress("512 px", 3, 120))
    stream.say(FRAME)
    stream.say(Metrics(3, {"loss": 0.5, "style": float("nan")}))
    stream.say(Log("The step was halved.", "warning"))
    stream.result("out.png", finished=True)
    stream.failed(Failure("The disk is full.", "Free some space.", "Traceback…"))
    said = lines()
    assert all(line.pop("t") > 0 for line in said)
    assert said == [
        {"type": "progress", "stage": "512 px", "done": 3, "total": 120},
        {"type": "preview", "width": 6, "height": 4, "step": 1, "stage": "6 px", "draft": False},
        {"type": "metrics", "step": 3, "values": {"loss": 0.5, "style": None}},
        {"type": "log", "level": "warning", "message": "The step was halved."},
        {"type": "result", "path": "out.png", "finished": True},
        {"type": "failed", "cause": "The disk is full.", "remedy": "Free some space."},
    ]


def test_a_person_gets_stages_and_remarks_on_stderr_and_the_path_on_stdout(capsys):
    with Terminal() as terminal:
        for done in range(3):
            terminal.say(Progress("[512] px", done, 2))
        terminal.say(Log("The step was halved.", "warning"))
        terminal.say(Progress("Saving"))
        terminal.result("out.png")
    said = capsys.readouterr()
    assert said.out == "out.png\n"
    assert said.err.splitlines() == ["[512] px", "Warning: The step was halved.", "Saving"]


def test_a_job_that_answers_in_parts_is_stopped_at_any_time():
    controls = Controls(Settings())

    def answering():
        answers = []
        while not controls.finishing:
            answers.append("yes")
            yield Progress("Looking")
            os.kill(os.getpid(), signal.SIGINT)
        return answers

    with stoppable(controls):
        assert run_job(answering(), controls, JsonLines(0.0), in_parts=True) == ["yes"]
