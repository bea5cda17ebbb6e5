import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.training.schedule import Phase, Ramp, Schedule, Timeline
from studio.ui.controls.number_box import read_number
from studio.ui.panels.train.schedule_editor import edits
from studio.ui.panels.train.schedule_editor.columns import COLUMNS
from studio.ui.panels.train.schedule_editor.edits import Point

COLUMN = {column.key: column for column in COLUMNS}
RAMP_UP = Ramp(start=0.001, end=0.01, decay="linear")
LEVEL = Ramp.level(0.01)


def laid(*phases: Phase, examples: int = 100, batch: int = 5) -> Timeline:
    return Schedule(phases=phases).timeline(examples, batch=batch, size=64)


def phase(duration: float, unit: str = "epochs", rate: Ramp = LEVEL, **more: object) -> Phase:
    return Phase.model_validate({"duration": duration, "unit": unit, "learning_rate": rate, **more})


def durations(schedule: Schedule) -> list[float]:
    return [p.duration for p in schedule.phases]


# --- borders


@given(st.lists(st.integers(2, 60), min_size=2, max_size=4), st.data())
def test_a_border_gives_to_one_phase_what_it_takes_from_the_next(tenths: list[int], data: st.DataObject) -> None:
    timeline = laid(*(phase(n / 10) for n in tenths))
    index = data.draw(st.integers(0, len(tenths) - 2))
    moved = durations(edits.move_border(timeline, index, data.draw(st.floats(-50, 300))))
    before = durations(timeline.schedule)
    assert sum(moved) == pytest.approx(sum(before))
    assert [i for i in range(len(moved)) if moved[i] != before[i]] in ([], [index, index + 1])
    assert all(d >= 0.1 and d == pytest.approx(round(d, 1)) for d in moved)


def test_a_border_snaps_to_tenths_of_an_epoch_and_whole_steps() -> None:
    epochs = laid(phase(2), phase(3))  # 20 steps an epoch
    assert durations(edits.move_border(epochs, 0, 25.3)) == [1.3, 3.7]
    steps = laid(phase(40, "steps"), phase(60, "steps"))
    assert durations(edits.move_border(steps, 0, 25.3)) == [25, 75]


@pytest.mark.parametrize("target", [-10, 3.2, 27.9, 61.5, 500])
@pytest.mark.parametrize("units", [("epochs", "steps"), ("steps", "epochs")])
def test_a_border_between_epochs_and_steps_keeps_the_end(units: tuple[str, str], target: float) -> None:
    lengths = {"epochs": 2.0, "steps": 40.0}
    timeline = laid(*(phase(lengths[unit], unit) for unit in units), phase(1))
    moved = edits.move_border(timeline, 0, target).timeline(100, batch=5, size=64)
    assert moved.phase_start(2) == timeline.phase_start(2) == 80
    assert moved.total_steps == timeline.total_steps
    assert abs(moved.phase_start(1) - min(max(target, 1), 79)) <= 2  # a tenth of an epoch is 2 steps


def test_the_last_border_makes_the_training_longer() -> None:
    assert durations(edits.move_border(laid(phase(2), phase(3)), 1, 130)) == [2, 4.5]


def test_a_border_stays_behind_what_has_been_trained() -> None:
    timeline = laid(phase(2), phase(3))
    assert durations(edits.move_border(timeline, 0, 5, earliest=31)) == [1.6, 3.4]
    assert durations(edits.move_border(timeline, 1, 41, earliest=61)) == [2, 1.1]


any_phase = st.builds(
    lambda unit, epochs, steps, batch: phase(epochs if unit == "epochs" else steps, unit, batch=batch),
    st.sampled_from(["epochs", "steps"]),
    st.floats(0.01, 30),
    st.integers(1, 400),
    st.none() | st.integers(1, 64),
)


