"""CycleGAN: two worlds of pictures, each translated into the other, learnt without pairs (Zhu et al. 2017).

A generator G paints pictures of A as if they were of B, F the way back; critics D_A and D_B judge *places* of a picture
rather than the whole (PatchGAN, Isola et al. 2017, section 3.2.2). What is held to what, in the paper's numbers:

    L_GAN(G, D_B)  = E_b[(D_B(b) − 1)²] + E_a[D_B(G(a))²]                     (least squares, section 4)
    L_cyc(G, F)    = E_a[‖F(G(a)) − a‖₁] + E_b[‖G(F(b)) − b‖₁]                (equation 2)
    L_idt(G, F)    = E_b[‖G(b) − b‖₁] + E_a[‖F(a) − a‖₁]                      (section 5.2)
    L              = L_GAN(G, D_B) + L_GAN(F, D_A) + λ·L_cyc + ½λ·L_idt, λ = 10

`ResnetGenerator` is the paper's, 7×7, two halvings, 6 or 9 residual blocks, two doublings, 7×7 (after Johnson et al.
2016). `SeparableGenerator` does the same with a fraction of the work: its blocks look around (depthwise) and mix
(pointwise) in turns (Howard et al. 2017), maps are averaged when they are halved and interpolated when they are
doubled, so that nothing aliases (Zhang 2019), and its last layer sees the picture itself, whose tones instance norm
takes away.

Pictures come and go as sRGB, 0–1; inside, and in every loss, black is −1 and white 1, as the paper's weights have it.
"""

from abc import abstractmethod
from collections.abc import Callable, Generator, Sequence
from typing import Literal, TypeAlias, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from models.fast_style import padded
from models.few_maps import FewMapsConv2d
from models.instance_norm import InstanceNorm2d

__all__ = [
    "Adversarial",
    "Layer",
    "PatchCritic",
    "ResnetGenerator",
    "SeparableGenerator",
    "Translator",
    "Walk",
    "accuracy",
    "critic_loss",
    "distance",
    "generator_loss",
    "initialise",
    "r1_penalty",
]

Adversarial: TypeAlias = Literal["lsgan", "hinge"]
Norm: TypeAlias = Literal["instance", "batch"]
Walk: TypeAlias = Generator[float, None, Tensor]
"""A way through a network, layer by layer: yields as whoever computes them pleases, returns what comes out."""

_STRAIGHTEST, _HEARD_AT_FIRST = 1.25, 0.1
"""tanh(1.25 x) is x to 0.05 on average over −1…1; and features are heard by a tenth of the drawn weights at first."""


class Layer(nn.Module):
    """Convolve, normalise, rectify: what can be computed strip by strip, as only the norm looks at all of a picture.

    Args:
        convolve: everything local, padding included.
        channels: that it makes.
        reach: how many rows of what goes in lie above and below what one row that comes out is made of, at most.
        norm: instance norm, which learns nothing; batch norm, as other people's networks have it; None none.
        rectify: what follows.
        stride: how many rows make one.
        grow: how many rows one makes.

    """

    def __init__(
        self, *convolve: nn.Module, channels: int, reach: int, norm: Norm | None = "instance",
        rectify: nn.Module | None = None, stride: int = 1, grow: int = 1,
    ) -> None:  # fmt: skip
        super().__init__()
        self.convolve = nn.Sequential(*convolve)
        self.norm = None if norm is None else (InstanceNorm2d if norm == "instance" else nn.BatchNorm2d)(channels)
        self.rectify = rectify
        self.film: nn.Linear | None = None
        self.code: Tensor | None = None
        self.channels, self.reach, self.stride, self.grow = channels, reach, stride, grow

    def forward(self, x: Tensor) -> Tensor:
        """N×C×H×W → N×channels×(H·grow/stride)×(W·grow/stride)."""
        return self.finished(self.convolve(x))

    def finished(self, x: Tensor) -> Tensor:
        """Normalise and rectify what was convolved."""
        x = x if self.norm is None else self.norm(x)
        if (modulation := self.modulation()) is not None:
            x = x * modulation[0] + modulation[1]
        return x if self.rectify is None else self.rectify(x)

    def modulation(self) -> tuple[Tensor, Tensor] | None:
        """Return factor and summand of each channel, N×channels×1×1, that the code asks for; None without one."""
        if self.film is None or self.code is None:
            return None
        factor, summand = self.film(self.code)[:, :, None, None].chunk(2, dim=1)
        return 1 + factor, summand

    @property
    def work(self) -> int:
        """Multiplications for each place of what comes out."""
        weights = sum(part.weight.numel() for part in self.convolve if isinstance(part, nn.Conv2d))
        spread = sum(part.weight.numel() for part in self.convolve if isinstance(part, nn.ConvTranspose2d))
        return weights + spread // self.grow**2


