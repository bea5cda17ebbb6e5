"""Which memory and number format a network is used in: what is fastest here is measured once, and kept.

Some processors have bf16 units (AMX, avx512_bf16) or like channels last, and are two to four times as fast with them;
others are slower. Nothing but trying tells. Only networks that are done learning are put into such a format, and where
a picture comes of it, its recipe names the format, so that it can be made again bit by bit.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Literal, Self, TypeAlias, TypeVar

from studio import __version__
from studio.core.device import Device, choose_device
from studio.core.memo import Memo
from studio.core.user_folders import UserFolders

if TYPE_CHECKING:
    from torch import Tensor, nn

    Network = TypeVar("Network", bound=nn.Module)

__all__ = ["FORMATS", "PLAIN", "FormatMemo", "InferenceFormat", "fastest", "in_format", "measure", "synchronize"]

BUDGET_S, TURNS = 0.05, 5
WORTH = 0.9
"""A format that is less faithful than another must take less than this share of its time."""
ALIKE = 0.05
"""What a network makes in a format may be so far from what it makes in the plain one, relative to that; else the format
does not work here. Half precision itself is ten times as near."""


@dataclass(frozen=True, slots=True)
class InferenceFormat:
    """How a network's convolutions compute. As text it is "float32" or "bfloat16 channels_last"."""

    dtype: Literal["float32", "bfloat16"] = "float32"
    channels_last: bool = False

    def __str__(self) -> str:
        return f"{self.dtype} channels_last" if self.channels_last else self.dtype

    @property
    def bytes(self) -> int:
        """Of a number."""
        return 2 if self.dtype == "bfloat16" else 4

    @classmethod
    def from_text(cls, text: str) -> "InferenceFormat":
        """Return the format that `str` wrote; what is not known is taken for the plain one."""
        return next((format for format in FORMATS if str(format) == text), PLAIN)


PLAIN = InferenceFormat()
FORMATS = (PLAIN, InferenceFormat("float32", True), InferenceFormat("bfloat16", True))
"""All there are, the most faithful first."""

Prepare: TypeAlias = "Callable[[InferenceFormat], Callable[[], Tensor]]"
"""Given a format, returns what passes something through a copy of the network that is in it."""


def in_format(network: "Network", format: InferenceFormat) -> "Network":
    """Put the convolutions of `network` into a format, in place; its norms keep all their digits."""
    import torch

    memory_format = torch.channels_last if format.channels_last else torch.contiguous_format
    for module in network.modules():
        if isinstance(module, torch.nn.Conv2d):
            module.to(dtype=getattr(torch, format.dtype), memory_format=memory_format)  # type: ignore[call-overload]
    return network


def measure(
    prepare: Prepare, device: str = "cpu", formats: Sequence[InferenceFormat] = FORMATS
) -> dict[InferenceFormat, float]:
    """Return the seconds of a pass in each of the formats that works here: the shortest of several, in turns.

    Raises:
        RuntimeError: the plain format does not work.

    """
    passes: dict[InferenceFormat, Callable[[], Tensor]] = {}
    seconds: dict[InferenceFormat, float] = {}
    begun = perf_counter()

    def timed(format: InferenceFormat) -> "Tensor":
        began = perf_counter()
        made = passes[format]()
        synchronize(device)
        seconds[format] = min(seconds.get(format, float("inf")), perf_counter() - began)
        return made

    for format in formats:
        try:
            passes[format] = prepare(format)
            made = timed(format)  # kernels are chosen and weights laid out now: hardly ever the shortest
        except RuntimeError:  # this device cannot
            if format == PLAIN:
                raise
            continue
        if format == PLAIN:
            expected = made
        elif not (made - expected).norm() <= ALIKE * expected.norm():
            del seconds[format]
    near = [format for format in seconds if format == PLAIN or seconds[format] < 2 * min(seconds.values())]
    for turn in range(TURNS):
        if turn == 0 or perf_counter() - begun < BUDGET_S:
            for format in near:
                timed(format)
    return seconds


def fastest(seconds: Mapping[InferenceFormat, float]) -> InferenceFormat:
    """Choose by the seconds of a pass: a less faithful format only where it is worth it."""
    choice = PLAIN
    for format in FORMATS:
        if seconds.get(format, float("inf")) < WORTH * seconds[choice]:
            choice = format
    return choice


def synchronize(device: str) -> None:
    """Wait until the device has done what it was given."""
    import torch

    if device != "cpu":
        (torch.cuda if device == "cuda" else torch.mps).synchronize()


class FormatMemo:
    """The answers for one device, kept until Atelier, torch or its number of threads change.

    Args:
        file: in the cache folder.
        device: that the networks compute on.

    """

    def __init__(self, file: Path, device: Device) -> None:
        self._memo = Memo(file)
        self._device = device

    @classmethod
    def standard(cls) -> Self:
        """Return the user's, for the device that computes."""
        return cls(UserFolders.standard().cache / "formats.json", choose_device())

    def known(self) -> dict[str, tuple[InferenceFormat, float]]:
        """Return what was measured here: kind → its format, and how many times as fast as the plain one that is."""
        found, here, now = {}, self._key(""), _versions()
        for key, entry in self._memo.read().items():
            match entry:
                case {"versions": str(then), "format": str(format), "speed": float(speed)}:
                    if then == now and key.endswith(here):
                        found[key.removesuffix(here)] = InferenceFormat.from_text(format), speed
        return found

    def choose(self, kind: str, prepare: Prepare, formats: Sequence[InferenceFormat] = FORMATS) -> InferenceFormat:
        """Return the best of the formats for this kind of network; where it is not known yet, all are tried."""
        known = self.known()
        if kind in known:
            return known[kind][0]
        seconds = measure(prepare, self._device.kind, formats)
        choice = fastest(seconds)
        self.keep(kind, choice, seconds[PLAIN] / seconds[choice])
        return choice

    def keep(self, kind: str, format: InferenceFormat, speed: float) -> None:
        """Remember a kind's format, and how many times as fast as the plain one that is."""
        entry = {"versions": _versions(), "format": str(format), "speed": round(speed, 2)}
        self._memo.remember(self._key(kind), entry)

    def _key(self, kind: str) -> str:
        return f"{kind} on {self._device.name} ({self._device.kind})"


def _versions() -> str:
    import torch

    return f"Atelier {__version__}, torch {torch.__version__}, {torch.get_num_threads()} threads"
