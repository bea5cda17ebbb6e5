"""Finds a network's weights by its name: in the package, the user's models folder, or torch's folder of downloads."""

import hashlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from pathlib import Path

from studio.core.failures import StudioError
from studio.core.user_folders import UserFolders

UNTRAINED = ":untrained"
EMBEDDED = Path(str(resources.files("assets") / "weights"))
"""Weights that come with the studio."""
_WEIGHTS_SUFFIXES = (".safetensors", ".pth", ".pt")


@dataclass(frozen=True, slots=True)
class KnownBackbone:
    """A network that the studio knows by name, and the name of its weights file, embedded or as torchvision has it."""

    name: str
    label: str
    published_as: str


KNOWN_BACKBONES = (
    KnownBackbone("atelier-slim", "Atelier Slim", "atelier-slim.safetensors"),
    KnownBackbone("squeezenet1_1", "SqueezeNet 1.1", "squeezenet1_1-b8a52dc0.pth"),
    KnownBackbone("vgg16", "VGG-16", "vgg16-397923af.pth"),
    KnownBackbone("vgg16_bn", "VGG-16 with batch norm", "vgg16_bn-6c64b313.pth"),
    KnownBackbone("vgg19", "VGG-19", "vgg19-dcbb9e9d.pth"),
)


@dataclass(frozen=True, slots=True)
class ResolvedWeights:
    """Which weights a network gets.

    `architecture` is "" where the file's keys will tell. Without `path` the network gets seeded random weights: it is
    not `trained`, `sha256` is empty, and `label` says so wherever it is shown.
    """

    architecture: str
    path: Path | None
    sha256: str
    trained: bool
    label: str

    @property
    def name(self) -> str:
        """What a recipe calls these weights; `resolve_backbone` finds them again by it where they are known by name."""
        if self.path is None:
            return self.architecture + UNTRAINED
        return self.architecture or self.path.name


def resolve_backbone(
    name: str, *, models_folder: Path | None = None, environment: Mapping[str, str] | None = None
) -> ResolvedWeights:
    """Find the weights for `name`: a known network, `NETWORK:untrained`, or a path to a weights file.

    A known network whose weights are not on this computer gets seeded random ones.

    Args:
        name: see above.
        models_folder: the user's models folder, by default the system's usual place.
        environment: the environment variables, by default this process's.

    Raises:
        StudioError: there is no such file or network.

    """
    plain = name.removesuffix(UNTRAINED)
    known = next((network for network in KNOWN_BACKBONES if network.name == plain), None)
    if known is None:
        return _resolve_file(name)
    if plain == name:
        environment = os.environ if environment is None else environment
        folder = models_folder if models_folder is not None else UserFolders.standard(environment).models
        for path in _places(known, folder, environment):
            if path.is_file():
                return ResolvedWeights(known.name, path, sha256_of(path), trained=True, label=known.label)
    return ResolvedWeights(known.name, None, "", trained=False, label=f"{known.label} (untrained)")


def known_backbones(models_folder: Path | None = None) -> tuple[ResolvedWeights, ...]:
    """Return every network known by name with what is found for it here."""
    return tuple(resolve_backbone(known.name, models_folder=models_folder) for known in KNOWN_BACKBONES)


def sha256_of(path: Path) -> str:
    """Return the sha256 of a weights file; an unchanged file is read only once.

    Raises:
        StudioError: it cannot be read.

    """
    try:
        status = path.stat()
        return _sha256(path.resolve(), status.st_size, status.st_mtime_ns)
    except OSError as error:
        raise StudioError(
            f"The weights file {path} cannot be read ({error.strerror}).",
            "Check its permissions, or copy it elsewhere.",
        ) from error


def hub_folder(environment: Mapping[str, str]) -> Path:
    """Return where torch.hub keeps downloaded weights, by the rules of `torch.hub.get_dir`, without importing torch."""
    cache = environment.get("XDG_CACHE_HOME") or "~/.cache"
    home = environment.get("TORCH_HOME") or f"{cache}/torch"
    return Path(home).expanduser() / "hub" / "checkpoints"


def _places(known: KnownBackbone, models_folder: Path, environment: Mapping[str, str]) -> Iterator[Path]:
    yield EMBEDDED / known.published_as
    for suffix in _WEIGHTS_SUFFIXES:
        yield models_folder / (known.name + suffix)
    yield models_folder / known.published_as
    yield hub_folder(environment) / known.published_as


def _resolve_file(name: str) -> ResolvedWeights:
    path = Path(name).expanduser()
    if path.is_file():
        if path.suffix.lower() not in _WEIGHTS_SUFFIXES:
            raise StudioError(f"{path} is not a weights file.", "Choose a .pth or .safetensors file.")
        return ResolvedWeights("", path, sha256_of(path), trained=True, label=path.name)
    names = ", ".join(network.name for network in KNOWN_BACKBONES)
    if path.suffix.lower() in _WEIGHTS_SUFFIXES or len(path.parts) > 1:
        raise StudioError(f"The weights file {path} is not there.", f"Check the path, or use a known network: {names}.")
    raise StudioError(
        f"There is no network called “{name}”.", f"Choose one of {names}, or give the path of a weights file."
    )


@lru_cache(maxsize=64)
def _sha256(path: Path, size: int, changed: int) -> str:
    """Hash the file as it is; `size` and `changed` make another file of it once it has been replaced."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
