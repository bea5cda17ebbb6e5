import numpy as np
import pytest
from job_kit import run
from studio_kit import write_painting, write_photo

from studio.core.compositing import compose
from studio.core.failures import StudioError
from studio.core.images import load_picture
from studio.core.library import Library
from studio.core.recipes import Recipe, SteeringStep
from studio.core.style_settings import StyleSettings
from studio.jobs.export import ExportTask, export_picture

AS_STARTED = StyleSettings(size=64, style_weight=2.0)
PAINTING = np.random.default_rng(3).integers(0, 65536, (43, 64, 3), np.uint16)


@pytest.fixture
def inputs(tmp_path):
    return load_picture(write_photo(tmp_path / "photo.png")), load_picture(write_painting(tmp_path / "stripes.png"))


@pytest.fixture
def library(tmp_path):
    return Library(tmp_path / "library")


def export(path, library, inputs, settings=AS_STARTED, recipe=None, **more):
    recipe = recipe or Recipe(task="stylize", settings=AS_STARTED.model_dump())
    return run(export_picture, ExportTask(path, library, inputs, PAINTING, settings, recipe, **more))


@pytest.mark.parametrize(("suffix", "depth"), [(".png", np.uint8), (".tif", np.uint8), (".webp", np.uint8)])
def test_the_file_holds_what_the_canvas_shows(tmp_path, library, inputs, suffix, depth):
    settings = AS_STARTED.model_copy(update={"strength": 0.5, "saturation": 0.3})
    path = tmp_path / f"out{suffix}"
    events, written = export(path, library, inputs, settings)
    assert written == path
    assert "out" in events[0].stage
    shown = compose(inputs[0].pixels, PAINTING, settings)
    saved = load_picture(path).pixels
    assert saved.dtype == depth
    difference = np.abs(saved[..., :3].astype(float) - shown[..., :3] / 257)
    assert difference.mean() < (12 if suffix == ".webp" else 0.6)


def test_a_tiff_keeps_sixteen_bits(tmp_path, library, inputs):
    import tifffile

    export(tmp_path / "deep.tif", library, inputs)
    deep = tifffile.imread(tmp_path / "deep.tif")
    assert deep.dtype == np.uint16
    assert np.array_equal(deep, compose(inputs[0].pixels, PAINTING, AS_STARTED))


def test_the_recipe_inside_names_the_settings_of_now_and_those_of_the_start(tmp_path, library, inputs):
    """Replay starts from those of the start: a slider moved just before saving has not painted anything yet."""
    now = AS_STARTED.model_copy(update={"strength": 0.5, "style_weight": 4.0})
    export(tmp_path / "out.png", library, inputs, now)
    recipe = load_picture(tmp_path / "out.png").recipe
    assert StyleSettings.model_validate(recipe.settings) == now
    assert StyleSettings.model_validate(recipe.initial) == AS_STARTED


def test_the_recipe_inside_tells_strangers_no_folder_of_a_network(tmp_path, library, inputs):
    chosen = AS_STARTED.model_copy(
        update={"backbone": str(tmp_path / "mine.pth"), "fast_style": str(tmp_path / "runs" / "stripes")}
    )
    export(tmp_path / "out.png", library, inputs, chosen)
    told = load_picture(tmp_path / "out.png").recipe.settings
    assert (told["backbone"], told["fast_style"]) == ("mine.pth", "stripes")


def test_a_steered_recipe_keeps_its_beginning_and_its_record(tmp_path, library, inputs):
    first = StyleSettings(size=96)
    steered = Recipe(
        task="stylize", settings=AS_STARTED.model_dump(), initial=first.model_dump(),
        steering=(SteeringStep(at=3, action="settings", changes={"style_weight": 2.0}),),
    )  # fmt: skip
    export(tmp_path / "out.png", library, inputs, recipe=steered)
    saved = load_picture(tmp_path / "out.png").recipe
    assert saved.initial == first.model_dump(mode="json") | {"style_mix": []}
    assert saved.steering == steered.steering


def test_what_went_in_is_kept_so_that_the_file_brings_it_back(tmp_path, library, inputs):
    export(tmp_path / "out.png", library, inputs)
    for picture in inputs:
        kept = library.find_input(picture.sha256, picture.name)
        assert kept is not None
        assert np.array_equal(load_picture(kept).pixels, picture.pixels)
    assert library.entries() == ()


def test_the_photo_lends_its_transparency(tmp_path, library, inputs):
    from dataclasses import replace

    alpha = np.full((*inputs[0].pixels.shape[:2], 1), 40, np.uint8)
    see_through = replace(inputs[0], pixels=np.concatenate([inputs[0].pixels, alpha], -1))
    export(tmp_path / "out.png", library, (see_through, inputs[1]))
    assert np.all(load_picture(tmp_path / "out.png").pixels[..., 3] == 40)


@pytest.mark.parametrize("marked", [True, False])
def test_the_mark_of_ai_made_pictures_is_the_artists_choice(tmp_path, library, inputs, marked):
    export(tmp_path / "out.png", library, inputs, ai_mark=marked)
    assert (b"WithTrainedAlgorithmicMedia" in (tmp_path / "out.png").read_bytes()) == marked


def test_an_ending_that_names_no_format_is_refused_with_a_remedy(tmp_path, library, inputs):
    with pytest.raises(StudioError, match=r"names no picture format") as refused:
        export(tmp_path / "out.xyz", library, inputs)
    assert ".png" in refused.value.remedy
    assert not (tmp_path / "out.xyz").exists()


def test_a_failed_save_leaves_the_older_file_alone(tmp_path, library, inputs):
    path = tmp_path / "gone" / "out.png"
    with pytest.raises(StudioError):
        export(path, library, inputs)
    assert not path.parent.exists()
