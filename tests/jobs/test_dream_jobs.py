"""Jobs around a dream: directions found and put into files, runs that still learn, the album."""

from pathlib import Path

import numpy as np
import pytest
import torch
from generator_kit import lively, write_generator, write_pictures
from job_kit import heard, run
from safetensors.torch import load_file

from models.directions import components_of_styles, factors_of_weights
from models.latent import latents_of, sampled_styles
from studio.core.controls import Controls
from studio.core.dream_album import STARRED, AlbumShelf, DreamAlbum
from studio.core.dream_settings import DreamSettings, Move, packed, unpacked
from studio.core.failures import StudioError
from studio.core.named_directions import Direction, DirectionBook, combined, from_json, to_json
from studio.core.picture_task import PictureRequest
from studio.core.user_folders import UserFolders
from studio.jobs import catalog
from studio.jobs.dream_directions import find_directions_of, learn_direction
from studio.jobs.dream_files import list_directions, write_directions
from studio.jobs.dream_tasks import BookTask, FindTask, GeneratorOffered, LearnTask, WriteTask
from studio.jobs.generators import _at
from studio.jobs.train import train
from studio.jobs.unfinished_generators import list_generators
from studio.training.run_folder import RunFolder, RunPlan, TrainRequest
from studio.training.schedule import Phase, Ramp, Schedule
from studio.training.settings import TrainingSettings


@pytest.fixture(autouse=True)
def cpu(monkeypatch):
    monkeypatch.setenv("ATELIER_DEVICE", "cpu")


@pytest.fixture
def settings(tmp_path) -> DreamSettings:
    return DreamSettings(model=str(write_generator(tmp_path / "faces.safetensors")))


def test_directions_are_found_as_the_models_find_them(settings):
    half = lively().half().float()
    for method, expected in (("styles", components_of_styles(half, 4)), ("weights", factors_of_weights(half, 4))):
        _, found = run(find_directions_of, FindTask(settings, method, count=4))
        assert np.abs(unpacked(found[0].vector) - expected.vectors[0].numpy()).max() < 0.01
        assert [one.share for one in found] == pytest.approx(expected.shares.tolist(), abs=1e-3)
    _, found = run(find_directions_of, FindTask(settings, "features", stage=2, count=3))
    assert [one.name for one in found] == [f"Stage 3, change {number}" for number in (1, 2, 3)]


def test_a_group_that_is_empty_teaches_nothing(settings):
    with pytest.raises(StudioError, match="group is empty"):
        run(learn_direction, LearnTask((), (settings,), "warmth"))
    with pytest.raises(StudioError, match="do not differ"):
        run(learn_direction, LearnTask((settings,), (settings,), "warmth"))


def test_a_learnt_direction_leads_from_group_to_group_and_is_a_deviation_long(settings):
    half = lively().half().float()
    some, others = ((settings.at_seed(seed) for seed in seeds) for seeds in (range(10), range(10, 20)))
    _, learnt = run(learn_direction, LearnTask(tuple(some), tuple(others), "warmth"))
    means = [half.map(latents_of(seeds, 8)).mean(dim=0) for seeds in (range(10), range(10, 20))]
    unit = torch.nn.functional.normalize(means[1] - means[0], dim=0)
    vector = torch.from_numpy(unpacked(learnt.vector))
    assert float(vector @ unit) == pytest.approx(float(vector.norm()), rel=1e-3)
    along = sampled_styles(half) @ unit
    assert float(vector.norm()) == pytest.approx(float(along.std()), rel=0.01)


def test_a_generator_brings_directions_along_in_its_file(settings, tmp_path):
    direction = Direction(name="Warmth", vector=packed(np.ones(16, np.float32)))
    run(write_directions, WriteTask(tmp_path / "warm.safetensors", settings.model, (direction,)))
    same, made = (load_file(path) for path in (settings.model, tmp_path / "warm.safetensors"))
    assert all(torch.equal(same[name], made[name]) for name in same)
    book = DirectionBook(tmp_path / "book")
    _, listed = run(list_directions, BookTask(book, str(tmp_path / "warm.safetensors")))
    assert listed == (direction,)
    own = direction.model_copy(update={"first": 1})
    _, listed = run(list_directions, BookTask(book, str(tmp_path / "warm.safetensors"), keep=(own,)))
    assert listed == (own,)


def test_what_cannot_be_understood_of_a_file_of_directions_is_passed_over():
    direction = Direction(name="Warmth", vector=packed(np.ones(4, np.float32)))
    data = to_json((direction,), "faces").replace(b'"directions": [', b'"directions": [{"name": "?", "vector": "?"},')
    assert from_json(data, "faces") == (direction,)
    with pytest.raises(StudioError, match="no directions"):
        from_json(b"{}", "faces")
    with pytest.raises(StudioError, match="newer"):
        from_json(b'{"atelier_directions": 99, "directions": []}', "faces")
    moves = [Move(name="a", vector=direction.vector, first=first, amount=1.0) for first in (0, 1)]
    with pytest.raises(StudioError, match="different stages"):
        combined(moves, "both")


def test_an_album_keeps_dreams_of_no_generator_in_particular(settings, tmp_path):
    shelf, starred = AlbumShelf(tmp_path / "dreams"), DreamAlbum().toggled(STARRED, settings.at_seed(3))
    starred = starred.toggled("Faces", settings.at_seed(4))
    shelf.keep("/somewhere/faces", starred)
    assert shelf.of("faces") == starred
    assert starred.of(STARRED)[0].model == ""
    assert starred.toggled(STARRED, settings.at_seed(3)).of(STARRED) == ()
    assert starred.without("Faces").without(STARRED).names == (STARRED,)
    assert DreamAlbum.from_json(b"nothing") == DreamAlbum()


@pytest.fixture(params=[0.0, 1.0], ids=["critic alone", "gives back"])
def unfinished(request, tmp_path) -> Path:
    """A run of a small generator, alone or with an encoder, that was stopped after two steps."""
    quiet = {
        "batch": 4, "size": 16, "width": 5, "latent": 8, "style": 16, "blocks": 1, "sample_every": 100,
        "validate_every": 100, "checkpoint_minutes": 240.0, "workers": 0,
        "reconstruction": request.param, "loss": "hinge",
    }  # fmt: skip
    phase = Phase(duration=2, unit="steps", learning_rate=Ramp.level(1e-2), momentum=Ramp.level(0.0), batches=1)
    pictures = write_pictures(tmp_path / "pictures")
    plan = RunPlan(task="gan", data=(str(pictures),), settings=quiet, schedule=Schedule(phases=(phase,)), title="Spots")
    folder = RunFolder.create(UserFolders.standard().runs / "spots", plan)
    heard(train(TrainRequest(folder.path), Controls(TrainingSettings())))
    return folder.path


def test_a_generator_that_still_learns_dreams_as_it_is_by_now_and_again_from_its_recipe(unfinished):
    finished = DreamSettings(model=str(unfinished))
    done = heard(catalog.start("dream", PictureRequest({}), Controls(finished)))[1]
    (unfinished / "model.safetensors").unlink()
    _at.cache_clear()
    _, offered = run(list_generators, "")
    assert offered == {str(unfinished): GeneratorOffered("Spots, step 2 so far")}
    by_now = heard(catalog.start("dream", PictureRequest({}), Controls(finished)))[1]
    assert np.array_equal(by_now.layer, done.layer)  # what is shown of a run is its average, as is what it leaves
    assert by_now.recipe.weights[0].name == "spots"