@given(st.lists(any_phase, min_size=1, max_size=4), st.integers(1, 500), st.floats(-1e4, 1e5), st.data())
def test_any_border_can_be_pulled_anywhere(
    phases: list[Phase], examples: int, target: float, data: st.DataObject
) -> None:
    timeline = laid(*phases, examples=examples)
    index = data.draw(st.integers(0, len(phases) - 1))
    reached = data.draw(st.integers(0, timeline.total_steps - 1))
    earliest = reached + 1 if timeline.phase_at(reached) == index else 0
    moved = edits.move_border(timeline, index, target, earliest=earliest)
    changed = [i for i, (a, b) in enumerate(zip(phases, moved.phases, strict=True)) if a != b]
    assert changed in ([], [index], [index + 1], [index, index + 1])
    after = moved.timeline(examples, batch=5, size=64)
    assert [after.phase_start(i) for i in range(index + 1)] == [timeline.phase_start(i) for i in range(index + 1)]
    if earliest:
        assert after.phase_start(index + 1) >= earliest  # what has been trained stays in its phase


# --- ends


def test_what_is_joined_moves_together() -> None:
    down = Ramp(start=0.01, end=0.0, decay="cosine")
    schedule = laid(phase(1, rate=RAMP_UP), phase(1, rate=LEVEL), phase(1, rate=down)).schedule
    moved = edits.move_point(schedule, Point(0, "learning_rate", "end"), 0.02)
    assert [p.learning_rate for p in moved.phases] == [
        Ramp(start=0.001, end=0.02, decay="linear"),
        Ramp.level(0.02),
        Ramp(start=0.02, end=0.0, decay="cosine"),
    ]
    assert edits.move_point(schedule, Point(2, "learning_rate", "start"), 0.02) == moved
    assert edits.move_point(schedule, Point(1, "learning_rate", "end"), 0.02) == moved


def test_a_point_can_be_moved_alone() -> None:
    schedule = laid(phase(1, rate=RAMP_UP), phase(1, rate=LEVEL)).schedule
    moved = edits.move_point(schedule, Point(1, "learning_rate", "start"), 0.02, alone=True)
    assert [p.learning_rate for p in moved.phases] == [RAMP_UP, Ramp(start=0.02, end=0.01, decay="linear")]


def test_what_is_over_does_not_move_along() -> None:
    schedule = laid(phase(1, rate=RAMP_UP), phase(1, rate=LEVEL)).schedule
    moved = edits.move_point(schedule, Point(1, "learning_rate", "end"), 0.02, first=1)
    assert [p.learning_rate for p in moved.phases] == [RAMP_UP, Ramp.level(0.02)]


def test_a_point_out_of_range_says_why() -> None:
    with pytest.raises(ValueError, match="below 0"):
        edits.move_point(laid(phase(1)).schedule, Point(0, "learning_rate", "start"), -1)
    with pytest.raises(ValueError, match="between 0 and just below 1"):
        edits.move_point(laid(phase(1)).schedule, Point(0, "momentum", "start"), 1)


# --- phases


def test_an_added_phase_goes_on_where_the_one_before_ends() -> None:
    first = phase(2, rate=RAMP_UP, name="Warm up", optimiser="sgd", batch=3)
    added = edits.add_phase(laid(first, phase(1)).schedule, 0)
    assert added.phases[1] == phase(2, rate=Ramp.level(0.01), optimiser="sgd", batch=3)
    assert added.phases[2] == phase(1)


def test_a_phase_is_repeated_and_removed() -> None:
    schedule = laid(phase(1, name="a"), phase(2, name="b")).schedule
    twice = edits.duplicate_phase(schedule, 1)
    assert [p.name for p in twice.phases] == ["a", "b", "b"]
    assert edits.remove_phase(twice, 2) == schedule
    with pytest.raises(ValueError, match="at least one phase"):
        edits.remove_phase(laid(phase(1)).schedule, 0)


def test_a_phase_counted_otherwise_stays_as_long() -> None:
    timeline = laid(phase(2.5), phase(1))
    in_steps = edits.change_unit(timeline, 0, "steps")
    assert (in_steps.phases[0].unit, in_steps.phases[0].duration) == ("steps", 50)
    back = edits.change_unit(in_steps.timeline(100, batch=5, size=64), 0, "epochs")
    assert back == timeline.schedule


def test_a_found_rate_becomes_the_highest_one() -> None:
    schedule = laid(phase(1, rate=RAMP_UP), phase(1, rate=LEVEL)).schedule
    scaled = edits.scale_rates(schedule, 0.05)
    assert [p.learning_rate for p in scaled.phases] == [
        Ramp(start=0.005, end=0.05, decay="linear"),
        Ramp.level(0.05),
    ]
    assert edits.scale_rates(laid(phase(1, rate=Ramp.level(0.0))).schedule, 0.05).phases[0].learning_rate == Ramp.level(
        0.05
    )