Through: TypeAlias = Callable[[Layer, Tensor, Tensor | None], Walk]
"""Computes one layer, of a map and perhaps of other channels beside it."""


def _at_once(layer: Layer, x: Tensor, beside: Tensor | None) -> Walk:
    yield from ()
    made: Tensor = layer(x if beside is None else torch.cat([x, beside], dim=1))
    return made


class Translator(nn.Module):
    """A network that translates pictures; how its layers hang together is said once, in `walk`.

    Attributes:
        multiple: it computes pictures whose sides are multiples of this; others are mirrored up to it, and cut.
        code_size: numbers of the code that it hears (`models.style_code`); 0 it hears none.

    """

    multiple = 4
    code_size = 0
    _said: Tensor | None = None

    @abstractmethod
    def walk(self, x: Tensor, through: Through) -> Walk:
        """N×3×H×W, −1 to 1, both sides multiples → the same of the other world; `through` computes the layers."""

    def say(self, code: Tensor | None) -> None:
        """Let everything from here on be painted by a code, 1×code_size, unless another is given; None: by the mean."""
        self._said = code
        self._tell(code)

    def _tell(self, code: Tensor | None) -> None:
        for layer in self.modules():
            if isinstance(layer, Layer):
                layer.code = code

    def forward(self, picture: Tensor, code: Tensor | None = None) -> Tensor:
        """N×3×H×W, sRGB, 0–1, of any size → N×3×H×W, 0–1; by a code, N×code_size, that of `say`, or the mean of all."""
        if not self.code_size:
            return self._painted(picture)
        code = self._said if code is None else code
        self._tell(picture.new_zeros(1, self.code_size) if code is None else code)
        try:
            return self._painted(picture)
        finally:
            self._tell(self._said)  # what was learnt by would be copied and kept with the network

    def _painted(self, picture: Tensor) -> Tensor:
        height, width = picture.shape[2:]
        walk = self.walk(padded(picture, self.multiple) * 2 - 1, _at_once)
        while True:
            try:
                next(walk)
            except StopIteration as end:
                made: Tensor = end.value
                return (made[:, :, :height, :width].to(picture.dtype) + 1) / 2

    def features(self, picture: Tensor) -> list[Tensor]:
        """Return what the first half of the network sees, for PatchNCE.

        Raises:
            NotImplementedError: this network has no such half.

        """
        raise NotImplementedError


class Residual(nn.Module):
    """Two layers, of which what they make is added to what goes in."""

    def __init__(self, first: Layer, second: Layer) -> None:
        super().__init__()
        self.first, self.second = first, second

    def forward(self, x: Tensor) -> Tensor:
        """N×C×H×W → N×C×H×W."""
        made: Tensor = x + self.second(self.first(x))
        return made


