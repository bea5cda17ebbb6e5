"""A classifier trained through the real loop: what it learns, measures, shows and leaves, and what becomes of it."""

import json
import os
import shutil
import subprocess
import sys

import numpy as np
import pytest
import torch
from classifier_kit import SHAPES, plan_for, shape, trained, write_idx, write_shapes
from PIL import Image
from safetensors import safe_open
from safetensors.torch import load_file
from torch.nn import functional as F  # noqa: N812

from models.classifiers import build_classifier
from studio.core.controls import Controls
from studio.core.events import Log, finish
from studio.core.failures import StudioError
from studio.core.images import LoadedPicture, load_picture
from studio.core.model_shelf import ModelShelf
from studio.core.picture_task import PictureRequest
from studio.core.style_settings import StyleSettings
from studio.jobs.style.stylize import stylize
from studio.jobs.train import train
from studio.training.data.sources import DataCount, counting_data
from studio.training.kinds import kind_named
from studio.training.run_folder import RunFolder, TrainRequest
from studio.training.run_log import RunHistory
from studio.training.task import TaskContext
from studio.training.tasks.classifier import open_task
from studio.training.tasks.classifier_settings import CLASSIFIER, ClassifierSettings, variation_for


@pytest.fixture(scope="module")
def shapes(tmp_path_factory):
    return write_shapes(tmp_path_factory.mktemp("shapes"))


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return TaskContext(torch.device("cpu"), tmp_path_factory.mktemp("cache"), seed=3)


def opened(plan, place):
    return finish(open_task(plan, place))


def history_of(run):
    history = RunHistory(run.events_file)
    history.poll()
    return history


def metadata_of(file):
    with safe_open(file, "pt") as opened_file:
        return opened_file.metadata()


def test_the_window_knows_its_settings_without_torch():
    code = "import sys, studio.training.kinds, studio.core.verdicts; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_it_is_a_kind_of_training():
    assert kind_named("classifier") is CLASSIFIER
    schedule = CLASSIFIER.default_schedule(ClassifierSettings())
    peak = max(schedule.phases, key=lambda phase: phase.learning_rate.end).learning_rate.end
    assert schedule.phases[0].learning_rate.start < peak > schedule.phases[-1].learning_rate.end


def test_a_run_learns_shapes_and_leaves_a_network_a_card_and_a_sheet(shapes, tmp_path):
    run, result, said = trained(tmp_path / "run", plan_for(shapes, steps=20, held_back=0.25))
    assert (result.state, result.step) == ("finished", 20)
    assert any("27 to learn from, 9 kept" in one.message and "in colour" in one.message
               for one in said if isinstance(one, Log))  # fmt: skip
    history = history_of(run)
    assert history.metrics["loss"].values[-5:].mean() < history.metrics["loss"].values[:5].mean()
    assert set(history.validation) == {"accuracy", "balanced_accuracy", "loss"}
    accuracy = history.validation["accuracy"].values[-1]
    assert accuracy > 1 / 3
    facts = metadata_of(run.model_file)
    assert json.loads(facts["classes"]) == list(SHAPES)
    assert (facts["architecture"], facts["channels"], facts["size"]) == ("resnet_narrow", "3", "16")
    card = run.card_file.read_text()
    assert f"On 9 pictures that it did not learn from: **{accuracy:.2%}** right" in card
    assert "| disc | 9 | 3 |" in card
    sheet = load_picture(run.sample_file(20)).pixels
    assert sheet.shape[0] < sheet.shape[1]
    assert len(np.unique(sheet.reshape(-1, 3), axis=0)) > 10


def test_the_kept_network_says_again_what_the_card_says(shapes, tmp_path, place):
    plan = plan_for(shapes, steps=12, held_back=0.25)
    run, _, _ = trained(tmp_path / "run", plan)
    network = build_classifier("resnet", "narrow", channels=3, classes=3)
    network.load_state_dict(load_file(run.model_file), strict=False)  # all but the counters of batch norm
    with torch.no_grad():
        values = finish(opened(plan, place).validate(network.eval()))
    history = history_of(run)
    assert {name: one.values[-1] for name, one in history.validation.items()} == pytest.approx(values, abs=1e-6)


