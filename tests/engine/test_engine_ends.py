"""How jobs end: returned, cancelled, failed in every way, or closed with the window."""

import errno
import gc
from threading import Event

import pytest
import torch
from PySide6.QtCore import QObject, QTimer
from thread_kit import running_threads

from studio.core.controls import Controls
from studio.core.events import Log, Preview, Progress
from studio.core.failures import StudioError
from studio.core.settings import Settings
from studio.engine import Engine, JobState, scheduler


class Nothing(Settings):
    pass


def new_controls():
    return Controls(Nothing())


def wait_for(event: Event) -> None:
    assert event.wait(20)


def raises(error):
    def job(task, controls):
        yield Progress("about to fail")
        raise error

    return job


def test_cancel_closes_the_job_at_its_next_yield(engine, qtbot):
    in_step, go_on, steps, closed = Event(), Event(), [], []

    def job(task, controls):
        try:
            for step in range(100):
                steps.append(step)
                in_step.set()
                wait_for(go_on)
                yield Progress("step", step, 100)
        finally:
            closed.append(True)

    handle = engine.live("style", job, None, new_controls())
    wait_for(in_step)
    with qtbot.waitSignal(handle.cancelled, timeout=20_000):
        handle.cancel()
        go_on.set()
    assert steps == [0]
    assert closed == [True]
    assert handle.state == JobState.CANCELLED


def test_cancelling_a_waiting_job_never_starts_it(engine, qtbot):
    controls, begun = new_controls(), []

    def job(task, controls):
        begun.append(task)
        yield Progress("step")

    controls.pause()
    handle = engine.queue("batch", job, None, controls)
    with qtbot.waitSignal(handle.cancelled, timeout=20_000):
        handle.cancel()
    assert begun == []


def test_cancelling_a_job_that_is_over_changes_nothing(engine, qtbot):
    def job(task, controls):
        yield Progress("step")
        return "done"

    handle = engine.live("style", job, None, new_controls())
    with qtbot.waitSignal(engine.idle, timeout=20_000):
        pass
    handle.cancel()
    assert handle.state == JobState.FINISHED


def everything_said_by(handle):
    said = []
    for name in ("started", "progressed", "finished", "failed", "cancelled", "state_changed"):
        getattr(handle, name).connect(lambda *_, name=name: said.append(name))
    return said


@pytest.mark.parametrize("lane", ["live", "queue"])
def test_a_dropped_job_is_closed_and_nothing_more_is_heard_of_it(engine, qtbot, lane):
    in_step, go_on, closed = Event(), Event(), []

    def job(task, controls):
        try:
            for step in range(100):
                yield Progress("step", step)
                in_step.set()
                wait_for(go_on)
        finally:
            closed.append(True)
            raise ValueError("and even this is nobody's business")

    by_key = []
    engine.failed.connect(lambda key, failure: by_key.append(key))
    handle = getattr(engine, lane)("style", job, None)
    said = everything_said_by(handle)
    wait_for(in_step)
    handle.drop()
    assert handle.state is JobState.CANCELLED
    assert not engine.is_idle  # its step is not over yet
    with qtbot.waitSignal(engine.idle, timeout=20_000):
        go_on.set()
    assert closed == [True]
    assert (said, by_key) == ([], [])


def test_what_a_dropped_job_had_said_already_is_not_told_any_more(engine, qtbot):
    done = Event()

    def job(task, controls):
        yield Progress("nearly there")
        done.set()
        return "a result"

    handle = engine.live("style", job, None)
    said = everything_said_by(handle)
    wait_for(done)  # this thread is busy: nothing has arrived
    with qtbot.waitSignal(engine.idle, timeout=20_000):
        handle.drop()
    assert said == []


def test_dropping_a_job_that_is_over_changes_nothing(engine, qtbot):
    def job(task, controls):
        yield Progress("at once")

    handle = engine.live("style", job, None)
    with qtbot.waitSignal(handle.finished, timeout=20_000):
        pass
    handle.drop()
    assert handle.state is JobState.FINISHED


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (RuntimeError("the tensors disagree"), "RuntimeError: the tensors disagree"),
        (torch.OutOfMemoryError("CUDA out of memory"), "The computer ran out of memory."),
        (MemoryError(), "The computer ran out of memory."),
        (StudioError("The photo is empty.", "Choose another."), "The photo is empty."),
        (OSError(errno.ENOSPC, "No space left on device"), "The disk is full."),
        (KeyboardInterrupt(), "KeyboardInterrupt"),
        (SystemExit(3), "SystemExit: 3"),
        (GeneratorExit(), "GeneratorExit"),
        (StopIteration(5), "RuntimeError: generator raised StopIteration"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else "",
)
def test_whatever_a_job_raises_is_told_with_a_remedy_and_the_engine_goes_on(engine, qtbot, error, cause):
    with qtbot.waitSignal(engine.failed, timeout=20_000) as failed:
        handle = engine.live("style", raises(error), None, new_controls())
    key, failure = failed.args
    assert (key, failure.cause) == ("style", cause)
    assert failure.remedy
    assert "about to fail" in failure.details or type(error).__name__ in failure.details
    assert handle.state == JobState.FAILED
    with qtbot.waitSignal(engine.finished, timeout=20_000) as finished:
        engine.live("style", lambda task, controls: (yield Progress("step")), 1, new_controls())
    assert finished.args == ["style", None]