class _Resnet(Translator):
    """Encoder, residual blocks, decoder."""

    def __init__(
        self, encoder: Sequence[Layer], body: Sequence[Residual], decoder: Sequence[Layer], *, sees_picture: bool,
        noise: bool = False,
    ) -> None:  # fmt: skip
        super().__init__()
        self.encoder, self.body, self.decoder = nn.ModuleList(encoder), nn.ModuleList(body), nn.ModuleList(decoder)
        self._sees_picture, self._sees_noise = sees_picture, noise

    def walk(self, x: Tensor, through: Through) -> Walk:
        picture = x if self._sees_picture else None
        first, *halvings = cast(Sequence[Layer], self.encoder)
        x = yield from through(first, x, self._noise(x, 0))  # 3×H×W → w×H×W
        for layer in halvings:
            x = yield from through(layer, x, None)  # → 2w×H/2×W/2 → 4w×H/4×W/4
        for block in cast(Sequence[Residual], self.body):
            inner = yield from through(block.first, x, None)
            inner = yield from through(block.second, inner, None)
            x = x + inner  # 4w×H/4×W/4
        *doublings, last = cast(Sequence[Layer], self.decoder)
        for number, layer in enumerate(doublings, 1):
            x = yield from through(layer, x, self._noise(x, number))  # → 2w×H/2×W/2 → w×H×W
        return (yield from through(last, x, picture))  # → 3×H×W

    def _noise(self, x: Tensor, number: int) -> Tensor | None:
        """N(0, 1), N×1×H×W, beside a map of that size: another one every time it learns, afterwards always the same.

        So a picture is translated to the same every time, and a drawing does not flicker under the brush.
        """
        if not self._sees_noise:
            return None
        count, _, height, width = x.shape
        if self.training:
            return torch.randn(count, 1, height, width, dtype=x.dtype, device=x.device)
        fixed = torch.randn(1, 1, height, width, generator=torch.Generator().manual_seed(number))
        return fixed.to(x).expand(count, -1, -1, -1)

    def features(self, picture: Tensor) -> list[Tensor]:
        """Return the picture itself, both halvings, the first and the middle block (Park et al. 2020, appendix B)."""
        x = padded(picture, self.multiple) * 2 - 1
        seen, noise = [x], self._noise(x, 0)
        for number, layer in enumerate(self.encoder):
            x = layer(x if number or noise is None else torch.cat([x, noise], dim=1))
            seen += [x] if number else []
        middle = len(self.body) // 2
        for number, block in enumerate(self.body[: middle + 1]):
            x = block(x)
            seen += [x] if number in (0, middle) else []
        return seen


