"""A trained classifier's file: its weights as safetensors, and in the header all that it takes to ask it again."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import torch
from safetensors import safe_open
from torch import Tensor

from models.classifiers import FAMILIES, Classifier, FamilyName, Width, build_classifier, normalisation
from models.weight_files import WeightsError, check_numbers, read_tensors
from models.weight_headers import is_safetensors

__all__ = ["ClassifierFacts", "load_classifier", "to_file"]

_TASK, _FORMAT = "classifier", "1"
_COUNTERS = "num_batches_tracked"
"""Of batch norm: of no use once the training is over."""

_ARCHITECTURES: Mapping[str, tuple[FamilyName, Width]] = {
    f"{family}_{width}": (family, width) for family, kind in FAMILIES.items() for width in kind.widths
}


@dataclass(frozen=True, slots=True)
class ClassifierFacts:
    """How the network is built, and what its answers mean.

    Args:
        family: one of `FAMILIES`.
        width: which of its sizes.
        channels: 3 for colour, 1 for grey.
        classes: the answers' names, in the order of the logits.
        size: side of the square pictures that it was trained on, px.

    """

    family: FamilyName
    width: Width
    channels: int
    classes: tuple[str, ...]
    size: int

    @property
    def architecture(self) -> str:
        """Its name among `models.backbones.ARCHITECTURES`."""
        return f"{self.family}_{self.width}"

    def to_metadata(self) -> dict[str, str]:
        """Return what stands in the file's header; the normalisation is there for whoever reads it elsewhere."""
        mean, std = normalisation(self.channels)
        return {
            "task": _TASK,
            "format": _FORMAT,
            "architecture": self.architecture,
            "classes": json.dumps(self.classes, ensure_ascii=False),
            "channels": str(self.channels),
            "size": str(self.size),
            "mean": json.dumps(mean),
            "std": json.dumps(std),
        }

    @classmethod
    def from_metadata(cls, metadata: Mapping[str, str], file: str) -> Self:
        """Read a header.

        Raises:
            WeightsError: `file` holds no classifier, or one of a later kind.

        """
        if metadata.get("task") != _TASK:
            raise WeightsError(f"{file} is not a classifier that was trained with Atelier.")
        if metadata.get("format") != _FORMAT:
            raise WeightsError(f"{file} was made by a newer version of Atelier.")
        try:
            family, width = _ARCHITECTURES[metadata["architecture"]]
            classes = tuple(str(name) for name in json.loads(metadata["classes"]))
            channels, size = int(metadata["channels"]), int(metadata["size"])
        except (KeyError, ValueError, TypeError) as error:
            raise WeightsError(f"{file} does not say how its network is built.") from error
        if not 0 < size <= 4096:
            raise WeightsError(f"{file} asks for a network that cannot be: {size} px.")
        return cls(family, width, channels, classes, size)


def to_file(network: Classifier) -> dict[str, Tensor]:
    """Return the weights as a file holds them, by name."""
    return {name: value for name, value in network.state_dict().items() if not name.endswith(_COUNTERS)}


def load_classifier(path: Path) -> tuple[Classifier, ClassifierFacts]:
    """Return the network in `path`, in eval mode on the CPU, and what its file tells.

    Raises:
        WeightsError: the file is damaged or holds something else.
        OSError: it cannot be read.

    """
    tensors = read_tensors(path)
    facts = ClassifierFacts.from_metadata(_metadata(path), path.name)
    try:
        with torch.device("meta"):  # takes no memory, and draws no random numbers
            network = build_classifier(facts.family, facts.width, channels=facts.channels, classes=len(facts.classes))
    except ValueError as error:
        raise WeightsError(f"{path.name} asks for a network that cannot be: {error}") from error
    for name, wanted in to_file(network).items():
        if name not in tensors or tensors[name].shape != wanted.shape:
            raise WeightsError(f"{path.name} does not fit its own description: see {name}.")
    check_numbers({name: tensors[name] for name in to_file(network)}, path.name)
    counters = {name: torch.tensor(0) for name in network.state_dict() if name.endswith(_COUNTERS)}
    network.load_state_dict({name: tensors[name].float() for name in to_file(network)} | counters, assign=True)
    return network.requires_grad_(False).eval(), facts


def _metadata(path: Path) -> dict[str, str]:
    if not is_safetensors(path):
        return {}
    with safe_open(path, framework="pt") as file:
        return dict(file.metadata() or {})
