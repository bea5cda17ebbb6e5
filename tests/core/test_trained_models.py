"""Networks of any task are found by name, file, run and content; a task that was never heard of needs no line here."""

import json
import os

import pytest
import torch
from safetensors.torch import save_file

from studio.core.checksums import sha256_of
from studio.core.controls import Controls
from studio.core.events import finish
from studio.core.failures import StudioError
from studio.core.model_shelf import ModelShelf
from studio.core.settings import Settings
from studio.core.trained_models import TrainedModels
from studio.core.user_folders import UserFolders
from studio.core.weights import resolve_backbone
from studio.jobs.browse import list_offers


def write_restorer(path, seed=0, task="restorer"):
    """Write the weights of a network that only its own task can use."""
    path.parent.mkdir(parents=True, exist_ok=True)
    weights = torch.randn(3, 3, generator=torch.Generator().manual_seed(seed))
    save_file({"weight": weights}, path, {"task": task, "format": "1", "architecture": "u-net", "lesson": "7"})
    return path


def write_run(name, seed=0, **plan):
    """Write what is left of a finished run of this user's."""
    folder = UserFolders.standard().runs / name
    write_restorer(folder / "model.safetensors", seed)
    (folder / "run.json").write_text(json.dumps(plan), encoding="utf-8")
    return folder


@pytest.fixture
def restorers():
    return TrainedModels.standard("restorer")


@pytest.fixture
def brought(tmp_path):
    return ModelShelf.standard().import_file(write_restorer(tmp_path / "brought" / "sharp.safetensors"))


def test_an_imported_one_is_of_its_own_task_and_cannot_look(brought):
    assert (brought.task, brought.architecture, brought.label, brought.taps) == ("restorer", "u-net", "sharp", ())
    assert ModelShelf.standard().verify("sharp").is_here
    assert "sharp" not in finish(list_offers("backbone", Controls(Settings())))
    with pytest.raises(StudioError, match="sharp is a restorer"):
        resolve_backbone("sharp")


def test_it_is_found_by_name_file_and_run_with_what_its_header_tells(restorers, brought, tmp_path):
    run = write_run("first", seed=1, title="Old photos", inputs={"mask": "/gone/mask.png", "none": ""})
    loose = write_restorer(tmp_path / "loose.safetensors", seed=2)
    found = [restorers.find(name) for name in ("sharp", str(run), str(loose))]
    assert [one.label for one in found] == ["sharp", "Old photos", "loose"]
    assert restorers.find("first").name == str(run)  # as a recipe calls it, which tells no folders
    assert [one.path for one in found] == [brought.path, run / "model.safetensors", loose]
    assert all(one.facts["lesson"] == "7" for one in found)
    assert {name: str(path) for name, path in found[1].inputs.items()} == {"mask": "/gone/mask.png"}
    assert found[1].record().name == "first"


def test_the_shelf_comes_first_and_then_the_newest_run(restorers, brought):
    old, new = write_run("old", seed=1), write_run("new", seed=2)
    os.utime(old / "model.safetensors", (1, 1))
    found = restorers.all()
    coming_along = [one for one in found if one.name.startswith("atelier-")]
    assert [one.name for one in found] == [*(one.name for one in coming_along), "sharp", str(new), str(old)]
    offers = {one.name: one.label for one in coming_along} | {"sharp": "sharp", str(new): "new", str(old): "old"}
    assert finish(list_offers("restorer", Controls(Settings()))) == offers


def test_a_former_one_is_offered_no_more_but_found_by_recipes():
    styles = TrainedModels.standard("fast_style")
    former = styles.find("fast-wave")
    assert former.former
    assert former.name not in {one.name for one in styles.all()}
    assert styles.find_recorded("called otherwise", sha256_of(former.path)) == former


def test_a_recipe_finds_it_by_its_content_under_another_name(restorers, brought):
    run = write_run("renamed since", seed=1)
    sha256 = sha256_of(run / "model.safetensors")
    assert restorers.find_recorded("first", sha256).name == str(run)
    assert restorers.find_recorded("sharp", sha256).name == str(run)  # what is called so now is another one
    assert restorers.find_recorded("sharp", "ab" * 32).name == "sharp"
    with pytest.raises(StudioError, match="The restorer gone that this picture was made with is not"):
        restorers.find_recorded("gone", "ab" * 32)


def test_what_is_none_of_the_task_is_refused_in_words(restorers, brought, tmp_path):
    broken = tmp_path / "broken.safetensors"
    broken.write_bytes(brought.path.read_bytes()[:-4])
    other = write_restorer(tmp_path / "other.safetensors", task="translator")
    (tmp_path / "unfinished").mkdir()
    for name, words in (
        ("nobody", "There is no restorer called “nobody”"),
        (str(broken), "cut off"),
        (str(other), "other.safetensors is not a restorer"),
        (str(tmp_path / "unfinished"), "no finished network"),
    ):
        with pytest.raises(StudioError, match=words):
            restorers.find(name)


@pytest.mark.parametrize("plan", ["", "[]", '{"inputs": []}', '{"inputs": {"mask": 5}}'])
def test_a_run_whose_plan_cannot_be_read_is_called_after_its_folder(restorers, plan):
    run = write_run("odd")
    (run / "run.json").write_text(plan, encoding="utf-8")
    assert (restorers.find(str(run)).label, dict(restorers.find(str(run)).inputs)) == ("odd", {})
