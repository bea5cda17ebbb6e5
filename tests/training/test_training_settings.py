"""What a run's settings say of themselves in the header of what it exports."""

import json
from pathlib import Path

from studio.training.tasks.inpaint_settings import InpaintSettings
from studio.training.tasks.restore_settings import RestorerSettings


def test_a_header_names_a_network_and_not_the_folder_that_it_lay_in(tmp_path):
    settings = InpaintSettings(start=str(tmp_path / "my run"), size=96)
    told = json.loads(settings.to_metadata())
    assert told["start"] == "my run"
    assert str(tmp_path) not in settings.to_metadata()
    assert InpaintSettings.model_validate(told) == settings.model_copy(update={"start": "my run"})


def test_what_is_no_file_stays():
    settings = RestorerSettings(start="atelier-enhance")
    assert RestorerSettings.model_validate(json.loads(settings.to_metadata())) == settings
    assert not Path(json.loads(settings.to_metadata())["start"]).is_absolute()
