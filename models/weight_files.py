"""Reading weight files that strangers made: numbers only, never code."""

import pickle
import re
import warnings
from pathlib import Path
from typing import Any

import torch
from torch import Tensor


class WeightsError(ValueError):
    """A weights file cannot be used; the message says why, for the user."""


def read_tensors(path: Path, *, prefix: str = "") -> dict[str, Tensor]:
    """Return the tensors in `path` whose key starts with `prefix`, on the CPU.

    A `.pth` is read with `weights_only`: a pickle that asks for anything beyond tensors is refused before it runs. A
    `state_dict` wrapped in a checkpoint, and the `module.` that data-parallel training leaves, are seen through.

    Raises:
        WeightsError: the file is damaged, or holds more than tensors.
        OSError: the file cannot be read.

    """
    if path.suffix == ".safetensors":
        return _read_safetensors(path, prefix)
    content = _read_pickle(path)
    if isinstance(content, dict) and isinstance(content.get("state_dict"), dict):
        content = content["state_dict"]
    if not isinstance(content, dict):
        raise WeightsError(f"{path.name} holds a {type(content).__name__}, not named weights.")
    named = {str(key).removeprefix("module."): value for key, value in content.items()}
    return {key: value for key, value in named.items() if key.startswith(prefix) and isinstance(value, Tensor)}


def _read_pickle(path: Path) -> Any:
    damaged = f"{path.name} is damaged or is not a weights file."
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch's remarks on old pickle protocols are not for users
        try:
            return _load_mapped(path)
        except pickle.UnpicklingError as error:
            asked = re.search(r"GLOBAL (\S+)", str(error))
            if asked is None and not _is_pickle(path):
                raise WeightsError(damaged) from error
            what = f"it asks for {asked[1]}" if asked else "it holds more than numbers"
            raise WeightsError(f"{path.name} wants to run code when it is opened ({what}); it was refused.") from error
        except (RuntimeError, EOFError, LookupError, ValueError, AttributeError, TypeError) as error:
            raise WeightsError(damaged) from error


def _load_mapped(path: Path) -> Any:
    try:
        # mapped, a classifier's half gigabyte is never read from the disk
        return torch.load(path, map_location="cpu", weights_only=True, mmap=True)
    except RuntimeError:  # files older than PyTorch 1.6 cannot be mapped
        return torch.load(path, map_location="cpu", weights_only=True)


def _is_pickle(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(2) in {b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05", b"PK"}


def _read_safetensors(path: Path, prefix: str) -> dict[str, Tensor]:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt") as file:
            return {key: file.get_tensor(key) for key in file.keys() if key.startswith(prefix)}  # noqa: SIM118
    except SafetensorError as error:
        raise WeightsError(f"{path.name} is damaged or is not a weights file.") from error