def test_what_is_over_keeps_its_rate() -> None:
    schedule = laid(phase(1, rate=Ramp.level(0.1)), phase(1, rate=LEVEL)).schedule
    assert [p.learning_rate.start for p in edits.scale_rates(schedule, 0.05, first=1).phases] == [0.1, 0.05]


# --- columns


@pytest.mark.parametrize(
    ("words", "number"), [("0.001", 1e-3), (" 0,001", 1e-3), ("1e-3", 1e-3), ("5 %", 0.05), ("1 000", 1000)]
)
def test_numbers_are_read_as_people_write_them(words: str, number: float) -> None:
    assert read_number(words) == pytest.approx(number)


@pytest.mark.parametrize("column", COLUMNS, ids=lambda column: column.key)
def test_what_a_cell_shows_can_be_written_back(column: object) -> None:
    timeline = laid(
        phase(
            2.5, rate=Ramp(start=0.01, end=0.001, decay="polynomial", power=3), name="Down", weight_decay=0.1, size=96,
            batch=7, batches=5, trains=("critic",), frozen=("body", "critic.head"), train_norms=True,
            layer_rates=(0.01, 1.0), data={"data": ("/",)},
        )
    )  # fmt: skip
    assert column in COLUMNS
    text = column.value(timeline.schedule.phases[0]) if column.choices else column.text(timeline, 0)  # type: ignore[attr-defined]
    assert text
    assert column.write(timeline, 0, text) == timeline.schedule  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("key", "typed", "field", "expected"),
    [
        ("name", " Fine ", "name", "Fine"),
        ("duration", "1,5", "duration", 1.5),
        ("learning_rate_start", "0.02", "learning_rate", Ramp.level(0.02)),
        ("learning_rate_end", "0.02", "learning_rate", Ramp(start=0.01, end=0.02, decay="linear")),
        ("learning_rate_decay", "cosine", "learning_rate", Ramp(start=0.01, end=0.01, decay="cosine")),
        ("optimiser", "sgd", "optimiser", "sgd"),
        ("size", "", "size", None),
        ("batch", "8", "batch", 8),
        ("optimiser", "rmsprop", "momentum", Ramp.level(0.0)),
        ("batches", "5", "batches", 5),
        ("trains", "critic", "trains", ("critic",)),
        ("train_norms", "yes", "train_norms", True),
        ("decay_norms", "no", "decay_norms", False),
        ("frozen", "body critic.head", "frozen", ("body", "critic.head")),
        ("layer_rates", "0.01 to 1", "layer_rates", (0.01, 1.0)),
        ("layer_rates", "", "layer_rates", None),
    ],
)
def test_a_cell_takes_what_is_typed(key: str, typed: str, field: str, expected: object) -> None:
    timeline = laid(phase(1, size=32))
    changed = COLUMN[key].write(timeline, 0, typed)
    assert getattr(changed.phases[0], field) == expected


@pytest.mark.parametrize(
    ("key", "typed", "words"),
    [
        ("duration", "long", "“long” is no number"),
        ("duration", "0", "greater than 0"),
        ("momentum_start", "1", "between 0 and just below 1"),
        ("batch", "1.5", "no whole number"),
        ("power", "2", "Only the shape"),
        ("layer_rates", "1", "Two factors"),
        ("weight_decay", "-1", "greater than or equal to 0"),
    ],
)
def test_a_cell_says_why_it_cannot_take_something(key: str, typed: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        COLUMN[key].write(laid(phase(1)), 0, typed)


def test_choosing_steady_keeps_the_start() -> None:
    changed = COLUMN["learning_rate_decay"].write(laid(phase(1, rate=RAMP_UP)), 0, "none")
    assert changed.phases[0].learning_rate == Ramp.level(0.001)


def test_a_momentum_that_somebody_has_chosen_stays_with_any_optimiser() -> None:
    changed = COLUMN["optimiser"].write(laid(phase(1, momentum=Ramp.level(0.5))), 0, "rmsprop")
    assert changed.phases[0].momentum == Ramp.level(0.5)
