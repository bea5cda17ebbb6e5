"""Generators as files: half-precision safetensors whose header says how to build the network."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from models.gan import DcganGenerator, Generator, StyledGenerator
from models.style_encoder import StyleEncoder
from models.weight_files import WeightsError, check_numbers, read_tensors
from models.weight_headers import GENERATOR, safetensors_metadata

__all__ = [
    "ANCESTORS", "NETWORKS", "GeneratorFacts", "build_generator", "load_encoder", "load_generator", "to_file",
    "with_encoder",
]  # fmt: skip

FORMAT = "1"
NETWORKS: Mapping[str, type[Generator]] = {"styled": StyledGenerator, "dcgan": DcganGenerator}
"""By the name that a file's header has for them."""
ANCESTORS = "ancestors"
"""In a header: checksums of the files that a network began as, the nearest first, with commas between."""
_ENCODER = "encoder"
"""Before the names of the encoder's weights, where a file holds one; in its header, how wide that is."""
_COUNTERS = "num_batches_tracked"
_LARGEST = 4096
"""A header may ask for any number."""


@dataclass(frozen=True, slots=True)
class GeneratorFacts:
    """What a file tells of its network.

    Attributes:
        network: which of `NETWORKS`.
        shape: what it is built with, such as `{"widths": [256, …], "latent": 64}`.
        size: side of its pictures, px.
        steps: how long it learnt.
        about: anything else.

    """

    network: str
    shape: Mapping[str, Any] = field(default_factory=dict)
    size: int = 64
    steps: int = 0
    about: Mapping[str, str] = field(default_factory=dict)

    def to_metadata(self) -> dict[str, str]:
        """Return the header's entries."""
        return {
            **self.about,
            "task": GENERATOR,
            "architecture": f"atelier-{self.network}",
            "format": FORMAT,
            "shape": json.dumps(self.shape),
            "size": str(self.size),
            "steps": str(self.steps),
        }

    @classmethod
    def from_metadata(cls, metadata: Mapping[str, str], file: str) -> "GeneratorFacts":
        """Read a header's entries.

        Raises:
            WeightsError: `file` holds no generator, or one of a later kind.

        """
        network = metadata.get("architecture", "").removeprefix("atelier-")
        if metadata.get("task") != GENERATOR or network not in NETWORKS:
            raise WeightsError(f"{file} holds no generator of pictures.")
        if metadata.get("format") != FORMAT:
            raise WeightsError(f"{file} was made by a newer version of Atelier.")
        try:
            shape = dict(json.loads(metadata["shape"]))
            return cls(network, shape, int(metadata["size"]), int(metadata.get("steps", "0")))
        except (KeyError, ValueError, TypeError) as error:
            raise WeightsError(f"{file} does not say how its network is built.") from error


def build_generator(facts: GeneratorFacts) -> Generator:
    """Return an untrained network.

    Raises:
        ValueError: there is none of that shape.

    """
    numbers = [number for value in facts.shape.values() for number in (value if isinstance(value, list) else [value])]
    if any(isinstance(number, int) and not 0 <= number <= _LARGEST for number in numbers):
        raise ValueError("The network's shape is impossible.")
    return NETWORKS[facts.network](**facts.shape)


def to_file(network: Generator) -> dict[str, Tensor]:
    """Return the weights as a file holds them: by name, half precision, on the CPU."""
    return {
        name: value.detach().to("cpu", torch.float16).contiguous()
        for name, value in network.state_dict().items()
        if not name.endswith(_COUNTERS)
    }


def load_generator(path: Path) -> tuple[Generator, GeneratorFacts]:
    """Return the network in `path`, in full precision and eval mode on the CPU, and what its file tells.

    Raises:
        WeightsError: the file is damaged or holds something else.
        OSError: it cannot be read.

    """
    facts = GeneratorFacts.from_metadata(safetensors_metadata(path), path.name)
    tensors = read_tensors(path)
    try:
        network = build_generator(facts)
    except (TypeError, ValueError, RuntimeError) as error:
        raise WeightsError(f"{path.name} asks for a network that cannot be built.") from error
    wanted = {name: value for name, value in network.state_dict().items() if not name.endswith(_COUNTERS)}
    for name, value in wanted.items():
        if name not in tensors or tensors[name].shape != value.shape:
            raise WeightsError(f"{path.name} does not fit its own description: see {name}.")
    check_numbers({name: tensors[name] for name in wanted}, path.name)
    network.load_state_dict({name: tensors[name].to(torch.float32) for name in wanted}, strict=False)
    return network.requires_grad_(False).eval(), facts


def with_encoder(path: Path, encoder: StyleEncoder) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Return what the generator's file `path` holds, and its header, with an encoder (in place of one it may have).

    Raises:
        WeightsError: the file is damaged.
        OSError: it cannot be read.

    """
    kept = {name: value for name, value in read_tensors(path).items() if not name.startswith(f"{_ENCODER}.")}
    own = {f"{_ENCODER}.{name}": value for name, value in encoder.to_file().items()}
    return kept | own, {**safetensors_metadata(path), _ENCODER: str(encoder.width)}


def load_encoder(path: Path, generator: Generator) -> StyleEncoder | None:
    """Return the encoder that `path` holds, on the CPU, if it holds one for the generator.

    Raises:
        WeightsError: the file is damaged.
        OSError: it cannot be read.

    """
    width = safetensors_metadata(path).get(_ENCODER, "")
    if not (width.isdecimal() and 1 <= int(width) <= _LARGEST):
        return None
    tensors = read_tensors(path, prefix=f"{_ENCODER}.")
    check_numbers(tensors, path.name)
    own = {name.removeprefix(f"{_ENCODER}."): value for name, value in tensors.items()}
    try:
        return StyleEncoder.from_file(own, generator.size, generator.style, int(width))
    except RuntimeError as error:
        raise WeightsError(f"The encoder in {path.name} does not fit its generator.") from error
