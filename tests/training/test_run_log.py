import json
import math
import os

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from training_kit import full_disk

from studio.training.run_log import RunHistory, RunLog, Series


@pytest.fixture
def path(tmp_path):
    return tmp_path / "events.jsonl"


def metrics(log, step, **values):
    log.write("metrics", step, values=values, epoch=step / 10, rate=0.1, momentum=0.9)


def test_history_keeps_up_with_a_growing_log(path):
    history = RunHistory(path)
    assert not history.poll()
    with RunLog(path) as log:
        metrics(log, 1, loss=3.0)
        assert history.poll()
        metrics(log, 2, loss=2.0, style=1.0)
        log.write("sample", 2, file="samples/00000002.png")
        assert history.poll()
        assert not history.poll()
    assert history.metrics["loss"].steps.tolist() == [1, 2]
    assert history.metrics["loss"].values.tolist() == [3.0, 2.0]
    assert history.metrics["style"].steps.tolist() == [2]
    assert history.epoch.values.tolist() == [0.1, 0.2]
    assert history.of_kind("sample")[0].facts["file"] == "samples/00000002.png"
    assert history.step == 2


def test_what_a_resumed_run_does_again_replaces_what_it_did(path):
    with RunLog(path) as log:
        for step in range(1, 8):
            metrics(log, step, loss=float(step))
        log.write("sample", 6, file="old.png")
        log.write("log", 6, message="half the batch", level="warning")
        log.write("resumed", 4)
        metrics(log, 5, loss=50.0)
    history = RunHistory(path)
    history.poll()
    assert history.metrics["loss"].steps.tolist() == [1, 2, 3, 4, 5]
    assert history.metrics["loss"].values.tolist() == [1, 2, 3, 4, 50]
    assert history.of_kind("sample") == ()
    assert history.of_kind("log")[0].facts["message"] == "half the batch"
    assert history.step == 5


def test_what_a_full_disk_does_not_take_leaves_no_half_line(path):
    with RunLog(path) as log:
        metrics(log, 1, loss=1.0)
        before = path.read_bytes()
        with full_disk(room=len(before) + 20), pytest.raises(OSError, match="large"):
            log.write_all([("log", 2, {"message": "long" * 100, "level": "info"})])
        assert path.read_bytes() == before
        metrics(log, 2, loss=0.5)
    history = RunHistory(path)
    history.poll()
    assert history.metrics["loss"].values.tolist() == [1.0, 0.5]


def test_half_a_line_of_a_killed_process_is_passed_over(path):
    path.write_bytes(b'{"t": 1, "type": "metrics", "step": 1, "values": {"loss": 1.0}}\n{"t": 2, "type": "metr')
    with RunLog(path) as log:
        metrics(log, 2, loss=0.5)
    history = RunHistory(path)
    history.poll()
    assert history.metrics["loss"].steps.tolist() == [1, 2]


def test_a_line_is_read_only_once_it_is_whole(path):
    line = json.dumps({"t": 1, "type": "metrics", "step": 1, "values": {"loss": 1.0}}).encode() + b"\n"
    history = RunHistory(path)
    path.write_bytes(line[:20])
    history.poll()
    assert "loss" not in history.metrics
    path.write_bytes(line)
    history.poll()
    assert len(history.metrics["loss"]) == 1


def test_numbers_that_are_none_become_gaps(path):
    with RunLog(path) as log:
        metrics(log, 1, loss=math.inf)
    assert "Infinity" not in path.read_text()
    history = RunHistory(path)
    history.poll()
    assert np.isnan(history.metrics["loss"].values).all()


def test_time_between_sittings_is_no_work(path):
    events = [
        {"t": 100, "type": "state", "step": 0, "state": "running"},
        {"t": 110, "type": "metrics", "step": 1, "values": {}},  # killed here
        {"t": 500, "type": "state", "step": 1, "state": "running"},
        {"t": 520, "type": "state", "step": 2, "state": "paused"},
        {"t": 900, "type": "log", "step": 2, "message": "a note"},
    ]
    path.write_text("".join(json.dumps(event) + "\n" for event in events))
    history = RunHistory(path)
    history.poll()
    assert history.seconds == 30
    assert history.logged_state == "paused"


def test_a_long_log_can_be_read_in_pieces(path):
    with RunLog(path) as log:
        for step in range(1, 301):
            metrics(log, step, loss=float(step))
    history, polls = RunHistory(path), 0
    while history.poll(limit=1000):
        polls += 1
    assert polls > 10
    assert history.metrics["loss"].values.tolist() == list(range(1, 301))


def test_a_replaced_file_is_read_from_its_beginning(path):
    with RunLog(path) as log:
        metrics(log, 1, loss=1.0)
        metrics(log, 2, loss=1.0)
    history = RunHistory(path)
    history.poll()
    path.write_bytes(b'{"t": 1, "type": "metrics", "step": 1, "values": {"loss": 9.0}}\n')
    history.poll()
    assert history.metrics["loss"].values.tolist() == [9.0]


@given(st.lists(st.floats(-1e6, 1e6), max_size=700), st.integers(0, 800))
def test_a_series_forgets_exactly_what_lies_behind_a_step(values, step):
    series = Series()
    for index, value in enumerate(values):
        series.append(index, value)
    before = series.values
    series.forget_after(step)
    series.append(10_000, 1.0)
    assert series.values[:-1].tolist() == values[: step + 1]
    assert before.tolist() == values  # whoever looked keeps what it saw
    assert not series.values.flags.writeable


def test_a_name_of_other_bytes_than_text_is_kept(path):
    with RunLog(path) as log:
        log.write("log", 1, message=os.fsdecode(b"caf\xe9.png is broken"))
    history = RunHistory(path)
    history.poll()
    assert history.of_kind("log")[0].facts["message"] == os.fsdecode(b"caf\xe9.png is broken")


@pytest.mark.parametrize("line", [
    "[]", "3", '{"t": 1, "type": "metrics"}', '{"t": 1, "type": "metrics", "step": Infinity}',
    '{"t": "x", "type": "metrics", "step": 1}', '{"t": 1, "type": "metrics", "step": 1, "values": 7}',
    '{"t": 1, "type": "validation", "step": 1, "values": {"loss": "low"}}',
])  # fmt: skip
def test_lines_that_make_no_sense_do_not_stop_the_reader(path, line):
    path.write_text(f'{line}\n{{"t": 1, "type": "metrics", "step": 2, "values": {{"loss": 1.0}}}}\n')
    history = RunHistory(path)
    assert history.poll()
    assert history.metrics["loss"].steps.tolist() == [2]
