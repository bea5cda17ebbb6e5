"""The networks that the studio knows by name: what assets/weights/manifest.json says of them."""

from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

EMBEDDED = "embedded"
SLACK = 1024
"""How many bytes an approximate size may be off: torchvision states sizes in megabytes with three decimals."""

Checksum = Annotated[str, Field(pattern=r"^([0-9a-f]{64})?$")]
ChecksumPrefix = Annotated[str, Field(pattern=r"^([0-9a-f]{8,64})?$")]


class _ManifestEntry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class KnownNetwork(_ManifestEntry):
    """A network, the file its weights come in, and where that comes from: "embedded", or an address.

    `task` is what it is for: "backbone" (it looks at pictures), "fast_style", or whatever else was trained.

    Where the full `sha256` is not known, `sha256_prefix` holds what the file's name tells of it, as torch.hub does.
    A `former` one has been followed by better ones: it is offered no more, but recipes that name it find it.
    """

    name: Annotated[str, Field(pattern=r"^[\w.-]+$")]
    label: str
    task: str
    architecture: str
    source: Annotated[str, Field(pattern=r"^(embedded|https?://\S+)$")]
    file: Annotated[str, Field(pattern=r"^[\w.-]+\.(pth|safetensors|tflite)$")]
    size: Annotated[int, Field(gt=0)]
    size_approximate: bool = False
    sha256: Checksum = ""
    sha256_prefix: ChecksumPrefix = ""
    licence: str
    trained_on: str
    good_for: str
    taps: tuple[str, ...] = ()
    former: bool = False

    @model_validator(mode="after")
    def _can_be_checked(self) -> Self:
        if self.source != EMBEDDED and not self.checksum:
            raise ValueError(f"{self.name} comes from the network and needs a checksum")
        if self.task == "backbone" and not self.taps:
            raise ValueError(f"{self.name} looks at pictures and needs taps")
        if self.sha256 and not self.sha256.startswith(self.sha256_prefix):
            raise ValueError(f"{self.name}: sha256 and sha256_prefix contradict each other")
        return self

    @property
    def url(self) -> str:
        """Where it can be downloaded, or ""."""
        return "" if self.source == EMBEDDED else self.source

    @property
    def checksum(self) -> str:
        """What is known of the file's sha256: all of it, its beginning, or nothing."""
        return self.sha256 or self.sha256_prefix

    def is_published(self, sha256: str) -> bool:
        """Tell whether a file with this checksum is the very file that was published."""
        return bool(self.checksum) and sha256.startswith(self.checksum)

    def is_too_short(self, size: int) -> bool:
        """Tell whether a file of `size` bytes cannot be all of the published one."""
        if self.size_approximate and self.source == EMBEDDED:
            return False
        return size < self.size - (SLACK if self.size_approximate else 0)


class Manifest(_ManifestEntry):
    """All known networks, and what to call each architecture."""

    version: Literal[1]
    architectures: dict[str, str]
    networks: tuple[KnownNetwork, ...]

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        for names in ([network.name for network in self.networks], [network.file for network in self.networks]):
            if len({name.casefold() for name in names}) != len(names):
                raise ValueError("two networks have the same name or file")
        for network in self.networks:
            if network.architecture not in self.architectures:
                raise ValueError(f"{network.name} is of an architecture without a label: {network.architecture}")
        return self


@dataclass(frozen=True, slots=True)
class PackagedWeights:
    """The folder of weights that comes with the studio, and its manifest."""

    folder: Path
    manifest: Manifest


@cache
def packaged_weights() -> PackagedWeights:
    """Return what comes with the studio."""
    folder = Path(str(resources.files("assets"))) / "weights"
    return PackagedWeights(folder, read_manifest(folder / "manifest.json"))


def read_manifest(path: Path) -> Manifest:
    """Read a manifest.

    Raises:
        ValueError: it is not one (pydantic's, which names the place).

    """
    return Manifest.model_validate_json(path.read_bytes())
