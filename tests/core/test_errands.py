from pathlib import Path
from threading import Event, get_ident

import pytest

from studio.core.errands import answers, patiently, send
from studio.core.events import Progress, finish
from studio.core.failures import StudioError


@pytest.fixture
def never():
    """A disk that does not answer, until the test is over."""
    gate = Event()
    yield gate.wait
    gate.set()


def test_an_errand_runs_on_another_thread_and_brings_the_answer_back():
    assert send(get_ident).result(20) != get_ident()


def test_what_a_call_raises_is_raised_where_the_answer_is_waited_for():
    def fail():
        raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        finish(patiently(fail, "Opening"))


def test_a_job_that_waits_leaves_the_thread_to_others(never):
    job = patiently(never, "Opening photo.png")
    assert [next(job), next(job)] == [Progress("Opening photo.png")] * 2
    job.close()


def test_a_job_gives_up_a_call_that_does_not_answer(never):
    with pytest.raises(StudioError, match=r"Opening photo\.png: the disk does not answer"):
        finish(patiently(never, "Opening photo.png", seconds=0.1))


def test_what_a_disk_refuses_to_tell_is_answered_for_and_other_faults_are_not():
    too_long = Path("/" + "x" * 5000)
    assert answers([too_long.exists, lambda: True], False) == [False, True]
    with pytest.raises(ZeroDivisionError):
        answers([lambda: 1 / 0], 0)


def test_a_question_without_an_answer_is_answered_for(never):
    assert answers([lambda: 1, never, lambda: 3], otherwise=0, seconds=0.1) == [1, 0, 3]