def test_the_objective_is_smoothed_cross_entropy(shapes, place):
    """-Σ q log p with q = (1 - ε)·[right class] + ε / classes (Szegedy et al. 2016, section 7)."""
    task = opened(plan_for(shapes, smoothing=0.3), place)
    generator = torch.Generator().manual_seed(1)
    drawn = [task.examples.draw(index, generator, 16) for index in range(6)]
    batch = torch.stack([one[0] for one in drawn]), torch.stack([one[1] for one in drawn])
    torch.nn.init.normal_(task.networks["classifier"].head.weight, generator=generator)
    task.networks["classifier"].eval()
    objectives = [one for one in task.objectives(batch, None) if one is not None]
    log_p = task.networks["classifier"](batch[0]).log_softmax(1)
    q = 0.7 * F.one_hot(batch[1], 3) + 0.3 / 3
    assert [one.network for one in objectives] == ["classifier"]
    torch.testing.assert_close(objectives[0].loss, -(q * log_p).sum(1).mean())
    assert objectives[0].terms["accuracy"] == (log_p.argmax(1) == batch[1]).float().mean()
    task.adopt(ClassifierSettings(smoothing=0.0))
    (plain,) = (one for one in task.objectives(batch, None) if one is not None)
    torch.testing.assert_close(plain.loss, F.nll_loss(log_p, batch[1]))


def test_the_same_plan_begins_with_the_same_network_whatever_was_drawn_before(shapes, place):
    first = opened(plan_for(shapes), place).networks["classifier"].state_dict()
    torch.rand(7)
    again = opened(plan_for(shapes), place).networks["classifier"].state_dict()
    other = opened(plan_for(shapes), TaskContext(place.device, place.cache, seed=4)).networks["classifier"].state_dict()
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not all(torch.equal(first[name], other[name]) for name in first)


@pytest.mark.parametrize("family", ["resnet", "darknet", "densenet"])
def test_layer_groups_hold_every_weight_once_from_input_to_output(shapes, place, family):
    task = opened(plan_for(shapes, family=family), place)
    groups = task.layer_groups("classifier")
    weights = [id(weight) for _, some in groups for weight in some]
    assert weights == [id(weight) for weight in task.networks["classifier"].parameters()]
    assert len(groups) == 6
    assert groups[-1][0] == "head"


def test_without_pictures_kept_back_there_is_nothing_to_measure(shapes, tmp_path):
    run, result, _ = trained(tmp_path / "run", plan_for(shapes, steps=2, held_back=0.0))
    assert result.state == "finished"
    assert history_of(run).validation == {}
    assert not run.samples.exists()
    assert "how well it does is not known" in run.card_file.read_text()


def test_digits_are_learnt_grey_and_no_larger_than_they_are(tmp_path, place):
    generator = np.random.default_rng(2)
    pictures = np.stack([shape(SHAPES[i % 2], generator, side=18)[..., 0] for i in range(16)])
    data = write_idx(tmp_path / "digits", pictures, np.arange(16) % 2 + 7)
    task = opened(plan_for(data, size=96, variety="auto"), place)
    assert task.names == ("7", "8")
    picture, label = task.examples.draw(0, torch.Generator().manual_seed(0), 96)
    assert (tuple(picture.shape), label.dtype) == ((1, 18, 18), torch.int64)
    run, _, _ = trained(tmp_path / "run", plan_for(data, steps=2, size=96))
    facts = metadata_of(run.model_file)
    assert (facts["channels"], facts["size"], json.loads(facts["classes"])) == ("1", "18", ["7", "8"])


