"""Small networks as files: half-precision safetensors whose header says what they do and how to build them."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from models.weight_files import WeightsError, read_tensors
from models.weight_headers import safetensors_metadata, task_of

__all__ = ["NetworkFacts", "load_network", "scaled_widths", "to_file"]

_FORMAT = "1"


@dataclass(frozen=True, slots=True)
class NetworkFacts:
    """What a file's header says of its network.

    Args:
        task: what it does: "inpainter", "scratch_detector".
        shape: the arguments that its class is built with.
        steps: for how many steps it learnt.
        about: whatever else is worth telling.

    """

    task: str
    shape: Mapping[str, Any] = field(default_factory=dict)
    steps: int = 0
    about: Mapping[str, str] = field(default_factory=dict)

    def to_metadata(self) -> dict[str, str]:
        """Return the header's entries."""
        own = {"task": self.task, "format": _FORMAT, "shape": json.dumps(dict(self.shape)), "steps": str(self.steps)}
        return {**self.about, "architecture": f"atelier-{self.task.replace('_', '-')}", **own}

    @classmethod
    def from_metadata(cls, metadata: Mapping[str, str], task: str, file: str) -> "NetworkFacts":
        """Read a header's entries.

        Raises:
            WeightsError: `file` holds no network for this task, or one of a later kind.

        """
        if task_of(metadata) != task:
            raise WeightsError(f"{file} holds no {task.replace('_', ' ')}.")
        if metadata.get("format") != _FORMAT:
            raise WeightsError(f"{file} was made by a newer version of Atelier.")
        try:
            return cls(task, dict(json.loads(metadata["shape"])), int(metadata.get("steps", "0")))
        except (KeyError, ValueError, TypeError) as error:
            raise WeightsError(f"{file} does not say how its network is built.") from error


def scaled_widths(widths: Sequence[int], first: int) -> dict[str, list[int]]:
    """Return the shape of a network whose levels are as much wider or narrower as the first; {} for 0: as it is."""
    return {"widths": [max(1, round(each * first / widths[0])) for each in widths]} if first else {}


def to_file(network: nn.Module) -> dict[str, Tensor]:
    """Return a network's weights as a file holds them: by name, half precision, on the CPU."""
    return {name: value.detach().to("cpu", torch.float16).contiguous() for name, value in network.state_dict().items()}


def load_network(path: Path, task: str, make: Callable[..., nn.Module]) -> tuple[nn.Module, NetworkFacts]:
    """Return the network in `path`, in full precision and eval mode on the CPU, and what it is.

    Args:
        path: a safetensors file.
        task: what it has to do.
        make: builds one by the header's shape.

    Raises:
        WeightsError: the file is damaged or holds something else.
        OSError: it cannot be read.

    """
    facts = NetworkFacts.from_metadata(safetensors_metadata(path), task, path.name)
    tensors = read_tensors(path)
    try:
        network = make(**facts.shape)
    except (TypeError, ValueError, RuntimeError) as error:
        raise WeightsError(f"{path.name} asks for a network that cannot be built.") from error
    wanted = network.state_dict()
    for name, value in wanted.items():
        if name not in tensors or tensors[name].shape != value.shape:
            raise WeightsError(f"{path.name} does not fit its own description: see {name}.")
    network.load_state_dict({name: tensors[name].to(torch.float32) for name in wanted})
    return network.requires_grad_(False).eval(), facts
