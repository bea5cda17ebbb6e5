"""Files that strangers made: read as numbers or refused with the reason."""

import math
import os
import pickle
import struct
from contextlib import suppress

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import save

from models.weight_files import WeightsError, check_numbers, read_shapes, read_tensors
from models.weight_headers import is_cut_off, safetensors_shapes

TENSORS = {
    "features.0.weight": torch.arange(1728, dtype=torch.float32).view(64, 3, 3, 3),
    "features.0.bias": torch.zeros(64),
    "classifier.1.bias": torch.ones(1000, dtype=torch.float16),
}
SHAPES = {"features.0.weight": (64, 3, 3, 3), "features.0.bias": (64,), "classifier.1.bias": (1000,)}


class Burglar:
    """What a pickle can do to whoever opens it."""

    def __init__(self, mark):
        self.mark = mark

    def __reduce__(self):
        return os.mkdir, (str(self.mark),)


def written(folder, kind, tensors=TENSORS):
    path = folder / f"{kind}.{'safetensors' if kind == 'safe' else 'pth'}"
    if kind == "safe":
        path.write_bytes(save(tensors))
    else:
        torch.save(tensors, path, _use_new_zipfile_serialization=kind == "new")
    return path


@pytest.fixture(scope="module", params=["safe", "new", "old"])
def whole(request, tmp_path_factory):
    return written(tmp_path_factory.mktemp("weights"), request.param)


def test_every_kind_of_file_gives_the_same_numbers(whole):
    read = read_tensors(whole)
    assert read.keys() == TENSORS.keys()
    assert all(torch.equal(read[name], tensor) for name, tensor in TENSORS.items())
    assert read_tensors(whole, prefix="features.").keys() == {"features.0.weight", "features.0.bias"}
    assert read_shapes(whole) == SHAPES
    assert not is_cut_off(whole)


@given(share=st.floats(0, 1, exclude_max=True))
def test_a_file_that_ends_early_is_refused_wherever_it_ends(whole, share):
    data = whole.read_bytes()
    cut = whole.with_name("cut" + whole.suffix)
    cut.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(WeightsError):
        read_tensors(cut)


@pytest.mark.parametrize("share", [0.0, 0.5, 0.999])
def test_and_it_is_said_that_it_ends_early(whole, share):
    data = whole.read_bytes()
    cut = whole.with_name("cut" + whole.suffix)
    cut.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(WeightsError, match=rf"cut{whole.suffix} is cut off: only the beginning"):
        read_tensors(cut)
    if "old" not in whole.name or not share:  # in files before PyTorch 1.6, only reading tells
        assert is_cut_off(cut)


@pytest.mark.parametrize("kind", ["new", "old", "plain"])
def test_a_pickle_that_wants_to_run_code_is_refused_before_it_can(tmp_path, kind):
    path, mark = tmp_path / "burglar.pth", tmp_path / "was-here"
    if kind == "plain":
        path.write_bytes(pickle.dumps({"a": Burglar(mark)}, protocol=2))
    else:
        torch.save({"a": Burglar(mark)}, path, _use_new_zipfile_serialization=kind == "new")
    with pytest.raises(WeightsError, match=r"wants to run code .*mkdir.* refused"):
        read_tensors(path)
    assert not mark.exists()


@pytest.mark.parametrize(
    "data", [b"hello world " * 30, b"<!DOCTYPE html><html></html>", b"\x89PNG\r\n\x1a\n" + bytes(99)]
)
@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_what_is_no_weights_file_at_all_is_called_so(tmp_path, data, suffix):
    path = tmp_path / f"other{suffix}"
    path.write_bytes(data)
    with pytest.raises(WeightsError, match=r"damaged or is not a weights file|cut off"):
        read_tensors(path)


@pytest.mark.parametrize(
    "header",
    [b"[]", b"{", b'{"a": 5}', b'{"a": {"shape": [1]}}', b'{"a": {"shape": [1], "data_offsets": [8, 4]}}',
     b'{"a": {"shape": ["x"], "data_offsets": [0, 4]}}', b"\xff\xff"],
)  # fmt: skip
def test_a_senseless_safetensors_header_is_refused(tmp_path, header):
    path = tmp_path / "a.safetensors"
    path.write_bytes(struct.pack("<Q", len(header)) + header + bytes(64))
    with pytest.raises(WeightsError, match="damaged or is not a weights file"):
        read_shapes(path)