def test_how_pictures_vary_follows_what_they_show():
    signs = variation_for(ClassifierSettings(), "signs")
    photos = variation_for(ClassifierSettings(), "photos")
    assert (signs.mirror, signs.crop_smallest, signs.turn > 0) == (False, 1.0, True)
    assert (photos.mirror, photos.crop_smallest < 1) == (True, True)
    assert variation_for(ClassifierSettings(variety="photos"), "signs") == photos
    own = variation_for(ClassifierSettings(variety="own", turn=33.0, mirror=False), "photos")
    assert (own.turn, own.mirror) == (33.0, False)


def test_a_run_paused_in_the_middle_ends_like_one_that_was_not(shapes, tmp_path):
    plan = plan_for(shapes, steps=8)
    whole, _, _ = trained(tmp_path / "whole", plan)
    halves = RunFolder.create(tmp_path / "halves", plan)
    controls = Controls(ClassifierSettings())
    job = train(TrainRequest(halves.path), controls)
    while history_of(halves).step < 4:
        next(job)
    controls.finish()
    assert finish(job).state == "paused"
    assert finish(train(TrainRequest(halves.path), Controls(ClassifierSettings()))).state == "finished"
    one, other = load_file(halves.model_file), load_file(whole.model_file)
    assert one.keys() == other.keys()
    assert all(torch.equal(one[name], other[name]) for name in one)
    assert metadata_of(halves.model_file) == metadata_of(whole.model_file)
    assert halves.card_file.read_text() == whole.card_file.read_text()


def test_a_trained_one_joins_the_shelf_and_paints(shapes, tmp_path, home):
    run, _, _ = trained(tmp_path / "run", plan_for(shapes, steps=4, family="darknet"))
    shelf = ModelShelf.standard()
    entry = shelf.import_file(run.model_file)
    assert (entry.name, entry.label) == ("run", "Darknet, narrow")  # named after the folder of its run
    assert entry.taps == ("stem", "group1", "group2", "group3", "group4", "group5")
    generator = np.random.default_rng(5)
    photo, painting = (LoadedPicture(shape("disc", generator, 64), "shape.png", "") for _ in range(2))
    for backbone in ("run", str(run.model_file)):
        settings = StyleSettings(backbone=backbone, size=64, steps=2)
        painted = finish(stylize(PictureRequest({"content": (photo,), "style": (painting,)}), Controls(settings)))
        assert painted.finished
        assert not np.array_equal(painted.picture, photo.pixels)


def test_a_grey_one_is_refused_by_the_shelf_with_the_reason(tmp_path, home):
    data = write_shapes(tmp_path / "grey", count=4, kinds=SHAPES[:2], grey=True)
    run, _, _ = trained(tmp_path / "run", plan_for(data, steps=1))
    with pytest.raises(StudioError, match=r"resnet_narrow that knows only grey pictures; painting takes colour"):
        ModelShelf.standard().import_file(run.model_file)


@pytest.mark.data
def test_a_few_hundred_real_digits_are_learnt_in_seconds(shared_data, tmp_path):
    from studio.training.data.idx_files import IdxPictures, find_idx_pairs

    digits = IdxPictures(find_idx_pairs(shared_data / "images" / "mnist_t10k"))
    some = range(400)
    pictures = np.stack([digits[index][..., 0] for index in some])
    data = write_idx(tmp_path / "digits", pictures, np.array([int(digits.names[digits.labels[i]]) for i in some]))
    run, _, _ = trained(tmp_path / "run", plan_for(data, steps=40, rate=1e-2, size=28, batch=32, variety="auto"))
    assert history_of(run).validation["accuracy"].values[-1] > 0.6


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="names are always text there")
def test_names_of_other_bytes_than_text_can_be_learnt_from(tmp_path):
    """Old disks hold Latin-1; such names come into the log, the sheet, the card and the network's file."""
    generator = np.random.default_rng(0)
    for kind in (b"caf\xe9", b"bar"):
        folder = tmp_path / "data" / os.fsdecode(kind)
        folder.mkdir(parents=True)
        for number in range(4):
            Image.fromarray(shape("disc", generator)).save(folder / os.fsdecode(b"\xe9%d.png" % number))
        (folder / os.fsdecode(b"\xe8.png")).write_bytes(b"no picture")
    run, ended, _ = trained(tmp_path / "run", plan_for(tmp_path / "data", steps=2, held_back=0.5, sample_every=1))
    assert ended.state == "finished"
    assert "caf\\xe9" in run.card_file.read_text("utf-8")
    history = RunHistory(run.events_file)
    history.poll()
    assert any(r"\xe8.png" in log.facts["message"] for log in history.of_kind("log"))


