"""Reading weight files that strangers made: numbers only, never code."""

import pickle
import re
import struct
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from models.weight_headers import WeightsError, cut_off, is_cut_off, is_safetensors, safetensors_shapes

__all__ = ["WeightsError", "check_numbers", "read_content", "read_shapes", "read_tensors"]


def read_tensors(path: Path, *, prefix: str = "") -> dict[str, Tensor]:
    """Return the tensors in `path` whose key starts with `prefix`, on the CPU.

    A `.pth` is read with `weights_only`: a pickle that asks for anything beyond tensors is refused before it runs. A
    `state_dict` wrapped in a checkpoint, and the `module.` that data-parallel training leaves, are seen through.

    Raises:
        WeightsError: the file is damaged, or holds more than tensors.
        OSError: the file cannot be read.

    """
    if is_safetensors(path):
        return _read_safetensors(path, prefix)
    content = _read_pickle(path)
    if isinstance(content, dict) and isinstance(content.get("state_dict"), dict):
        content = content["state_dict"]
    if not isinstance(content, dict):
        raise WeightsError(f"{path.name} holds a {type(content).__name__}, not named weights.")
    named = {str(key).removeprefix("module."): value for key, value in content.items()}
    return {key: value for key, value in named.items() if key.startswith(prefix) and isinstance(value, Tensor)}


def read_content(path: Path) -> Any:
    """Return all that is in `path`, however it is wrapped; raises as `read_tensors` does."""
    return _read_safetensors(path, "") if is_safetensors(path) else _read_pickle(path)


def read_shapes(path: Path) -> dict[str, tuple[int, ...]]:
    """Return the names and shapes of the tensors in `path`; raises as `read_tensors` does."""
    if is_safetensors(path):
        return safetensors_shapes(path)
    return {key: tuple(tensor.shape) for key, tensor in read_tensors(path).items()}


def check_numbers(tensors: Mapping[str, Tensor], file: str) -> None:
    """See that a network can compute with these: a run that diverged leaves NaN, which would paint black.

    Raises:
        WeightsError: some are infinite, NaN, or no real numbers at all; the message calls their file `file`.

    """
    for name, tensor in tensors.items():
        if not tensor.is_floating_point():
            raise WeightsError(f"{file} holds {tensor.dtype} in place of real numbers: see {name}.")
        if tensor.numel() and not all(bound.isfinite() for bound in tensor.float().aminmax()):
            raise WeightsError(f"{file} holds weights that are not finite (NaN), so it cannot compute: see {name}.")


def _read_pickle(path: Path) -> Any:
    if is_cut_off(path):
        raise WeightsError(cut_off(path))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch's remarks on old pickle protocols are not for users
        try:
            return _load_mapped(path)
        except (OSError, MemoryError):
            raise
        except Exception as error:  # bytes that make no sense end in whatever they trip the readers into
            raise WeightsError(_what_is_wrong(path, error)) from error


def _what_is_wrong(path: Path, error: Exception) -> str:
    asked = re.search(r"GLOBAL (\S+)", str(error))
    if asked is not None:
        return f"{path.name} wants to run code when it is opened (it asks for {asked[1]}); it was refused."
    if _is_pickle(path):
        if isinstance(error, EOFError | IndexError | struct.error) or "unexpected EOF" in str(error):
            return cut_off(path)
        if isinstance(error, pickle.UnpicklingError):
            return f"{path.name} wants to run code when it is opened (it holds more than numbers); it was refused."
    return f"{path.name} is damaged or is not a weights file."


def _load_mapped(path: Path) -> Any:
    try:
        # mapped, a classifier's half gigabyte is never read from the disk
        return torch.load(path, map_location="cpu", weights_only=True, mmap=True)
    except RuntimeError:  # files older than PyTorch 1.6 cannot be mapped
        return torch.load(path, map_location="cpu", weights_only=True)


def _is_pickle(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4).startswith((b"\x80\2", b"\x80\3", b"\x80\4", b"\x80\5", b"PK\3\4"))


def _read_safetensors(path: Path, prefix: str) -> dict[str, Tensor]:
    from safetensors import safe_open

    names = [name for name in safetensors_shapes(path) if name.startswith(prefix)]
    try:
        with safe_open(path, framework="pt") as file:
            return {name: file.get_tensor(name) for name in names}
    except (OSError, MemoryError):
        raise
    except Exception as error:  # SafetensorError, and whatever numbers of a kind that torch lacks end in
        raise WeightsError(f"{path.name} is damaged or is not a weights file.") from error