class ResnetGenerator(_Resnet):
    """The paper's generator (section 4 and appendix 7.2).

    Args:
        width: channels at full size; the paper's has 64.
        blocks: residual blocks; 6 for 128 px, 9 from 256 px on.
        norm: the paper's is instance norm.
        dropout: whether half of what is between a block's layers is left out while it learns; the paper's has none.

    """

    def __init__(self, width: int = 64, blocks: int = 9, norm: Norm = "instance", dropout: bool = False) -> None:
        def halving(channels: int) -> Layer:
            convolution = nn.Conv2d(channels, 2 * channels, 3, stride=2, padding=1, bias=False)
            return Layer(convolution, channels=2 * channels, reach=1, norm=norm, rectify=nn.ReLU(), stride=2)

        def block() -> Residual:
            def half(rectify: nn.Module | None) -> Layer:
                mirror, convolution = nn.ReflectionPad2d(1), nn.Conv2d(4 * width, 4 * width, 3, bias=False)
                return Layer(mirror, convolution, channels=4 * width, reach=1, norm=norm, rectify=rectify)

            between = nn.Sequential(nn.ReLU(), nn.Dropout(0.5)) if dropout else nn.ReLU()
            return Residual(half(between), half(None))

        def doubling(channels: int) -> Layer:
            convolution = nn.ConvTranspose2d(
                channels, channels // 2, 3, stride=2, padding=1, output_padding=1, bias=False
            )
            return Layer(convolution, channels=channels // 2, reach=1, norm=norm, rectify=nn.ReLU(), grow=2)

        super().__init__(
            [_first(width, norm), halving(width), halving(2 * width)],
            [block() for _ in range(blocks)],
            [doubling(4 * width), doubling(2 * width), _last(width)],
            sees_picture=False,
        )


class SeparableGenerator(_Resnet):
    """The studio's own generator: with 32 channels and 9 blocks .43 M weights, 2.6 G multiplications for 256².

    A deterministic network that keeps its place can only return an even sky as even, or covered with a lattice, and
    critics that want strokes there teach it the lattice. Noise says where a stroke lies when nothing in the picture
    does (after Karras et al. 2019, section 3.2): beside the picture, and beside what is doubled, as strokes are finer
    than the maps of the blocks, whose finest grain would be a lattice again.

    Args:
        width: channels at full size.
        blocks: residual blocks.
        noise: whether it sees noise.

    """

    def __init__(self, width: int = 32, blocks: int = 9, noise: bool = False) -> None:
        def halving(channels: int) -> Layer:
            convolution = nn.Conv2d(channels, 2 * channels, 3, bias=False)
            return Layer(nn.AvgPool2d(2), nn.ReflectionPad2d(1), convolution, channels=2 * channels, reach=4,
                         rectify=nn.ReLU(), stride=2)  # fmt: skip

        def half(rectify: nn.Module | None) -> Layer:
            mixes = nn.Conv2d(4 * width, 4 * width, 1, bias=False)
            return Layer(*_looking_around(4 * width), mixes, channels=4 * width, reach=1, rectify=rectify)

        def doubling(channels: int) -> Layer:
            half_as_many, between = channels // 2, nn.Upsample(scale_factor=2, mode="bilinear")
            mixes = nn.Conv2d(channels + noise, half_as_many, 1, bias=False)  # first, while there is little to mix
            return Layer(mixes, between, *_looking_around(half_as_many), channels=half_as_many, reach=2,
                         rectify=nn.ReLU(), grow=2)  # fmt: skip

        super().__init__(
            [_first(width, "instance", 3 + noise), halving(width), halving(2 * width)],
            [Residual(half(nn.ReLU()), half(None)) for _ in range(blocks)],
            [doubling(4 * width), doubling(2 * width), _last(width + 3)],
            sees_picture=True,
            noise=noise,
        )

    @torch.no_grad()
    def begin_as_identity(self) -> None:
        """Let it return very nearly what it is given, until it learns otherwise: of what it has made it hears little.

        Two worlds of photos and paintings have most in common. What would take thousands of steps, to return a
        picture at all, need not be learnt; from the first step on a critic teaches what makes the difference.
        """
        last = cast(Layer, self.decoder[-1]).convolve[-1]
        assert isinstance(last, nn.Conv2d)
        made = last.in_channels - 3
        last.weight[:, :made] *= _HEARD_AT_FIRST
        last.weight[:, made:] = 0.0
        for channel in range(3):
            last.weight[channel, made + channel, last.kernel_size[0] // 2, last.kernel_size[1] // 2] = _STRAIGHTEST


def _first(width: int, norm: Norm, channels: int = 3) -> Layer:
    convolution = nn.Conv2d(channels, width, 7, bias=False)
    return Layer(nn.ReflectionPad2d(3), convolution, channels=width, reach=3, norm=norm, rectify=nn.ReLU())


def _last(channels: int) -> Layer:
    convolution = FewMapsConv2d(channels, 3, 7)
    return Layer(nn.ReflectionPad2d(3), convolution, channels=3, reach=3, norm=None, rectify=nn.Tanh())


def _looking_around(channels: int) -> tuple[nn.Module, nn.Module]:
    """A filter for each channel by itself."""
    return nn.ReflectionPad2d(1), nn.Conv2d(channels, channels, 3, groups=channels, bias=False)


class PatchCritic(nn.Module):
    """Tells real places of 70×70 pixels from painted ones (Isola et al. 2017, appendix 6.1.2: C64-C128-C256-C512).

    Args:
        width: of the first layer.
        depth: how many layers halve the picture; 3 see 70 pixels, 2 see 34, 1 sees 16.
        channels: of the picture; a conditional critic sees what it was made of as well, and has 6.

    """

    def __init__(self, width: int = 64, depth: int = 3, channels: int = 3) -> None:
        super().__init__()
        layers: list[nn.Module] = [nn.Conv2d(channels, width, 4, stride=2, padding=1), nn.LeakyReLU(0.2)]
        for number in range(1, depth + 1):
            fewer, more = (width * min(2**power, 8) for power in (number - 1, number))
            convolution = nn.Conv2d(fewer, more, 4, stride=2 if number < depth else 1, padding=1, bias=False)
            layers += [convolution, InstanceNorm2d(more), nn.LeakyReLU(0.2)]
        self.layers = nn.Sequential(*layers, nn.Conv2d(width * min(2**depth, 8), 1, 4, padding=1))

    def forward(self, pictures: Tensor) -> Tensor:
        """N×channels×H×W, 0–1 → N×1×H/8−2×W/8−2 verdicts: high where it looks real (with a depth of 3)."""
        verdicts: Tensor = self.layers(pictures * 2 - 1)
        return verdicts.float()


def critic_loss(real: Tensor, fake: Tensor, kind: Adversarial = "lsgan") -> Tensor:
    """Return how far a critic's verdicts are from telling the two apart (scalar).

    lsgan: ½E[(D(b) − 1)²] + ½E[D(G(a))²] (Mao et al. 2017, equation 9; halved, as section 4 has it, to learn slower).
    hinge: ½E[max(0, 1 − D(b))] + ½E[max(0, 1 + D(G(a)))] (Lim & Ye 2017; halved likewise).
    """
    if kind == "lsgan":
        return ((real - 1).square().mean() + fake.square().mean()) / 2
    return (F.relu(1 - real).mean() + F.relu(1 + fake).mean()) / 2


def generator_loss(fake: Tensor, kind: Adversarial = "lsgan") -> Tensor:
    """Return how far a critic is from being taken in: E[(D(G(a)) − 1)²], or −E[D(G(a))] (scalar)."""
    return (fake - 1).square().mean() if kind == "lsgan" else -fake.mean()


def accuracy(real: Tensor, fake: Tensor, kind: Adversarial = "lsgan") -> Tensor:
    """Return of how large a share of all places a critic is right, 0–1 (scalar)."""
    line = 0.5 if kind == "lsgan" else 0.0
    return ((real > line).float().mean() + (fake <= line).float().mean()) / 2


def distance(one: Tensor, other: Tensor) -> Tensor:
    """Return E[‖one − other‖₁] of pictures, 0–1, in the paper's numbers: black and white are 2 apart (scalar)."""
    return 2 * (one - other).abs().mean()


def r1_penalty(critic: nn.Module, real: Tensor) -> Tensor:
    """Return E[‖∇D(b)‖²] over real pictures, N×C×H×W, 0–1 (Mescheder et al. 2018, equation 9; scalar).

    A picture's verdict is the mean over its places. Computed lazily, at every k-th step, it counts k times (Karras et
    al. 2020, appendix B).
    """
    real = real.detach().requires_grad_(True)
    verdicts = critic(real).mean(dim=(1, 2, 3)).sum()
    (slope,) = torch.autograd.grad(verdicts, real, create_graph=True)
    return slope.square().sum(dim=(1, 2, 3)).mean() / 4  # a pixel's range is 2 in the paper's numbers


def initialise(network: nn.Module, generator: torch.Generator) -> None:
    """Draw a network's weights from N(0, .02²), as both papers do; biases begin at 0."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
            nn.init.normal_(module.weight, 0.0, 0.02, generator=generator)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
        elif isinstance(module, nn.BatchNorm2d):
            nn.init.normal_(module.weight, 1.0, 0.02, generator=generator)
            nn.init.zeros_(module.bias)
