"""Networks that translate pictures, as files: half-precision safetensors whose header says how to build them.

A file holds a pair of worlds, A and B, and one way between them or both: "ab.…" are the weights of the generator from A
to B, "ba.…" of the way back. Other people's files hold one generator each (`models.foreign_translators`).
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from models.cyclegan import ResnetGenerator, SeparableGenerator, Translator
from models.foreign_translators import from_junyanz, recognised
from models.pix2pix import UnetGenerator
from models.style_code import hears
from models.weight_files import WeightsError, check_numbers, read_tensors
from models.weight_headers import TRANSLATOR, UnknownNetworkError, facts_of, task_of

__all__ = ["NETWORKS", "WAYS", "TranslatorFacts", "build", "foreign_facts", "load_translator", "to_file"]

NETWORKS: Mapping[str, Callable[..., Translator]] = {
    "separable": SeparableGenerator, "resnet": ResnetGenerator, "unet": UnetGenerator,
}  # fmt: skip
"""By the name that a file's header has for them."""

WAYS: Mapping[str, str] = {"AtoB": "ab", "BtoA": "ba"}
"""What settings call the two ways, and the weights."""

FORMAT = "1"
_WIDEST, _DEEPEST, _LONGEST_CODE = 512, 64, 256


@dataclass(frozen=True, slots=True)
class TranslatorFacts:
    """What a file tells of its networks.

    Attributes:
        network: which of `NETWORKS`.
        shape: what it is built with, such as `{"width": 32, "blocks": 9}`; "code" numbers it hears, where it does.
        ways: which of "ab" and "ba" it has learnt.
        a: what world A is called, such as "photo"; "" where nobody said.
        b: likewise.
        size: side of the squares that it learnt from, px; 0 where nobody said.
        steps: how long it learnt.
        about: anything else.

    """

    network: str
    shape: Mapping[str, Any] = field(default_factory=dict)
    ways: tuple[str, ...] = ("ab",)
    a: str = ""
    b: str = ""
    size: int = 0
    steps: int = 0
    about: Mapping[str, str] = field(default_factory=dict)

    def to_metadata(self) -> dict[str, str]:
        """Return the header's entries."""
        return {
            **self.about, "task": TRANSLATOR, "architecture": f"atelier-{self.network}", "format": FORMAT,
            "shape": json.dumps(dict(self.shape)), "ways": " ".join(self.ways), "a": self.a, "b": self.b,
            "size": str(self.size), "steps": str(self.steps),
        }  # fmt: skip

    @classmethod
    def from_metadata(cls, metadata: Mapping[str, str], file: str) -> "TranslatorFacts":
        """Read a header's entries.

        Raises:
            WeightsError: `file` holds no network that translates, or one of a later kind.

        """
        network = metadata.get("architecture", "").removeprefix("atelier-")
        if metadata.get("task") != TRANSLATOR or network not in NETWORKS:
            raise WeightsError(f"{file} holds no network that translates pictures.")
        if metadata.get("format") != FORMAT:
            raise WeightsError(f"{file} was made by a newer version of Atelier.")
        try:
            ways = tuple(way for way in metadata["ways"].split() if way in WAYS.values())
            return cls(
                network, dict(json.loads(metadata["shape"])), ways, metadata.get("a", ""), metadata.get("b", ""),
                int(metadata.get("size", "0")), int(metadata.get("steps", "0")),
            )  # fmt: skip
        except (KeyError, ValueError, TypeError) as error:
            raise WeightsError(f"{file} does not say how its network is built.") from error


def build(facts: TranslatorFacts) -> Translator:
    """Return an untrained generator.

    Raises:
        ValueError: there is none of this shape.

    """
    if not 0 < int(facts.shape.get("width", 1)) <= _WIDEST or not 0 <= int(facts.shape.get("blocks", 0)) <= _DEEPEST:
        raise ValueError("a network of an impossible size")
    shape = dict(facts.shape)
    code = int(shape.pop("code", 0))
    network = NETWORKS[facts.network](**shape)
    if not 0 <= code <= _LONGEST_CODE:
        raise ValueError("a code of an impossible length")
    return hears(network, code) if code else network


def to_file(generators: Mapping[str, Translator]) -> dict[str, Tensor]:
    """Return the generators' weights, by way, as a file holds them: half precision, on the CPU."""
    return {
        f"{way}.{name}": value.detach().to("cpu", torch.float16 if value.is_floating_point() else None).contiguous()
        for way, generator in generators.items() for name, value in generator.state_dict().items()
    }  # fmt: skip


def load_translator(path: Path, way: str = "ab") -> tuple[Translator, TranslatorFacts]:
    """Return one way of `path`, in full precision and eval mode on the CPU, and what the file is.

    Args:
        path: a file of ours, or of other people's.
        way: "ab" or "ba".

    Raises:
        WeightsError: the file is damaged, holds something else, or has not learnt this way.
        OSError: it cannot be read.

    """
    header = facts_of(path)
    if not task_of(header):
        return _load_foreign(path, way)
    facts = TranslatorFacts.from_metadata(header, path.name)
    _check_way(path, facts, way)
    tensors = read_tensors(path, prefix=f"{way}.")
    try:
        network = build(facts)
    except (TypeError, ValueError, RuntimeError) as error:
        raise WeightsError(f"{path.name} asks for a network that cannot be built.") from error
    wanted = network.state_dict()
    for name, value in wanted.items():
        if f"{way}.{name}" not in tensors or tensors[f"{way}.{name}"].shape != value.shape:
            raise WeightsError(f"{path.name} does not fit its own description: see {way}.{name}.")
    weights = {name: tensors[f"{way}.{name}"].to(value.dtype) for name, value in wanted.items()}
    return _filled(network, weights, path), facts


def foreign_facts(path: Path) -> TranslatorFacts:
    """Return what was found out of other people's generator, by its names and shapes alone.

    Raises:
        UnknownNetworkError: it is none that is known.
        WeightsError: the file is damaged.
        OSError: it cannot be read.

    """
    return _foreign_facts({name: tuple(value.shape) for name, value in read_tensors(path).items()}, path)


def _foreign_facts(shapes: Mapping[str, tuple[int, ...]], path: Path) -> TranslatorFacts:
    found = recognised(shapes)
    if found is None:
        raise UnknownNetworkError(f"{path.name} holds no generator that is known here.")
    design = (
        f"CycleGAN, {found[1]['blocks']} blocks" if found[0] == "resnet" else f"pix2pix, {found[1]['depth']} levels"
    )
    return TranslatorFacts(found[0], found[1], about={"design": design})


def _load_foreign(path: Path, way: str) -> tuple[Translator, TranslatorFacts]:
    tensors = read_tensors(path)
    facts = _foreign_facts({name: tuple(value.shape) for name, value in tensors.items()}, path)
    _check_way(path, facts, way)
    try:
        network = build(facts)
    except ValueError as error:
        raise WeightsError(f"{path.name} asks for a network that cannot be built.") from error
    return _filled(network, from_junyanz(network, tensors), path), facts


def _check_way(path: Path, facts: TranslatorFacts, way: str) -> None:
    if way not in facts.ways:
        raise WeightsError(f"{path.name} has learnt one way only, {' and '.join(facts.ways).upper()}.")


def _filled(network: Translator, weights: Mapping[str, Tensor], path: Path) -> Translator:
    check_numbers({name: value for name, value in weights.items() if value.is_floating_point()}, path.name)
    network.load_state_dict(weights)
    return network.requires_grad_(False).eval()