def garbage_job(task, controls):
    yield "a string is no event"


def no_generator(task, controls):
    return 5


def fails_at_once(task, controls):
    raise RuntimeError("before the first yield")
    yield


@pytest.mark.parametrize(
    ("job", "cause"),
    [
        (garbage_job, "TypeError: The job yielded a str, which is no event."),
        (no_generator, "TypeError: The job is a int, not a generator."),
        (fails_at_once, "RuntimeError: before the first yield"),
        ("no such job", "KeyError: 'no such job'"),
    ],
)
def test_a_job_that_is_none_fails_and_says_why(engine, qtbot, job, cause):
    with qtbot.waitSignal(engine.failed, timeout=20_000) as failed:
        engine.queue("batch", job, None, new_controls())
    assert failed.args[1].cause == cause


def test_an_error_in_finally_while_a_job_is_cancelled_is_told(engine, qtbot):
    begun = Event()

    def job(task, controls):
        try:
            while True:
                begun.set()
                yield Progress("step")
        finally:
            raise OSError(errno.ENOSPC, "No space left on device")

    handle = engine.queue("train", job, None, new_controls())
    wait_for(begun)
    with qtbot.waitSignal(handle.failed, timeout=20_000) as failed:
        handle.cancel()
    assert failed.args[0].cause == "The disk is full."


def test_a_job_that_refuses_to_close_fails_and_does_not_hold_the_engine(engine, qtbot):
    begun = Event()

    def job(task, controls):
        try:
            while True:
                begun.set()
                yield Progress("step")
        finally:
            yield Progress("not yet")

    handle = engine.live("style", job, None, new_controls())
    wait_for(begun)
    with qtbot.waitSignal(handle.failed, timeout=20_000) as failed:
        handle.cancel()
    assert failed.args[0].cause == "RuntimeError: generator ignored GeneratorExit"


def test_out_of_memory_in_one_job_leaves_the_other_untouched(engine, qtbot):
    steps = []

    def training(task, controls):
        for step in range(60):
            steps.append(step)
            yield Progress("training", step, 60)
        return "trained"

    trained = engine.queue("train", training, None, new_controls())
    failures = []
    engine.failed.connect(lambda key, failure: failures.append((key, failure.cause)))
    with qtbot.waitSignal(trained.finished, timeout=20_000) as finished:
        for panel, error in enumerate((torch.OutOfMemoryError("CUDA out of memory"), MemoryError())):
            engine.live(f"panel {panel}", raises(error), None, new_controls())
        over = RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate 9999999999 bytes.")
        engine.live("panel 2", raises(over), None, new_controls())
    assert finished.args == ["trained"]
    assert steps == list(range(60))
    qtbot.waitUntil(lambda: len(failures) == 3, timeout=20_000)
    assert {cause for _, cause in failures} == {"The computer ran out of memory."}


def test_what_an_out_of_memory_job_held_in_cycles_is_freed_before_the_next_step(engine, qtbot):
    freed_before_next_step = []

    class Canvas:
        alive = True

        def __del__(self):
            Canvas.alive = False

    def hungry(task, controls):
        canvas = Canvas()
        canvas.itself = canvas
        yield Progress("painting")
        raise torch.OutOfMemoryError("CUDA out of memory")

    def next_job(task, controls):
        freed_before_next_step.append(not Canvas.alive)
        yield Progress("painting")

    with qtbot.waitSignal(engine.idle, timeout=20_000):
        engine.queue("hungry", hungry, None, new_controls())
        engine.queue("next", next_job, None, new_controls())
    assert freed_before_next_step == [True]


def test_widgets_that_die_in_a_cycle_are_never_collected_on_the_engines_thread(engine, qtbot):
    """Qt warns (and may crash) when a timer dies on a foreign thread; any Qt warning fails the test."""

    def make_garbage():
        owner = QObject()
        timer = QTimer(owner)
        timer.start(1000)
        owner.itself, owner.timer = owner, timer

    def allocating(task, controls):
        for step in range(200):
            _ = [[number] for number in range(1000)]
            yield Progress("allocating", step, 200)

    with qtbot.waitSignal(engine.idle, timeout=20_000):
        engine.live("style", allocating, None, new_controls())
        for _ in range(100):
            make_garbage()
    qtbot.wait(300)
    gc.collect()


