"""Which job runs when: latest wins, first in first out, shares of the time, pause and resume."""

import itertools
import os
import sys
import time
from threading import Event, get_native_id

import pytest

from studio.core.controls import Controls
from studio.core.events import Log, Metrics, Progress
from studio.core.settings import Settings
from studio.engine import JobState


class Nothing(Settings):
    pass


def new_controls():
    return Controls(Nothing())


def number_job(task, controls):
    yield Progress("counting", task, 0)
    return task


def wait_for(event: Event) -> None:
    assert event.wait(20)


def test_a_burst_of_slider_moves_leaves_at_most_two_renders_and_the_last_is_the_newest(engine, qtbot):
    rendered, finished = [], []

    def render(task, controls):
        yield Progress("rendering")
        time.sleep(0.002)
        yield Progress("rendering")
        rendered.append(task)
        return task

    engine.finished.connect(lambda key, result: finished.append((key, result)))
    with qtbot.waitSignal(engine.idle, timeout=20_000):
        for move in range(1000):
            engine.live("style", render, move, new_controls())
    assert finished[-1] == ("style", 999)
    assert len(finished) <= 2
    assert rendered[-1] == 999


def test_a_running_render_may_come_to_its_end_and_only_what_waits_is_replaced(engine, qtbot):
    begun, go_on, finished = Event(), Event(), []

    def render(task, controls):
        begun.set()
        wait_for(go_on)
        yield Progress("rendering")
        return task

    engine.finished.connect(lambda key, result: finished.append(result))
    with qtbot.waitSignal(engine.idle, timeout=20_000):
        first = engine.live("compose", render, 0, new_controls(), after_running=True)
        wait_for(begun)
        others = [engine.live("compose", render, move, new_controls(), after_running=True) for move in range(1, 1000)]
        go_on.set()
    assert finished == [0, 999]
    assert first.state == others[-1].state == JobState.FINISHED
    assert {handle.state for handle in others[:-1]} == {JobState.CANCELLED}


def test_no_event_of_a_replaced_job_arrives(engine, qtbot):
    half_way, heard = Event(), []

    def old(task, controls):
        yield Log("old")
        yield Log("old")
        half_way.set()
        yield Log("old")

    def new(task, controls):
        yield Log("new")

    engine.logged.connect(lambda key, log: heard.append(log.message))
    engine.cancelled.connect(lambda key: heard.append("cancelled"))
    first = engine.live("style", old, None, new_controls())
    first.logged.connect(lambda log: heard.append(log.message))
    first.cancelled.connect(lambda: heard.append("cancelled"))
    wait_for(half_way)  # three events of the old job are on their way now
    with qtbot.waitSignal(engine.idle, timeout=20_000):
        engine.live("style", new, None, new_controls())
    assert heard == ["new"]
    assert first.state == JobState.CANCELLED


def test_a_replaced_job_is_closed_before_its_successor_starts(engine, qtbot):
    order, begun = [], Event()

    def old(task, controls):
        try:
            while True:
                begun.set()
                yield Progress("old")
        finally:
            order.append("old closed")

    def new(task, controls):
        order.append("new started")
        yield Progress("new")

    engine.live("style", old, None, new_controls())
    wait_for(begun)
    with qtbot.waitSignal(engine.idle, timeout=20_000):
        engine.live("style", new, None, new_controls())
    assert order == ["old closed", "new started"]


def test_a_successor_with_the_same_controls_is_not_cancelled_along(engine, qtbot):
    controls, begun = new_controls(), Event()

    def endless(task, controls):
        while True:
            begun.set()
            yield Progress("on and on")

    engine.live("style", endless, None, controls)
    wait_for(begun)
    with qtbot.waitSignal(engine.finished, timeout=20_000) as finished:
        engine.live("style", number_job, 7, controls)
    assert finished.args == ["style", 7]


def test_the_queue_runs_first_in_first_out_and_one_at_a_time(engine, qtbot):
    steps = []

    def batch(task, controls):
        for step in range(3):
            steps.append((task, step))
            yield Progress("batch", step, 3)

    with qtbot.waitSignal(engine.idle, timeout=20_000):
        for number in range(4):
            engine.queue(f"batch {number}", batch, number, new_controls())
    assert steps == [(number, step) for number in range(4) for step in range(3)]


def run_side_by_side(engine, qtbot, live_keys, stop_after):
    """Run endless live jobs beside an endless queued one, each step about a millisecond; return who took which step."""
    turns = []

    def endless(task, controls):
        while len(turns) < stop_after:
            turns.append(task)
            until = time.perf_counter() + 0.001
            while time.perf_counter() < until:
                pass
            yield Metrics(len(turns))

    with qtbot.waitSignal(engine.idle, timeout=30_000):
        engine.queue("train", endless, "train", new_controls())
        for key in live_keys:
            engine.live(key, endless, key, new_controls())
    return turns


def test_live_and_queued_steps_interleave_and_the_queue_gets_about_a_fifth(engine, qtbot):
    turns = run_side_by_side(engine, qtbot, ["style"], stop_after=600)
    both_there = turns[turns.index("style") :]
    assert both_there.count("train") / len(both_there) == pytest.approx(0.2, abs=0.15)  # a busy machine shifts it


