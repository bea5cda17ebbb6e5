"""Networks that restore pictures, as files: half-precision safetensors whose header says how to build the network.

All of them are asked in the same way: N×3×H×W pictures, 0–1, and N strengths, 0–1, in; pictures `scale` times as wide
and high out. Two networks that began as one, a faithful and a crisp one, can be mixed weight by weight.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Protocol, cast

import torch
from torch import Tensor, nn

from models.collapsible import CollapsibleConvolution, collapse
from models.enhancer import Enhancer
from models.enlarger import Enlarger
from models.foreign_restorers import ForeignRestorer, load_foreign
from models.unet_encoders import unet
from models.weight_files import WeightsError, read_tensors
from models.weight_headers import RESTORER, facts_of, task_of

__all__ = [
    "FOREIGN",
    "NETWORKS",
    "Restorer",
    "RestorerFacts",
    "begin_from",
    "build",
    "foreign_facts",
    "load_restorer",
    "mixed",
    "to_file",
]

FORMAT = "1"


class Restorer(Protocol):
    """What all of them are.

    Attributes:
        scale: how many times as wide the result is.
        reach: how many pixels of the input away something can still change the result; None where it looks at all.
        multiple: tiles begin at multiples of so many pixels.
        held: about so many numbers are in memory at once for each pixel of the input.

    """

    scale: int

    @property
    def reach(self) -> int | None: ...  # noqa: D102

    @property
    def multiple(self) -> int: ...  # noqa: D102

    @property
    def held(self) -> int: ...  # noqa: D102

    def __call__(self, pictures: Tensor, strength: Tensor) -> Tensor: ...  # noqa: D102


NETWORKS: Mapping[str, Callable[..., nn.Module]] = {"enlarger": Enlarger, "enhancer": Enhancer, "unet": unet}
"""By the name that a file's header has for them."""

FOREIGN = "foreign"
"""What facts call a network of other people's, which its weights alone tell how to build."""


@dataclass(frozen=True, slots=True)
class RestorerFacts:
    """What a file tells of its network.

    Attributes:
        network: which of `NETWORKS`; or `FOREIGN`.
        shape: what it is built with, such as `{"scale": 2, "width": 48}`; of a foreign one, what was found out of it.
        damage: what it mends, by the name of the recipe that damaged what it learnt from; "" none but reduction.
        finish: "faithful" (pixels alone were compared) or "crisp" (also what they look like).
        steps: how long it learnt.
        about: anything else.

    """

    network: str
    shape: Mapping[str, Any] = field(default_factory=dict)
    damage: str = ""
    finish: str = "faithful"
    steps: int = 0
    about: Mapping[str, str] = field(default_factory=dict)

    @property
    def scale(self) -> int:
        """How many times as wide the result is."""
        return int(self.shape.get("scale", 1))

    def to_metadata(self) -> dict[str, str]:
        """Return the header's entries."""
        own = asdict(self)
        about = own.pop("about")
        shape = json.dumps(own.pop("shape"))
        return {
            **about, "task": RESTORER, "architecture": f"atelier-{own.pop('network')}", "format": FORMAT,
            "shape": shape, **{name: str(value) for name, value in own.items()},
        }  # fmt: skip

    @classmethod
    def from_metadata(cls, metadata: Mapping[str, str], file: str) -> "RestorerFacts":
        """Read a header's entries.

        Raises:
            WeightsError: `file` holds no network that restores, or one of a later kind.

        """
        network = metadata.get("architecture", "").removeprefix("atelier-")
        if metadata.get("task") != RESTORER or network not in {*NETWORKS, FOREIGN}:
            raise WeightsError(f"{file} holds no network that restores pictures.")
        if metadata.get("format") != FORMAT:
            raise WeightsError(f"{file} was made by a newer version of Atelier.")
        try:
            return cls(
                network=network,
                shape=dict(json.loads(metadata["shape"])),
                damage=metadata.get("damage", ""),
                finish=metadata.get("finish", "faithful"),
                steps=int(metadata.get("steps", "0")),
            )
        except (KeyError, ValueError, TypeError) as error:
            raise WeightsError(f"{file} does not say how its network is built.") from error


