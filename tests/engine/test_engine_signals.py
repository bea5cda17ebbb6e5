"""What arrives in the UI thread: everything in order, frames only as fast as they can be shown."""

from threading import Event, get_ident

import numpy as np

from studio.core.controls import Controls
from studio.core.events import Log, Metrics, Preview, Progress
from studio.core.settings import Settings, setting
from studio.engine.outbox import CAPACITY


class Knobs(Settings):
    level: int = setting(0, label="Level", help="How much.", low=0, high=1000, effect="steer")


def new_controls():
    return Controls(Knobs())


def wait_for(event: Event) -> None:
    assert event.wait(20)


def frame(step):
    return Preview(np.full((2, 2, 3), step % 256, np.uint8), step)


def test_signals_arrive_in_the_order_of_the_events_and_in_the_ui_thread(engine, qtbot):
    threads = set()

    def job(task, controls):
        yield Progress("painting", 0, 2)
        yield frame(1)
        yield Metrics(1, {"loss": 0.5})
        yield Log("halfway")
        yield Progress("painting", 2, 2)
        return "painted"

    for signal in (engine.started, engine.progressed, engine.frame_ready, engine.finished):
        signal.connect(lambda *_: threads.add(get_ident()))
    order = [
        (engine.started, lambda key: key == "style"),
        (engine.progressed, lambda key, progress: progress == Progress("painting", 0, 2)),
        (engine.frame_ready, lambda key, preview: preview.step == 1),
        (engine.measured, lambda key, metrics: metrics == Metrics(1, {"loss": 0.5})),
        (engine.logged, lambda key, log: log == Log("halfway")),
        (engine.progressed, lambda key, progress: progress.done == 2),
        (engine.finished, lambda key, result: (key, result) == ("style", "painted")),
        (engine.idle, lambda: True),
    ]
    signals, checks = zip(*order, strict=True)
    with qtbot.waitSignals(signals, order="strict", check_params_cbs=checks, timeout=20_000):
        engine.live("style", job, None, new_controls())
    assert threads == {get_ident()}


def test_a_handle_says_the_same_without_the_key(engine, qtbot):
    def job(task, controls):
        yield Progress("painting", 1, 1)
        yield frame(1)
        yield Metrics(1)
        yield Log("halfway")
        return "painted"

    handle = engine.queue("style", job, None, new_controls())
    order = [
        (handle.started, lambda: True),
        (handle.progressed, lambda progress: progress == Progress("painting", 1, 1)),
        (handle.frame_ready, lambda preview: preview.picture.shape == (2, 2, 3)),
        (handle.measured, lambda metrics: metrics == Metrics(1)),
        (handle.logged, lambda log: log == Log("halfway")),
        (handle.finished, lambda result: result == "painted"),
    ]
    signals, checks = zip(*order, strict=True)
    with qtbot.waitSignals(signals, order="strict", check_params_cbs=checks, timeout=20_000):
        pass


def test_a_lagging_window_gets_the_newest_frame_and_every_other_event_in_order(engine, qtbot):
    done, heard = Event(), []

    def job(task, controls):
        for step in range(100):
            yield frame(step)
            yield Metrics(step)
        done.set()
        return "painted"

    engine.frame_ready.connect(lambda key, preview: heard.append(("frame", preview.step)))
    engine.measured.connect(lambda key, metrics: heard.append(("metrics", metrics.step)))
    engine.finished.connect(lambda key, result: heard.append(("finished", result)))
    engine.live("style", job, None, new_controls())
    wait_for(done)  # without looking at a single event
    with qtbot.waitSignal(engine.idle, timeout=20_000):
        pass
    assert [step for kind, step in heard if kind == "metrics"] == list(range(100))
    assert [step for kind, step in heard if kind == "frame"] == [99]
    assert heard[-3:] == [("frame", 99), ("metrics", 99), ("finished", "painted")]


def test_each_job_keeps_a_frame_of_its_own(engine, qtbot):
    done, frames = Event(), []

    def job(task, controls):
        for step in range(10):
            yield frame(step)
        if task == "second":
            done.set()

    engine.frame_ready.connect(lambda key, preview: frames.append((key, preview.step)))
    engine.queue("first", job, "first", new_controls())
    engine.queue("second", job, "second", new_controls())
    wait_for(done)
    with qtbot.waitSignal(engine.idle, timeout=20_000):
        pass
    assert frames == [("first", 9), ("second", 9)]


def test_a_window_that_stands_still_holds_the_engine_instead_of_filling_the_memory(engine, qtbot):
    steps, measured = [], []

    def job(task, controls):
        for step in range(3 * CAPACITY):
            steps.append(step)
            yield Metrics(step)

    engine.measured.connect(lambda key, metrics: measured.append(metrics.step))
    engine.live("style", job, None, new_controls())
    while len(steps) < CAPACITY - 1:
        pass
    Event().wait(0.2)  # time in which an unbounded job would have run to its end
    assert len(steps) <= CAPACITY
    with qtbot.waitSignal(engine.idle, timeout=20_000):
        pass
    assert measured == list(range(3 * CAPACITY))


def test_closing_does_not_wait_for_a_window_that_lags(engine):
    steps = []

    def endless(task, controls):
        while True:
            steps.append(0)
            yield Metrics(len(steps))

    engine.live("style", endless, None, new_controls())
    while len(steps) < CAPACITY - 1:
        pass
    assert engine.shut_down(20_000)


def test_twenty_thousand_emits_survive(engine, qtbot):
    counts = {"handle": 0, "engine": 0}

    def count(name):
        counts[name] += 1

    def job(task, controls):
        for step in range(20_000):
            yield Progress("painting", step, 20_000)

    handle = engine.live("style", job, None, new_controls())
    handle.progressed.connect(lambda progress: count("handle"))
    engine.progressed.connect(lambda key, progress: count("engine"))
    with qtbot.waitSignal(engine.idle, timeout=60_000):
        pass
    assert counts == {"handle": 20_000, "engine": 20_000}


def test_new_settings_reach_the_running_job(engine, qtbot):
    def job(task, controls):
        while controls.settings.level == 0:
            yield Progress("waiting for a slider")
        return controls.settings.level

    handle = engine.live("style", job, None, new_controls())
    with qtbot.waitSignal(handle.progressed, timeout=20_000):
        pass
    with qtbot.waitSignal(handle.finished, timeout=20_000) as finished:
        handle.controls.replace(Knobs(level=7))
    assert finished.args == [7]


def test_a_modal_dialog_in_a_slot_does_not_hold_up_other_jobs(engine, qtbot):
    """A nested event loop is what `QMessageBox.exec` runs."""
    inner = []

    def job(task, controls):
        yield Log(task)
        return task

    def show_dialog(key, result):
        if key == "first":
            with qtbot.waitSignal(engine.idle, timeout=20_000):
                engine.live("second", job, "second", new_controls())
            inner.append("second came while the dialog was open")

    engine.finished.connect(show_dialog)
    with qtbot.waitSignal(engine.started, timeout=20_000):
        engine.live("first", job, "first", new_controls())
    qtbot.waitUntil(lambda: bool(inner), timeout=20_000)