def test_a_queued_job_that_is_asked_for_what_it_has_reached_goes_before_live_ones(engine, qtbot):
    turns = []

    def train(task, controls):
        while not controls.finishing:
            yield Progress("training")
        for step in range(30):  # brings the step in progress to its end, and saves
            turns.append("train")
            yield Progress("saving", step, 30)

    def paint(task, controls):
        while True:
            turns.append("paint")
            yield Progress("painting")

    queued = engine.queue("train", train, None, new_controls())
    live = engine.live("style", paint, None, new_controls())
    with qtbot.waitSignal(queued.progressed, timeout=20_000):
        pass
    with qtbot.waitSignal(queued.finished, timeout=20_000):
        queued.finish()
    qtbot.waitUntil(lambda: turns[-1] == "paint", timeout=20_000)  # and the painting goes on
    with qtbot.waitSignal(live.cancelled, timeout=20_000):
        live.cancel()
    first = turns.index("train")
    assert turns[first : first + 30] == ["train"] * 30


def test_live_jobs_of_several_panels_take_turns(engine, qtbot):
    turns = run_side_by_side(engine, qtbot, ["style", "restore"], stop_after=600)
    live = [turn for turn in turns[turns.index("restore") :] if turn != "train"]
    assert all(first != second for first, second in itertools.pairwise(live))


def test_the_queue_has_the_whole_engine_when_no_live_job_wants_it(engine, qtbot):
    turns = run_side_by_side(engine, qtbot, [], stop_after=50)
    assert turns == ["train"] * 50


def test_the_engine_tells_whether_live_work_goes_before_the_queue(engine, qtbot):
    def endless(task, controls):
        while True:
            yield Progress("painting")

    assert not engine.has_live_work
    queued = engine.queue("train", endless, None, new_controls())
    assert not engine.has_live_work
    live = engine.live("style", endless, None, new_controls())
    assert engine.has_live_work
    live.pause()
    assert not engine.has_live_work
    live.resume()
    with qtbot.waitSignals([live.cancelled, queued.cancelled], timeout=20_000):
        live.cancel()
        queued.cancel()
    assert not engine.has_live_work


def test_a_paused_job_takes_no_step_until_it_is_resumed(engine, qtbot):
    steps, states = [], []

    def endless(task, controls):
        while not controls.finishing:
            steps.append(task)
            yield Progress("on and on")
        return len(steps)

    handle = engine.queue("train", endless, "train", new_controls())
    handle.state_changed.connect(states.append)
    with qtbot.waitSignal(handle.progressed, timeout=20_000):
        pass
    handle.pause()
    assert handle.state == JobState.PAUSED
    with qtbot.waitSignal(engine.finished, timeout=20_000):  # one more step may have been in progress
        engine.live("other", number_job, 1, new_controls())
    taken = len(steps)
    with qtbot.waitSignal(engine.finished, timeout=20_000):
        engine.live("other", number_job, 2, new_controls())
    assert len(steps) == taken
    handle.resume()
    qtbot.waitUntil(lambda: len(steps) > taken, timeout=20_000)
    with qtbot.waitSignal(handle.finished, timeout=20_000) as finished:
        handle.finish()
    assert finished.args == [len(steps)]
    assert states == ["running", "paused", "running", "finished"]


def test_a_paused_queued_job_lets_the_next_one_pass(engine, qtbot):
    controls = new_controls()
    controls.pause()
    held = engine.queue("held", number_job, 1, controls)
    with qtbot.waitSignal(engine.finished, timeout=20_000) as finished:
        engine.queue("next", number_job, 2, new_controls())
    assert finished.args == ["next", 2]
    assert held.state == JobState.PAUSED
    with qtbot.waitSignal(held.finished, timeout=20_000):
        held.resume()


def test_an_idle_engine_uses_no_time(engine, qtbot):
    with qtbot.waitSignal(engine.finished, timeout=20_000):
        engine.live("style", number_job, 1, new_controls())
    spent = []

    def clock(task, controls):
        spent.append(time.thread_time())
        yield Progress("clock")

    with qtbot.waitSignal(engine.idle, timeout=20_000):
        engine.live("clock", clock, None, new_controls())
    qtbot.wait(300)
    with qtbot.waitSignal(engine.idle, timeout=20_000):
        engine.live("clock", clock, None, new_controls())
    assert spent[1] - spent[0] < 0.1  # a polling or spinning loop would have burnt most of the 300 ms


@pytest.mark.skipif(sys.platform != "linux", reason="only there has a thread a niceness of its own")
def test_the_engines_thread_stands_back_and_the_ui_thread_does_not(make_engine, qtbot):
    def niceness(task, controls):
        yield Progress("looking")
        return os.getpriority(os.PRIO_PROCESS, get_native_id())

    ours = os.getpriority(os.PRIO_PROCESS, get_native_id())
    studio = make_engine("studio")
    with qtbot.waitSignal(studio.finished, timeout=20_000) as finished:
        studio.live("look", niceness, None, new_controls())
    assert finished.args == ["look", min(ours + 10, 19)]
    assert os.getpriority(os.PRIO_PROCESS, get_native_id()) == ours
