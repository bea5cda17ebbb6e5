"""Colours for a photo that has none, or other ones: from lightness, and from what a hand has hinted at.

What atelier-slim sees in the grey picture goes up again through a U-Net to half its size, where every place has a
guess of its own. Hints are sparse (Zhang et al. 2017, "Real-Time User-Guided Image Colorization"): a few pixels with a
colour. How far one reaches is learnt as attention: each place asks which hints lie on what looks alike and is near, and
"none of them" is an answer, too. What it hears is mixed with its own guess, colour with colour, so that a hint of a
colour that was never seen there is taken as it is.

Beside that stands a coarse distribution over colours, from which a palette is suggested.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from models.cielab import grey_of
from models.colour_bins import bin_centres
from models.slim import MEAN, SLIM_WIDTHS, STD, slim_features, tap_indices
from models.weight_files import WeightsError, check_numbers, read_tensors
from models.weight_headers import COLOURISER, facts_of

__all__ = ["MULTIPLE", "SCALE", "WORKS_AT", "Colouring", "Colouriser", "ColouriserFacts", "load_colouriser", "to_file"]

MULTIPLE = 16
"""Sides of a picture are multiples of so many pixels."""
SCALE = 100.0
"""Colours are a and b of CIELAB divided by this."""
WORKS_AT = 192
"""Longer side, px, of what a new network works on: its file says so, so that what it made can be made again."""

_FORMAT = "1"
_GAINS = 10.0, 14.0, 20.0, 20.0
"""What brings atelier-slim's features, from 1/2 to 1/16 of the size, to a deviation of about 1."""
_HEADS, _KEY = 4, 16
_NEVER = -1e4
"""The logit of a place where there is no hint."""


class Colouring(NamedTuple):
    """What comes out: `ab`, N×2×H/2×W/2, divided by `SCALE`; `bins`, N×Q×H/8×W/8, logits of `bin_centres`."""

    ab: Tensor
    bins: Tensor


class Colouriser(nn.Module):
    """The network."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = slim_features()
        taps = tap_indices(self.encoder)
        self._stops = [taps[name] for name in ("relu2_1", "relu3_1", "relu4_1", "relu5_1")]
        half, quarter, eighth, sixteenth = (widths[-1] for widths in SLIM_WIDTHS[1:])
        self.bottom = Bottom(sixteenth + 3, 128)
        self.to_eighth = Up(128, eighth, 96)
        self.bins = nn.Conv2d(96, len(bin_centres()), kernel_size=1)
        self.to_quarter = Up(96, quarter, 64)
        self.spread = HintAttention(64)
        self.to_half = Up(64, half, 32, extra=3 + 3 * _HEADS)
        self.guess = nn.Conv2d(32, 2, kernel_size=1)
        self.choice = nn.Conv2d(32, 1 + _HEADS, kernel_size=1)

    def forward(self, lightness: Tensor, hints: Tensor) -> Colouring:
        """Colour pictures.

        Args:
            lightness: N×1×H×W, L, 0–100; sides are multiples of `MULTIPLE`.
            hints: N×3×H/2×W/2: a and b divided by `SCALE`, and 1 where there is a hint, 0 (and a = b = 0) elsewhere.

        """
        seen = [gain * x for gain, x in zip(_GAINS, self._look(lightness), strict=True)]
        x = self.bottom(torch.cat([seen[3], _pooled(hints, 8)], dim=1))  # N×128×H/16×W/16
        x = self.to_eighth(x, seen[2])
        bins = self.bins(x)
        x = self.to_quarter(x, seen[1])  # N×64×H/4×W/4
        told = F.interpolate(self.spread(x, hints), scale_factor=2.0, mode="bilinear")  # N×3·heads×H/2×W/2
        x = self.to_half(x, seen[0], torch.cat([hints, told], dim=1))
        return Colouring(self._mixed(x, told.float().reshape(told.shape[0], _HEADS, 3, *told.shape[2:])), bins)

    def _look(self, lightness: Tensor) -> list[Tensor]:
        """Return what the encoder sees at 1/2, 1/4, 1/8 and 1/16."""
        with torch.autocast(lightness.device.type, enabled=False):
            x = (grey_of(lightness.float()) - MEAN[0]) / STD[0]
        x, seen = x.expand(-1, 3, -1, -1), []
        for index, layer in enumerate(self.encoder):
            x = layer(x)
            if index in self._stops:
                seen.append(x)
        return seen

    def _mixed(self, x: Tensor, told: Tensor) -> Tensor:
        """Mix the guess with the hints' colours: as far as a head has found any, and as this place chooses."""
        with torch.autocast(x.device.type, enabled=False):
            heard = told[:, :, 2:].clamp(1e-4, 1.0)  # N×heads×1×H×W
            colours = told[:, :, :2] / heard
            logits = self.choice(x.float())
            logits = torch.cat([logits[:, :1], logits[:, 1:] + heard[:, :, 0].log()], dim=1)
            share = torch.softmax(logits, dim=1)
            made: Tensor = share[:, :1] * self.guess(x.float()) + (share[:, 1:, None] * colours).sum(dim=1)
            return made

    @torch.no_grad()
    def initialise(self, encoder: Mapping[str, Tensor], generator: torch.Generator) -> None:
        """Begin with a trained encoder; all else is drawn (He et al. 2015), guesses begin grey.

        Args:
            encoder: the weights of atelier-slim's `features`.
            generator: decides.

        """
        self.encoder.load_state_dict(encoder)
        for name, layer in self.named_modules():
            if isinstance(layer, nn.Conv2d) and not name.startswith("encoder."):
                nn.init.normal_(layer.weight, 0.0, (2.0 / layer.weight[0].numel()) ** 0.5, generator=generator)
                nn.init.zeros_(cast(Tensor, layer.bias))
        for last in (self.guess, self.choice, self.bins):
            last.weight.mul_(0.01)


