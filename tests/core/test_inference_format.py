"""Which format a network is used in: what is fastest here, measured once with the network itself, and kept."""

import json
from copy import deepcopy

import pytest
import torch
from torch import nn

from models.classifiers import build_classifier
from studio.core.device import Device
from studio.core.inference_format import (
    FORMATS,
    PLAIN,
    FormatMemo,
    InferenceFormat,
    fastest,
    in_format,
    measure,
)

CHANNELS_LAST, HALF = FORMATS[1:]
HERE = Device("cpu", "This processor")


@pytest.fixture
def network():
    return build_classifier(
        "resnet", "narrow", channels=3, classes=3, generator=torch.Generator().manual_seed(0)
    ).eval()


@pytest.fixture
def prepare(network):
    """Pass a picture through the features, which are not all zero as an untrained decision is; counts its copies."""
    picture = torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(0))

    def prepare(format):
        prepare.asked.append(format)
        copy = in_format(deepcopy(network.features), format)

        @torch.no_grad()
        def one_pass():
            with torch.autocast("cpu", dtype=torch.bfloat16, enabled=format == HALF):
                return copy(picture)

        return one_pass

    prepare.asked = []
    return prepare


def never(format):
    raise AssertionError("what is known is not measured again")


@pytest.mark.parametrize(
    ("seconds", "choice"),
    [
        ({PLAIN: 1.38, CHANNELS_LAST: 0.64, HALF: 0.33}, HALF),
        ({PLAIN: 1.0, CHANNELS_LAST: 0.6, HALF: 0.55}, CHANNELS_LAST),  # exact, and nearly as fast
        ({PLAIN: 1.0, CHANNELS_LAST: 0.95, HALF: 0.92}, PLAIN),
        ({PLAIN: 1.0, CHANNELS_LAST: 1.3, HALF: 0.5}, HALF),
        ({PLAIN: 1.0, CHANNELS_LAST: 1.3, HALF: 12.0}, PLAIN),
        ({PLAIN: 1.0}, PLAIN),
    ],
)
def test_a_less_faithful_format_is_chosen_only_where_it_is_worth_it(seconds, choice):
    assert fastest(seconds) == choice


def test_every_format_is_measured_with_the_network_and_the_plain_one_first(prepare):
    seconds = measure(prepare)
    assert list(seconds) == list(FORMATS)
    assert prepare.asked == list(FORMATS)
    assert all(0 < each < 5 for each in seconds.values())


def test_the_answer_is_the_faster_of_what_was_measured_and_is_read_again(prepare, tmp_path):
    memo = FormatMemo(tmp_path / "cache/formats.json", HERE)
    choice = memo.choose("a small resnet", prepare)
    ((kind, (kept, speed)),) = memo.known().items()
    assert (kind, kept) == ("a small resnet", choice)
    assert speed == 1.0 if choice == PLAIN else speed > 1 / 0.9
    again = FormatMemo(tmp_path / "cache/formats.json", HERE)
    assert again.choose("a small resnet", never) == choice
    assert again.known() == memo.known()


@pytest.mark.parametrize("version", ["Atelier", "torch", "threads"])
def test_another_version_measures_again(version, prepare, tmp_path):
    memo = FormatMemo(tmp_path / "formats.json", HERE)
    memo.keep("a small resnet", HALF, 2.0)
    written = (tmp_path / "formats.json").read_text()
    (tmp_path / "formats.json").write_text(written.replace(version, f"{version} of long ago", 1))
    assert memo.known() == {}
    memo.choose("a small resnet", prepare)
    assert prepare.asked
    assert len(json.loads((tmp_path / "formats.json").read_text())) == 1  # the old answer is not kept beside the new


def test_another_computer_and_another_kind_have_answers_of_their_own(prepare, tmp_path):
    FormatMemo(tmp_path / "formats.json", HERE).keep("a small resnet", HALF, 2.0)
    elsewhere = FormatMemo(tmp_path / "formats.json", Device("cpu", "Another processor"))
    assert elsewhere.known() == {}
    elsewhere.keep("a small resnet", PLAIN, 1.0)
    elsewhere.keep("another", CHANNELS_LAST, 1.5)
    assert FormatMemo(tmp_path / "formats.json", HERE).known() == {"a small resnet": (HALF, 2.0)}
    assert set(elsewhere.known()) == {"a small resnet", "another"}


@pytest.mark.parametrize("content", ["", "[]", "{", '{"x on This processor (cpu)": 3}', '{"x": {"versions": 1}}'])
def test_a_damaged_file_knows_nothing_and_is_written_anew(content, prepare, tmp_path):
    (tmp_path / "formats.json").write_text(content)
    memo = FormatMemo(tmp_path / "formats.json", HERE)
    assert memo.known() == {}
    assert set(memo.known()) | {memo.choose("x", prepare)} <= set(FORMATS)
    assert set(memo.known()) == {"x"}


def test_a_format_that_the_device_cannot_compute_in_or_that_makes_something_else_is_left_out(prepare):
    def some_fail(format):
        if format == CHANNELS_LAST:
            raise RuntimeError("not implemented for 'This'")
        one_pass = prepare(format)
        return (lambda: one_pass().neg()) if format == HALF else one_pass

    assert list(measure(some_fail)) == [PLAIN]


def test_memory_that_runs_out_is_told():
    def prepare(format):
        return lambda: torch.empty(1 << 50)

    with pytest.raises(RuntimeError, match="memory"):
        measure(prepare)


def test_only_convolutions_change_their_format(network):
    in_format(network, HALF)
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            assert module.weight.dtype == torch.bfloat16
            assert module.weight.is_contiguous(memory_format=torch.channels_last)
        elif isinstance(module, nn.BatchNorm2d | nn.Linear):
            assert module.weight.dtype == torch.float32


def test_a_format_survives_as_text():
    assert [InferenceFormat.from_text(str(format)) for format in FORMATS] == list(FORMATS)
    assert str(HALF) == "bfloat16 channels_last"
    assert InferenceFormat.from_text("float8 of a later version") == PLAIN
