from pathlib import Path

from training_kit import new_run, toy_plan

from studio.training.run_folder import RunFolder
from studio.training.run_log import RunLog
from studio.training.run_summary import summarise


def written(path: Path, *events: tuple[str, int, dict], title: str = "") -> RunFolder:
    run = new_run(path, toy_plan(10).model_copy(update={"title": title}))
    with RunLog(run.events_file) as log:
        for kind, step, facts in events:
            log.write(kind, step, **facts)
    return run


def test_a_new_run_has_not_begun(tmp_path):
    seen = summarise(new_run(tmp_path / "wave").path)
    assert (seen.title, seen.state, seen.step, seen.total, seen.trouble) == ("wave", "new", 0, 0, "")


def test_the_newest_words_count(tmp_path):
    run = written(
        tmp_path / "run",
        ("state", 0, {"state": "running"}),
        ("pace", 5, {"total": 100, "images_per_second": 3.0}),
        ("metrics", 9, {"values": {"loss": 1.0}}),
        ("pace", 9, {"total": 80, "images_per_second": 4.5}),
        ("state", 12, {"state": "paused"}),
        title="The wave",
    )
    longer = written(
        tmp_path / "longer",
        ("pace", 9, {"total": 10, "images_per_second": 4.5}),
        ("extended", 10, {"steps": 5, "total": 15}),
        ("state", 10, {"state": "running"}),
    )
    assert summarise(longer.path).total == 15
    seen = summarise(run.path)
    assert (seen.title, seen.state, seen.step, seen.total, seen.images_per_second) == (
        "The wave",
        "paused",
        12,
        80,
        4.5,
    )


def test_a_long_log_is_read_from_its_end_and_says_that_it_works(tmp_path):
    run = written(tmp_path / "run", ("state", 0, {"state": "running"}))
    with RunLog(run.events_file) as log:
        log.write_all([("metrics", step, {"values": {"loss": 0.123456789, "style": 0.5}}) for step in range(1, 3000)])
    assert run.events_file.stat().st_size > 1 << 17
    assert summarise(run.path).state == "interrupted"  # nobody's heart beats
    with run.held():
        seen = summarise(run.path)
        assert (seen.state, seen.step) == ("running", 2999)
        assert seen.worker is not None


def test_why_a_run_failed_is_told(tmp_path):
    run = written(tmp_path / "run", ("state", 3, {"state": "failed", "cause": "The disk is full.", "remedy": "…"}))
    assert summarise(run.path).trouble == "The disk is full."


def test_the_newest_sample_stands_for_the_run(tmp_path):
    run = new_run(tmp_path / "run")
    run.samples.mkdir()
    for step in (9, 1000, 200):
        run.sample_file(step).touch()
    assert summarise(run.path).sample == run.sample_file(1000)


def test_half_a_line_and_other_rubbish_do_no_harm(tmp_path):
    run = written(tmp_path / "run", ("state", 7, {"state": "finished"}))
    with run.events_file.open("ab") as file:
        file.write(b'[1]\nnull\n{"type": "metrics", "st')
    assert (summarise(run.path).state, summarise(run.path).step) == ("finished", 7)


def test_a_broken_plan_is_a_trouble_not_an_error(tmp_path):
    run = new_run(tmp_path / "run")
    run.plan_file.write_text("{")
    seen = summarise(run.path)
    assert (seen.plan, seen.state, seen.title) == (None, "failed", "run")
    assert "run.json" in seen.trouble
