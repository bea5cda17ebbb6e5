"""The data doctor as a job of the studio."""

from job_kit import run
from PIL import Image

from studio.core.controls import Controls
from studio.core.events import Progress
from studio.core.settings import Settings
from studio.jobs import catalog
from studio.jobs.examine import ExamineTask


def test_reports_on_a_folder(tmp_path):
    Image.new("RGB", (40, 30), "red").save(tmp_path / "red.png")
    (tmp_path / "broken.png").write_bytes(b"\x89PNG")
    task = ExamineTask((tmp_path,), size=16)
    events, report = run(
        lambda task, controls: catalog.start("examine_data", task, controls), task, Controls(Settings())
    )
    assert all(isinstance(event, Progress) for event in events)
    assert (report.total, report.usable, report.sizes) == (2, 1, ((40, 30),))