def build(facts: RestorerFacts, *, collapsed: bool = False) -> nn.Module:
    """Return an untrained network.

    Args:
        facts: which one.
        collapsed: as it is used, rather than as it learns.

    """
    network = NETWORKS[facts.network](**facts.shape)
    return collapse(network) if collapsed else network


def to_file(network: nn.Module) -> dict[str, Tensor]:
    """Return a collapsed network's weights as a file holds them: by name, half precision, on the CPU."""
    return {name: value.detach().to("cpu", torch.float16).contiguous() for name, value in network.state_dict().items()}


def load_restorer(path: Path, facts: RestorerFacts | None = None) -> tuple[nn.Module, RestorerFacts]:
    """Return the network in `path`, collapsed, in full precision and eval mode on the CPU, and what it is.

    Args:
        path: a file of ours, or of other people's.
        facts: what is known of it; None asks the file.

    Raises:
        WeightsError: the file is damaged or holds something else.
        OSError: it cannot be read.

    """
    header = facts_of(path)
    if not task_of(header):
        foreign = load_foreign(path, facts.shape.get("reach") if facts else 0)
        return foreign, foreign_facts(foreign)
    facts = RestorerFacts.from_metadata(header, path.name)
    tensors = read_tensors(path)
    try:
        network = build(facts, collapsed=True)
    except (TypeError, ValueError, RuntimeError) as error:
        raise WeightsError(f"{path.name} asks for a network that cannot be built.") from error
    wanted = network.state_dict()
    for name, value in wanted.items():
        if name not in tensors or tensors[name].shape != value.shape:
            raise WeightsError(f"{path.name} does not fit its own description: see {name}.")
    network.load_state_dict({name: tensors[name].to(torch.float32) for name in wanted})
    return network.requires_grad_(False).eval(), facts


def foreign_facts(network: ForeignRestorer) -> RestorerFacts:
    """Return what was found out of a network of other people's."""
    shape = {"scale": network.scale, "reach": network.reach, "design": network.architecture}
    return RestorerFacts(FOREIGN, shape)


@torch.no_grad()
def mixed(faithful: nn.Module, crisp: nn.Module, share: float) -> nn.Module:
    """Lead the weights of `faithful` to those of `crisp`, in place (Wang et al. 2018, "ESRGAN", section 3.4).

    Args:
        faithful: a network; it is returned.
        crisp: one that went on learning from there.
        share: 0 leaves the first, 1 is the second.

    """
    others = dict(crisp.named_parameters())
    for name, weight in faithful.named_parameters():
        weight.lerp_(others[name], share)
    return faithful


@torch.no_grad()
def begin_from(network: nn.Module, trained: nn.Module) -> int:
    """Give a network what it has in common with a collapsed one, as an ×4 enlarger has with an ×2.

    Layers are common where name and shape are, and where ours hears more beside what theirs hears, as a conditioned
    enlarger does; returns how many.
    """
    layers, taken = dict(trained.named_modules()), 0
    for name, layer in network.named_modules():
        other = layers.get(name)
        own = dict(layer.named_parameters(recurse=False))
        if not own or other is None:
            continue
        if isinstance(layer, CollapsibleConvolution):
            plain = cast(nn.Conv2d, other)
            heard = layer.weight[:, : plain.in_channels] if name == "head" else layer.weight
            if heard.shape == plain.weight.shape:
                layer.unfold(plain)
                taken += 1
        else:
            theirs = dict(other.named_parameters(recurse=False))
            if all(key in theirs and theirs[key].shape == value.shape for key, value in own.items()):
                for key, value in own.items():
                    value.copy_(theirs[key])
                taken += 1
    return taken
