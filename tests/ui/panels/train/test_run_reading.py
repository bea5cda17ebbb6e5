from pathlib import Path

from studio.training.run_log import RunHistory, RunLog
from studio.ui.panels.train.run.reading import numbers_of


def test_curves_stand_in_the_order_in_which_they_come(tmp_path: Path):
    """Their colours go by their order: a run that is opened later must look as it did while it was watched."""
    with RunLog(tmp_path / "events.jsonl") as log:
        log.write("metrics", 1, values={"gradient_norm": 9.0, "loss": 2.0, "total_variation": 0.1})
    history = RunHistory(tmp_path / "events.jsonl")
    history.poll()
    early = [name for name, _ in numbers_of(history)]
    with RunLog(tmp_path / "events.jsonl") as log:
        log.write("validation", 1, values={"loss": 3.0})
    history.poll()
    assert early == ["loss", "total variation", "gradient norm"]
    assert [name for name, _ in numbers_of(history)] == [*early, "loss (checked)"]
