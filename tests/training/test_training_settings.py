"""What a run's settings say of themselves in the header of what it exports."""

import json

import pytest

from models.degradation_overlays import Watermark
from models.degradations import DegradationRecipe
from studio.training.tasks.inpaint_settings import InpaintSettings
from studio.training.tasks.restore_settings import RestorerSettings


@pytest.mark.parametrize("folder", ["/home/somebody", "../for a client", "~/runs"])
def test_a_header_names_a_network_and_not_the_folder_that_it_lay_in(folder):
    settings = InpaintSettings(start=f"{folder}/my run", size=96)
    told = settings.to_metadata()
    assert json.loads(told)["start"] == "my run"
    assert folder not in told
    assert InpaintSettings.model_validate_json(told) == settings.model_copy(update={"start": "my run"})


def test_what_names_no_file_stays():
    recipe = DegradationRecipe(name="own", steps=(Watermark(),))
    settings = RestorerSettings(start="atelier-enhance", recipe=recipe)
    assert RestorerSettings.model_validate_json(settings.to_metadata()) == settings
