"""`atelier classify` and its job: what a trained classifier says of pictures, in a person's words and a program's."""

import json

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

from models.classifier_files import ClassifierFacts, to_file
from models.classifiers import build_classifier
from studio.cli import main
from studio.core.controls import Controls
from studio.core.events import Log, finish
from studio.core.failures import StudioError
from studio.core.inference_format import FORMATS, FormatMemo
from studio.core.model_shelf import ModelShelf
from studio.core.settings import Settings
from studio.core.verdicts import ClassifyTask
from studio.jobs.classify import classify

COLOURS = {"red": (220, 20, 20), "green": (20, 200, 20)}


@pytest.fixture
def model(tmp_path):
    """A classifier that tells red from green, in the folder of a run."""
    network = build_classifier("resnet", "narrow", channels=3, classes=2, generator=torch.Generator().manual_seed(0))
    network.eval()
    with torch.no_grad():  # the decision is the difference of what the features say of both colours
        seen = [network.features(_normalised(network, colour)).mean((2, 3))[0] for colour in COLOURS.values()]
        direction = (seen[0] - seen[1]) / (seen[0] - seen[1]).square().sum()
        network.head.weight.copy_(torch.stack([8 * direction, -8 * direction]))
        network.head.bias.copy_(-network.head.weight @ ((seen[0] + seen[1]) / 2))
    run = tmp_path / "run"
    run.mkdir()
    facts = ClassifierFacts("resnet", "narrow", 3, tuple(COLOURS), 16)
    save_file(to_file(network), run / "model.safetensors", facts.to_metadata())
    return run / "model.safetensors"


def _normalised(network, colour):
    picture = torch.tensor(colour).float().div(255).view(1, 3, 1, 1).expand(1, 3, 16, 16)
    return (picture - network._mean) / network._std


@pytest.fixture
def pictures(tmp_path):
    folder = tmp_path / "pictures"
    folder.mkdir()
    for name, colour in COLOURS.items():
        Image.fromarray(np.full((20, 30, 3), colour, np.uint8)).save(folder / f"{name}.png")
    return folder


def test_every_picture_gets_a_line_with_the_likeliest_classes(model, pictures, capsys):
    assert main(["classify", str(pictures), "--model", str(model)]) == 0
    lines = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
    assert [line[0] for line in lines] == [str(pictures / "green.png"), str(pictures / "red.png")]
    assert [line[1].split()[0] for line in lines] == ["green", "red"]
    assert [line[2].split()[0] for line in lines] == ["red", "green"]
    assert all(line[1].endswith("%") for line in lines)


def test_a_run_stands_for_its_network_and_a_program_gets_every_probability(model, pictures, capsys):
    arguments = ["classify", str(pictures / "red.png"), "--model", str(model.parent), "--events", "--top", "1"]
    assert main(arguments) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    (result,) = (line for line in lines if line["type"] == "result")
    assert (result["path"], result["said"]) == (str(pictures / "red.png"), "red")
    assert list(result["chances"]) == ["red", "green"]
    assert sum(result["chances"].values()) == pytest.approx(1.0)


def test_a_classifier_on_the_shelf_goes_by_its_name(model, pictures, capsys):
    entry = ModelShelf.standard().import_file(model)
    assert main(["classify", str(pictures / "red.png"), "--model", entry.name]) == 0
    assert capsys.readouterr().out.split("\t")[1].startswith("red")


def test_a_broken_file_is_named_and_the_others_are_answered(model, pictures):
    (pictures / "broken.png").write_bytes(b"no picture")
    said, job = [], classify(ClassifyTask(tuple(sorted(pictures.iterdir())), str(model)), Controls(Settings()))
    while True:
        try:
            said.append(next(job))
        except StopIteration as end:
            verdicts = end.value
            break
    assert [verdict.said for verdict in verdicts] == ["green", "red"]
    assert any("broken.png" in one.message for one in said if isinstance(one, Log))
    with pytest.raises(StudioError, match="None of these files is a picture"):
        finish(classify(ClassifyTask((pictures / "broken.png",), str(model)), Controls(Settings())))


def test_asked_to_finish_it_returns_what_it_has(model, pictures):
    controls = Controls(Settings())
    job = classify(ClassifyTask(tuple(sorted(pictures.iterdir())), str(model)), controls)
    for _ in range(3):
        next(job)
    controls.finish()
    assert [verdict.said for verdict in finish(job)] == ["green"]


@pytest.mark.parametrize(
    ("model_argument", "code", "words"),
    [("nowhere", 2, "nowhere is not there"), ("pictures", 1, "There is no finished network"),
     ("pictures/red.png", 1, "red.png is")],
)  # fmt: skip
def test_what_is_no_classifier_is_refused_in_two_lines(model_argument, code, words, pictures, capsys):
    model = pictures.parent / model_argument
    assert main(["classify", str(pictures), "--model", str(model)]) == code
    errors = capsys.readouterr().err.splitlines()
    assert words in errors[-2]


def test_a_classifier_says_the_same_in_every_format(model, pictures):
    said = []
    for format in FORMATS:
        FormatMemo.standard().keep("resnet_narrow at 16 px", format, 2.0)
        verdicts = finish(classify(ClassifyTask(tuple(sorted(pictures.iterdir())), model), Controls(Settings())))
        said.append([dict(verdict.chances) for verdict in verdicts])
    for green, red in said:
        assert green == pytest.approx(said[0][0], abs=0.02)
        assert red == pytest.approx(said[0][1], abs=0.02)
    assert said[2] != said[0]  # half precision was really used


def test_the_format_of_a_classifier_is_found_out_when_it_is_first_asked(model, pictures, nothing_measured):
    finish(classify(ClassifyTask((pictures / "red.png",), model), Controls(Settings())))
    assert list(FormatMemo.standard().known()) == ["resnet_narrow at 16 px"]