@pytest.mark.parametrize("times", [(1.0, 2.0), (4e9, 4e9)], ids=["long ago", "within a tick of the clock"])
def test_a_file_that_is_written_again_tells_what_is_in_it_now(tmp_path, times):
    """As many bytes at the same place: headers of files that have long stayed as they are are remembered."""
    path = tmp_path / "a.safetensors"
    for name, time in zip(("one", "two"), times, strict=True):
        path.write_bytes(save({name: torch.zeros(2)}))
        os.utime(path, (time, time))
        for _ in range(2):
            told = safetensors_shapes(path)
            assert told == {name: (2,)}
            told.clear()  # whoever asks may do with it what they like


def test_a_header_nested_beyond_reason_is_refused(tmp_path):
    header = b'{"a": ' + b"[" * 200_000 + b"]" * 200_000 + b"}"
    path = tmp_path / "a.safetensors"
    path.write_bytes(struct.pack("<Q", len(header)) + header + bytes(64))
    with pytest.raises(WeightsError, match="damaged or is not a weights file"):
        read_tensors(path)


def test_numbers_of_a_kind_that_torch_lacks_are_refused(tmp_path):
    header = b'{"a": {"dtype": "F7", "shape": [1], "data_offsets": [0, 4]}}'
    path = tmp_path / "a.safetensors"
    path.write_bytes(struct.pack("<Q", len(header)) + header + bytes(4))
    with pytest.raises(WeightsError, match="damaged or is not a weights file"):
        read_tensors(path)


@pytest.mark.parametrize("disks", [2, 0xFFFF])
def test_an_archive_that_spans_disks_is_refused(tmp_path, disks):
    """Its end says so, in ZIP64's locator: Python's zipfile raises BadZipFile even where it is only asked."""
    whole = written(tmp_path, "new").read_bytes()
    end = whole.rindex(b"PK\5\6")
    locator = b"PK\6\7" + struct.pack("<LQL", 1, end, disks)
    path = tmp_path / "spanned.pth"
    path.write_bytes(whole[:end] + locator + whole[end:])
    with pytest.raises(WeightsError, match="damaged or is not a weights file"):
        read_tensors(path)
    assert not is_cut_off(path)


@given(data=st.data())
def test_damage_anywhere_gives_tensors_or_a_reason(whole, data):
    content = bytearray(whole.read_bytes())
    for _ in range(data.draw(st.integers(1, 8))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    broken = whole.with_name("broken" + whole.suffix)
    broken.write_bytes(content)
    with suppress(WeightsError):
        assert read_tensors(broken).keys()


@pytest.mark.parametrize("kind", ["safe", "new"])
def test_an_ending_in_capitals_is_the_same_ending(tmp_path, kind):
    path = written(tmp_path, kind)
    path = path.rename(path.with_name(path.name.upper()))
    assert read_shapes(path) == SHAPES
    assert read_tensors(path).keys() == TENSORS.keys()


def test_an_archive_of_nothing_is_no_burglar(tmp_path):
    path = tmp_path / "a.pth"
    path.write_bytes(b"PK\5\6" + bytes(18))
    with pytest.raises(WeightsError, match="damaged or is not a weights file"):
        read_tensors(path)


@pytest.mark.parametrize("spoilt", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("dtype", [torch.float16, torch.float32, torch.float64])
def test_one_number_that_is_not_finite_is_found(spoilt, dtype):
    tensor = torch.linspace(-3, 3, 999, dtype=dtype)
    check_numbers({"sound": tensor, "nothing": tensor[:0]}, "a.pth")
    tensor[500] = spoilt
    with pytest.raises(WeightsError, match=r"a\.pth holds weights that are not finite .* see features\.0"):
        check_numbers({"features.0": tensor}, "a.pth")


@pytest.mark.parametrize("dtype", [torch.complex64, torch.int32, torch.bool])
def test_numbers_that_are_no_weights_are_refused(dtype):
    with pytest.raises(WeightsError, match=r"in place of real numbers: see features\.0"):
        check_numbers({"features.0": torch.ones(3).to(dtype)}, "a.pth")


def test_a_checkpoint_around_the_weights_is_seen_through(tmp_path):
    path = tmp_path / "run.pth"
    torch.save({"state_dict": {f"module.{name}": tensor for name, tensor in TENSORS.items()}, "epoch": 3}, path)
    assert read_shapes(path) == SHAPES


def test_one_without_names_says_what_it_is(tmp_path):
    torch.save([1, 2], tmp_path / "a.pth")
    with pytest.raises(WeightsError, match="holds a list, not named weights"):
        read_tensors(tmp_path / "a.pth")