def test_a_single_point_of_features_is_refused_in_words(shapes, tmp_path):
    with pytest.raises(StudioError, match=r"single point.*2 pictures a step"):
        trained(tmp_path / "run", plan_for(shapes, steps=1, batch=1))


# -- data that is divided, reduced, or another in a phase --------------------------------------------------------------


def written(folder, parts, count=6):
    for seed, part in enumerate(parts):
        write_shapes(folder / part, count=count, seed=seed)
    return folder


def test_what_lies_in_valid_is_what_it_is_checked_on(tmp_path, place):
    data = written(tmp_path / "data", ("train", "valid"))
    task = opened(plan_for(data, held_back=0.5), place)  # the folders say it, not the setting
    assert task.names == ("disc", "square", "stripes")
    assert (len(task.examples), len(task._kept)) == (18, 18)
    assert {task._kept.collection.pictures.files[index].parts[-3] for index in task._kept.chosen} == {"valid"}
    assert {task.examples.collection.pictures.files[index].parts[-3] for index in task.examples.chosen} == {"train"}
    ignored = opened(plan_for(data, split=False, held_back=0.25), place)
    assert ignored.names == ("train", "valid")


def test_a_tenth_is_worked_on_to_try_things_out(tmp_path, place):
    data = write_shapes(tmp_path / "data", count=20)
    some, said = [], []
    for share in (100, 20):
        job = open_task(plan_for(data, share=share, held_back=0.25), place)
        while True:
            try:
                said.append(next(job))
            except StopIteration as end:
                some.append(end.value)
                break
    assert [len(task.examples) + len(task._kept) for task in some] == [60, 12]
    assert "12 pictures in colour: 9 to learn from, 3 kept for checking." in [
        one.message.partition(", ")[2] for one in said if isinstance(one, Log)
    ]
    assert some[0].examples.fingerprint != some[1].examples.fingerprint


def test_a_phase_learns_from_a_folder_of_its_own(tmp_path):
    """As lessons do who begin with small pictures: the same classes, other files, and more of them."""
    run_data = write_shapes(tmp_path / "large", count=4, seed=1)
    small = write_shapes(tmp_path / "small", count=9, kinds=("stripes", "disc"), seed=2)
    plan = plan_for(run_data, steps=10, held_back=0.25)
    schedule = plan.schedule.with_data(0, {"data": (str(small),)})
    run, result, _ = trained(tmp_path / "run", plan.model_copy(update={"schedule": schedule}))
    assert result.state == "finished"
    task = opened(plan.model_copy(update={"schedule": schedule}), TaskContext(torch.device("cpu"), tmp_path / "cache"))
    (other,) = task.other_examples
    assert (len(task.examples), len(other)) == (9, 14)
    assert {other.collection.names[label] for label in other.labels.tolist()} == {"disc", "stripes"}
    epochs = history_of(run).epoch
    per_step = np.diff(epochs.values)
    first = schedule.phases[0].steps(14, 8)
    np.testing.assert_allclose(per_step[: first - 1], 8 / 14, rtol=1e-5)
    np.testing.assert_allclose(per_step[first:], 8 / 9, rtol=1e-5)