class Bottom(nn.Module):
    """The smallest maps: what lies far apart, and what kind of picture it is."""

    def __init__(self, channels: int, width: int) -> None:
        super().__init__()
        self.enter = nn.Conv2d(channels, width, kernel_size=1)
        self.wide = nn.ModuleList(nn.Conv2d(width, width, 3, padding=apart, dilation=apart) for apart in (1, 2, 4))
        self.whole = nn.Conv2d(width, width, kernel_size=1)

    def forward(self, x: Tensor) -> Tensor:
        """N×channels×H×W → N×width×H×W."""
        x = torch.relu(self.enter(x))
        for layer in self.wide:
            x = x + torch.relu(layer(x))
        made: Tensor = x + self.whole(x.mean(dim=(2, 3), keepdim=True))
        return made


class Up(nn.Module):
    """One level up: doubled, joined with what the encoder saw there, and two convolutions."""

    def __init__(self, width: int, seen: int, out: int, extra: int = 0) -> None:
        super().__init__()
        self.below, self.beside = nn.Conv2d(width, out, kernel_size=1), nn.Conv2d(seen, out, kernel_size=1)
        self.first = nn.Conv2d(2 * out + extra, out, kernel_size=3, padding=1)
        self.second = nn.Conv2d(out, out, kernel_size=3, padding=1)

    def forward(self, x: Tensor, seen: Tensor, extra: Tensor | None = None) -> Tensor:
        """N×width×H×W, N×seen×2H×2W (and more maps of that size) → N×out×2H×2W."""
        x = F.interpolate(self.below(x), scale_factor=2.0, mode="nearest")
        joined = [torch.relu(x), torch.relu(self.beside(seen)), *([] if extra is None else [extra.to(x.dtype)])]
        x = torch.relu(self.first(torch.cat(joined, dim=1)))
        made: Tensor = x + torch.relu(self.second(x))
        return made


