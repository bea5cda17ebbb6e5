"""Fast styles as files: half-precision safetensors whose header says how to build the network and what it learnt."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from models.fast_style import FastStyleNetwork
from models.plain_ground import PlainGround
from models.weight_files import WeightsError, check_numbers, read_tensors
from models.weight_headers import FAST_STYLE, safetensors_metadata

__all__ = ["FastStyleFacts", "load_fast_style", "to_file"]

FORMATS = {False: "1", True: "2"}
"""By whether the network keeps its ground: version 0.1 knew only those that do not."""


@dataclass(frozen=True, slots=True)
class FastStyleFacts:
    """What a file tells of its network.

    Attributes:
        width: share of Johnson's channels.
        blocks: residual blocks.
        painting: name of the painting that it learnt.
        painting_sha256: of that painting's file.
        backbone: the network through which it saw.
        steps: how long it learnt.
        about: anything else, e.g. `painting_side`.
        keeps_ground: as of `FastStyleNetwork`.

    """

    width: float
    blocks: int
    painting: str
    painting_sha256: str = ""
    backbone: str = ""
    steps: int = 0
    about: Mapping[str, str] | None = None
    keeps_ground: bool = False

    def to_metadata(self) -> dict[str, str]:
        """Return the header's entries."""
        return {
            **(self.about or {}),
            "architecture": FAST_STYLE,
            "format": FORMATS[self.keeps_ground],
            "width": repr(self.width),
            "blocks": str(self.blocks),
            "painting": self.painting,
            "painting_sha256": self.painting_sha256,
            "backbone": self.backbone,
            "steps": str(self.steps),
        }

    @classmethod
    def from_metadata(cls, metadata: Mapping[str, str], file: str) -> "FastStyleFacts":
        """Read a header's entries.

        Raises:
            WeightsError: `file` holds no fast style, or one of a later kind.

        """
        if metadata.get("architecture") != FAST_STYLE:
            raise WeightsError(f"{file} is not a fast style.")
        if metadata.get("format") not in FORMATS.values():
            raise WeightsError(f"{file} was made by a newer version of Atelier.")
        try:
            return cls(
                width=float(metadata["width"]),
                blocks=int(metadata["blocks"]),
                painting=metadata.get("painting", ""),
                painting_sha256=metadata.get("painting_sha256", ""),
                backbone=metadata.get("backbone", ""),
                steps=int(metadata.get("steps", "0")),
                keeps_ground=metadata["format"] == FORMATS[True],
            )
        except (KeyError, ValueError) as error:
            raise WeightsError(f"{file} does not say how its network is built.") from error


def to_file(network: FastStyleNetwork) -> dict[str, Tensor]:
    """Return the weights as a file holds them: by name, half precision, on the CPU."""
    return {name: value.detach().to("cpu", torch.float16).contiguous() for name, value in network.state_dict().items()}


def load_fast_style(path: Path) -> tuple[FastStyleNetwork, FastStyleFacts]:
    """Return the network in `path`, in full precision and eval mode on the CPU, and what its file tells.

    Raises:
        WeightsError: the file is damaged or holds something else.
        OSError: it cannot be read.

    """
    facts = FastStyleFacts.from_metadata(safetensors_metadata(path), path.name)
    tensors = read_tensors(path)
    if not (0 < facts.width <= 4 and 0 <= facts.blocks <= 64):
        raise WeightsError(f"{path.name} asks for a network of an impossible size.")
    with torch.device("meta"):
        network = FastStyleNetwork(facts.width, facts.blocks, keeps_ground=facts.keeps_ground)
        if "ground.colours" in tensors:  # one that learnt without any may have been given it afterwards
            network.ground = network.ground or PlainGround()
    wanted = network.state_dict()
    for name, value in wanted.items():
        if name not in tensors or tensors[name].shape != value.shape:
            raise WeightsError(f"{path.name} does not fit its own description: see {name}.")
    check_numbers({name: tensors[name] for name in wanted}, path.name)
    network.load_state_dict({name: tensors[name].to(torch.float32) for name in wanted}, assign=True)
    return network.requires_grad_(False).eval(), facts