@pytest.mark.parametrize("kind", ["folders", "idx"])
def test_no_phase_learns_from_what_the_run_is_checked_on(tmp_path, place, kind):
    """Not even where its own data holds those pictures, too."""

    def pixels(examples):
        return {examples.plain(index, 16).numpy().tobytes() for index in range(len(examples))}

    many, few = tmp_path / "many", tmp_path / "few"
    if kind == "folders":
        write_shapes(many, count=9, seed=1)
        for path in sorted(many.glob("*/*.png"))[::2]:
            (few / path.parent.name).mkdir(parents=True, exist_ok=True)
            shutil.copy(path, few / path.parent.name / f"as {path.name}")
    else:
        pictures = np.random.default_rng(0).integers(0, 256, (27, 16, 16))
        write_idx(many, pictures, np.arange(27) % 3)
        write_idx(few, pictures[::2], np.arange(27)[::2] % 3)
    plan = plan_for(few, held_back=0.3)
    plan = plan.model_copy(update={"schedule": plan.schedule.with_data(1, {"data": (str(many),)})})
    task = opened(plan, place)
    checked, (other,) = pixels(task._kept), task.other_examples
    assert len(checked) == 5  # of 14
    assert pixels(other).isdisjoint(checked)
    assert 18 - 5 <= len(other) < 18  # of 27 nine are its own to be checked on


def test_a_phase_s_own_data_must_show_the_same_classes(tmp_path, place):
    other = write_shapes(tmp_path / "other", count=2, kinds=("disc", "square"))
    (other / "square").rename(other / "cube")
    plan = plan_for(write_shapes(tmp_path / "data", count=2))
    schedule = plan.schedule.with_data(1, {"data": (str(other),)})
    with pytest.raises(StudioError, match="shows “cube”, which the run's data does not"):
        opened(plan.model_copy(update={"schedule": schedule}), place)


# -- how long it learns ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("classes", "divided", "steps", "why"),
    [
        ((198, 186), False, range(150, 158), "because 307 pictures are few: 2 classes want about 150 steps"),
        ((20, 20), False, range(98, 104), "200 epochs"),  # who has so few learns them by heart
        ((800,) * 10, False, range(1000, 1005), "10 epochs: 6,400 pictures make enough steps"),
        ((40,) * 8, True, range(300, 306), "8 classes want about 300 steps"),
    ],
)
def test_small_folders_are_looked_at_more_often(classes, divided, steps, why):
    count = DataCount(sum(classes), classes, divided)
    suited = CLASSIFIER.schedule_for(ClassifierSettings(), count)
    learnt = CLASSIFIER.learnt_from(ClassifierSettings(), count)
    assert suited.schedule.timeline(learnt, batch=64, size=96).total_steps in steps
    assert why in suited.why
    assert CLASSIFIER.schedule_for(ClassifierSettings(), None).schedule == CLASSIFIER.default_schedule(
        ClassifierSettings()
    )


def test_as_many_are_counted_as_are_learnt_from(shapes, place):
    task = opened(plan_for(shapes), place)
    count = finish(counting_data([shapes], CLASSIFIER.data[0].reading(ClassifierSettings())))
    settings = ClassifierSettings.model_validate(dict(plan_for(shapes).settings))
    assert CLASSIFIER.learnt_from(settings, count) == len(task.examples)
    assert len(count.classes) == len(SHAPES)


def test_a_class_of_one_picture_is_said_to_be_never_asked_for(tmp_path):
    data = write_shapes(tmp_path / "data", count=12, kinds=("disc", "square"))
    (data / "rare").mkdir()
    (data / "disc" / "000.png").rename(data / "rare" / "1.png")
    run, ended, said = trained(tmp_path / "run", plan_for(data, steps=2))
    assert ended.state == "finished"
    card = run.card_file.read_text("utf-8")
    assert "as a mean over the 2 classes of 3 that it was asked for (never for “rare”)" in card
    assert any(isinstance(one, Log) and "“rare” will never be asked for" in one.message for one in said)