class HintAttention(nn.Module):
    """How far hints reach: attention from every place to the hints, by likeness and nearness.

    The logit of a hint is q·k/√d − s·distance², distance in units of the picture's longer side and s learnt for each
    head, as a bilateral filter has it (Tomasi & Manduchi 1998) with learnt likeness; the logit of "none" is each
    place's own. Both are one scaled dot product, since |x − y|² is one, too.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.query = nn.Conv2d(width, _HEADS * (_KEY + 1), kernel_size=1)
        self.key = nn.Conv2d(width, _HEADS * _KEY, kernel_size=1)
        self.nearness = nn.Parameter(torch.linspace(1.0, 4.0, _HEADS))

    def forward(self, x: Tensor, hints: Tensor) -> Tensor:
        """N×width×H×W and N×3×2H×2W → N×3·heads×H×W: a, b and how much was heard, 0–1; a and b times that."""
        number, _, height, width = x.shape
        with torch.autocast(x.device.type, enabled=False):
            x = x.float()
            coarse = _pooled(hints.float(), 4)  # keys: N×3×H/2×W/2
            places = _places(height, width, x)  # 2×H×W
            keys = F.avg_pool2d(self.key(x), 2).reshape(number, _HEADS, _KEY, -1)  # N×heads×16×HW/4
            most = int(coarse[:, 2].flatten(1).sum(dim=1).max())
            if not most:
                return x.new_zeros(number, 3 * _HEADS, height, width)
            there, chosen = coarse[:, 2].flatten(1).topk(most)  # N×J
            at = F.avg_pool2d(places[None], 2)[0].flatten(1)[:, chosen].movedim(0, -1)  # N×J×2
            value = coarse.flatten(2).gather(2, chosen[:, None].expand(-1, 3, -1)).movedim(1, 2)  # N×J×3
            key = keys.gather(3, chosen[:, None, None].expand(-1, _HEADS, _KEY, -1)).movedim(2, 3)
            return self._attended(x, places, key, at, value, there).movedim(2, 3).reshape(number, -1, height, width)

    def _attended(self, x: Tensor, places: Tensor, key: Tensor, at: Tensor, value: Tensor, there: Tensor) -> Tensor:
        """Return what each place hears, N×heads×HW×3."""
        asked = self.query(x).reshape(len(x), _HEADS, _KEY + 1, -1).movedim(2, 3)  # N×heads×HW×17
        asked, none = asked.split([_KEY, 1], dim=3)
        near = F.softplus(self.nearness).square().view(1, -1, 1, 1)  # 1×heads×1×1
        mine = places.flatten(1).T[None, None]  # 1×1×HW×2
        root = math.sqrt(_KEY)
        ones = torch.ones_like(none)
        # q·k = asked·key/√d + 2s x·y − s|y|² (+ never, where there is none); "none" is measured against s|x|²
        query = torch.cat([asked / root, 2 * near * mine * ones, ones, none + near * mine.square().sum(-1, True)], 3)
        hint = torch.cat([
            key,
            at[:, None].expand(-1, _HEADS, -1, -1),
            (there - 1.0)[:, None, :, None] * -_NEVER - near * at.square().sum(-1)[:, None, :, None],
            torch.zeros_like(key[..., :1]),
        ], dim=3)  # fmt: skip
        nobody = F.one_hot(torch.tensor(hint.shape[3] - 1), hint.shape[3]).to(hint)
        hint = torch.cat([hint, nobody.expand(*hint.shape[:2], 1, -1)], dim=2)  # N×heads×J+1×20
        value = F.pad(value, (0, 0, 0, 1))[:, None].expand(-1, _HEADS, -1, -1)
        return F.scaled_dot_product_attention(query, hint, value, scale=1.0)


def _pooled(hints: Tensor, side: int) -> Tensor:
    """Return the mean of the hints in squares of `side` pixels, and whether there are any: N×3×H/side×W/side."""
    sums = F.avg_pool2d(hints, side)
    there = (sums[:, 2:] > 0).to(sums.dtype)
    return torch.cat([sums[:, :2] / (sums[:, 2:] + (1.0 - there)), there], dim=1)


def _places(height: int, width: int, like: Tensor) -> Tensor:
    """Return y and x of every place, the longer side being 1: 2×H×W."""
    longer = max(height, width)
    y, x = ((torch.arange(length, device=like.device) + 0.5) / longer for length in (height, width))
    return torch.stack(torch.meshgrid(y, x, indexing="ij")).to(like)


@dataclass(frozen=True, slots=True)
class ColouriserFacts:
    """What a file tells of its network.

    Attributes:
        steps: how long it learnt.
        side: longer side, px, of the reduced pictures that it works on.
        about: anything else.

    """

    steps: int = 0
    side: int = WORKS_AT
    about: Mapping[str, str] = field(default_factory=dict)

    def to_metadata(self) -> dict[str, str]:
        """Return the header's entries."""
        own = {"task": COLOURISER, "architecture": f"atelier-{COLOURISER}", "format": _FORMAT}
        return {**self.about, **own, "steps": str(self.steps), "side": str(self.side)}

    @classmethod
    def from_metadata(cls, metadata: Mapping[str, str], file: str) -> "ColouriserFacts":
        """Read a header's entries.

        Raises:
            WeightsError: `file` holds no network that colours, or one of a later kind.

        """
        if metadata.get("task") != COLOURISER:
            raise WeightsError(f"{file} holds no network that colours pictures.")
        if metadata.get("format") != _FORMAT:
            raise WeightsError(f"{file} was made by a newer version of Atelier.")
        try:
            return cls(int(metadata["steps"]), int(metadata["side"]))
        except (KeyError, ValueError) as error:
            raise WeightsError(f"{file} does not say how its network is used.") from error


def to_file(network: nn.Module) -> dict[str, Tensor]:
    """Return the weights as a file holds them: by name, half precision, on the CPU."""
    return {name: value.detach().to("cpu", torch.float16).contiguous() for name, value in network.state_dict().items()}


def load_colouriser(path: Path) -> tuple[Colouriser, ColouriserFacts]:
    """Return the network in `path`, in full precision and eval mode on the CPU, and what it is.

    Raises:
        WeightsError: the file is damaged or holds something else.
        OSError: it cannot be read.

    """
    facts = ColouriserFacts.from_metadata(facts_of(path), path.name)
    tensors, network = read_tensors(path), Colouriser()
    wanted = network.state_dict()
    for name, value in wanted.items():
        if name not in tensors or tensors[name].shape != value.shape:
            raise WeightsError(f"{path.name} does not fit its own description: see {name}.")
    check_numbers(tensors, path.name)
    network.load_state_dict({name: tensors[name].to(torch.float32) for name in wanted})
    return network.requires_grad_(False).eval(), facts