def test_closing_in_mid_job_leaves_no_thread_and_loses_no_finished_result(qapp):
    engine, results, ends = Engine("test"), [], []
    in_step, go_on, closed = Event(), Event(), []

    def quick(task, controls):
        yield Preview(None, 1)
        return task

    def endless(task, controls):
        try:
            while True:
                in_step.set()
                wait_for(go_on)
                yield Progress("painting")
        finally:
            closed.append("painting saved")

    engine.finished.connect(lambda key, result: results.append(result))
    engine.cancelled.connect(ends.append)
    for number in range(20):
        engine.queue(f"batch {number}", quick, number, new_controls())
    engine.queue("painting", endless, None, new_controls())
    wait_for(in_step)  # all 20 have returned, and the UI thread has not looked yet
    engine.queue("never", quick, 99, new_controls())
    assert results == []
    go_on.set()
    assert engine.shut_down(20_000)
    assert results == list(range(20))
    assert closed == ["painting saved"]
    assert ends == ["painting", "never"]
    assert running_threads() == []
    assert gc.isenabled()


def test_a_step_that_returns_while_the_window_closes_is_delivered(qapp):
    engine, results = Engine("test"), []
    in_step, go_on = Event(), Event()

    def job(task, controls):
        yield Progress("first")
        in_step.set()
        wait_for(go_on)
        return "the last stroke"

    engine.finished.connect(lambda key, result: results.append(result))
    engine.live("style", job, None, new_controls())
    wait_for(in_step)
    assert not engine.shut_down(50)  # the step is still running
    go_on.set()
    assert engine.shut_down(20_000)
    assert results == ["the last stroke"]


def asks_to_finish(begun, ended):
    """A painting that goes on until it is asked for what it has reached, and takes a step to hand it over."""

    def job(task, controls):
        begun.set()
        while not controls.finishing:
            yield Progress("painting")
        yield Progress("handing over")
        ended.append(task)
        return task

    return job


def test_a_job_asked_to_finish_returns_what_it_reached_when_the_window_closes(qapp):
    engine, begun, ended, finished = Engine("closing"), Event(), [], []
    engine.finished.connect(lambda key, result: finished.append((key, result)))
    handle = engine.live("style", asks_to_finish(begun, ended), "painted so far", new_controls())
    other = engine.queue("train", asks_to_finish(Event(), ended), "not asked", new_controls())
    wait_for(begun)
    handle.finish()
    assert engine.shut_down(20_000)
    assert finished == [("style", "painted so far")]
    assert ended == ["painted so far"]
    assert (handle.state, other.state) == (JobState.FINISHED, JobState.CANCELLED)


def test_queued_jobs_asked_to_finish_are_done_in_their_order_before_the_engine_ends(qapp):
    engine, begun, go_on, done = Engine("closing"), Event(), Event(), []

    def busy(task, controls):
        begun.set()
        wait_for(go_on)
        yield Progress("opening a large picture")
        done.append(task)

    def save(task, controls):
        yield Progress("saving")
        done.append(task)

    engine.queue("open", busy, "opened", new_controls())
    wait_for(begun)
    for name in ("first", "second"):
        engine.queue(name, save, name, new_controls()).finish()
    go_on.set()
    assert engine.shut_down(20_000)
    assert done == ["first", "second"] or done == ["opened", "first", "second"]


def test_a_job_that_never_hands_over_does_not_hold_the_window(qapp, monkeypatch):
    monkeypatch.setattr(scheduler, "FINISHING_S", 0.05)
    engine, begun = Engine("closing"), Event()

    def stubborn(task, controls):
        while True:
            begun.set()
            yield Progress("just one more step")

    handle = engine.live("style", stubborn, None, new_controls())
    wait_for(begun)
    handle.finish()
    assert engine.shut_down(20_000)
    assert handle.state == JobState.CANCELLED


def test_a_closed_engine_takes_no_jobs(qapp):
    engine = Engine("test")
    assert engine.shut_down(20_000)
    assert engine.live("style", garbage_job, None, new_controls()).state == JobState.CANCELLED
    assert engine.queue("batch", garbage_job, None, new_controls()).state == JobState.CANCELLED
    assert engine.is_idle
    assert engine.shut_down(20_000)


def test_two_engines_work_side_by_side(make_engine, qtbot):
    studio, pictures = make_engine("studio"), make_engine("pictures")
    both = Event()

    def waits_for_the_other(task, controls):
        yield Progress("waiting")
        wait_for(both)
        return "met"

    def frees_the_other(task, controls):
        both.set()
        yield Log("here")

    with qtbot.waitSignals([studio.finished, pictures.finished], timeout=20_000):
        studio.live("style", waits_for_the_other, None, new_controls())
        pictures.live("compose", frees_the_other, None, new_controls())
