"""Sets of small labelled grey pictures in MNIST's file format (LeCun, Cortes, Burges: “idx”), plain or gzipped.

A file is: two zero bytes, 8 for unsigned bytes, the number of dimensions, each dimension as a big-endian 32-bit number,
and the values. Pictures have three dimensions (N, H, W), labels one.
"""

import gzip
import hashlib
import math
import re
import struct
import zlib
from collections.abc import Sequence
from functools import cached_property
from itertools import accumulate
from pathlib import Path
from typing import BinaryIO, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray

from studio.core.failures import StudioError
from studio.core.file_names import is_hidden

__all__ = ["IdxPair", "IdxPictures", "find_idx_pairs", "read_idx"]

Bytes: TypeAlias = NDArray[np.uint8]

IdxPair: TypeAlias = tuple[Path, Path]
"""A file of pictures and that of their labels."""

_PICTURES = re.compile(r"(.*)[-._]idx3[-._]ubyte(\.gz)?", re.IGNORECASE)
_TAUGHT = re.compile(r"(^|[-_.])train", re.IGNORECASE)
_KEPT = re.compile(r"(^|[-_.])(t10k|test|val)", re.IGNORECASE)
"""Words in the names of the two pairs of a divided set."""
_LARGEST = 4 * 2**30
"""Bytes above which a header is not believed."""


class IdxPictures:
    """The pictures of one or several pairs of files, one after another: H×W×3 (grey), uint8, read-only.

    Pickles as the files' names: another process reads them again.

    Args:
        pairs: files of pictures, each with that of its labels.

    Raises:
        StudioError: files are missing, damaged, do not belong together, or show one class only.

    """

    def __init__(self, pairs: Sequence[IdxPair]) -> None:
        self._pairs = tuple(pairs)
        read = [_read_pair(*pair) for pair in self._pairs]
        if len({pictures.shape[1:] for pictures, _ in read}) > 1:
            raise StudioError(
                f"The files in “{self._pairs[0][0].parent.name}” hold pictures of different sizes.",
                "Choose one of them, rather than the folder.",
            )
        self._pictures = np.concatenate([pictures for pictures, _ in read])
        values = np.concatenate([labels for _, labels in read])
        self._pictures.setflags(write=False)
        classes = np.unique(values)
        if len(classes) < 2:
            raise StudioError(
                f"All pictures in “{self._pairs[0][0].name}” have the same label.",
                "Choose a set of two classes at least.",
            )
        self.names: tuple[str, ...] = tuple(str(value) for value in classes)
        self.labels: tuple[int, ...] = tuple(np.searchsorted(classes, values).tolist())
        self.kept = self._kept_in([len(pictures) for pictures, _ in read])
        """Numbers of the pictures that the set keeps for checking: all of t10k beside train."""

    def _kept_in(self, counts: Sequence[int]) -> frozenset[int]:
        if not any(_TAUGHT.search(pictures.name) for pictures, _ in self._pairs):
            return frozenset()
        starts = accumulate(counts, initial=0)
        return frozenset(
            start + number
            for (pictures, _), start, count in zip(self._pairs, starts, counts, strict=False)
            for number in range(count if _KEPT.search(pictures.name) else 0)
        )

    def __len__(self) -> int:
        return len(self._pictures)

    def __getitem__(self, index: int) -> Bytes:
        """Return picture `index`, H×W×3; its three channels are the same memory."""
        picture = self._pictures[index]
        return cast(Bytes, np.broadcast_to(picture[..., None], (*picture.shape, 3)))

    @cached_property
    def fingerprint(self) -> str:
        """Sha256 over all pictures and labels."""
        digest = hashlib.sha256(repr((self._pictures.shape, self.names)).encode())
        digest.update(self._pictures.data)
        digest.update(np.asarray(self.labels, np.int64).tobytes())
        return digest.hexdigest()

    def mean_and_deviation(self, chosen: Sequence[int]) -> tuple[float, float]:
        """Return the mean of these pictures' values, 0–1, and their standard deviation."""
        counts = np.zeros(256)
        for index in chosen:
            counts += np.bincount(self._pictures[index].reshape(-1), minlength=256)
        values = np.arange(256) / 255
        mean = float(counts @ values / counts.sum())
        return mean, math.sqrt(float(counts @ (values - mean) ** 2 / counts.sum()))

    def content_of(self, index: int) -> str:
        """Return a picture's sha256."""
        return hashlib.sha256(self._pictures[index].tobytes()).hexdigest()

    def name_of(self, index: int) -> str:
        """Say which picture that is, for a message."""
        return f"picture {index} of {self._pairs[0][0].name}"

    def __reduce__(self) -> tuple[type["IdxPictures"], tuple[tuple[IdxPair, ...]]]:
        return type(self), (self._pairs,)


def find_idx_pairs(source: Path) -> tuple[IdxPair, ...]:
    """Return the pairs in a folder, or the one that a pictures' file belongs to; () where there are none.

    Raises:
        StudioError: there is a file of pictures without its labels.

    """
    if source.is_dir():
        named = (path for path in source.iterdir() if _PICTURES.fullmatch(path.name) and not is_hidden(path.name))
        files = sorted(path for path in named if path.is_file())
        unpacked = {path.name for path in files if path.suffix.lower() != ".gz"}
        files = [path for path in files if path.suffix.lower() != ".gz" or path.name[:-3] not in unpacked]
    else:
        files = [source] if _PICTURES.fullmatch(source.name) and source.is_file() else []
    return tuple((path, _labels_of(path)) for path in files)


def _labels_of(pictures: Path) -> Path:
    name = re.sub("idx3", "idx1", re.sub("images", "labels", pictures.name, flags=re.IGNORECASE), flags=re.IGNORECASE)
    bare = re.sub(r"\.gz$", "", name, flags=re.IGNORECASE)
    for candidate in (name, bare, f"{bare}.gz"):
        if (pictures.parent / candidate).is_file():
            return pictures.parent / candidate
    raise StudioError(
        f"The labels of “{pictures.name}” are missing.", f"Put “{name}” beside it; it comes with the pictures."
    )


def _read_pair(pictures_file: Path, labels_file: Path) -> tuple[Bytes, Bytes]:
    pictures, labels = read_idx(pictures_file), read_idx(labels_file)
    if pictures.ndim != 3 or labels.ndim != 1 or pictures.size == 0:
        raise StudioError(
            f"“{pictures_file.name}” and “{labels_file.name}” are not pictures (N×H×W) and their labels (N).",
            "Fetch both files of the set again.",
        )
    if len(pictures) != len(labels):
        raise StudioError(
            f"“{pictures_file.name}” holds {len(pictures)} pictures, but “{labels_file.name}” {len(labels)} labels.",
            "They do not belong together: fetch both files of the same set.",
        )
    return pictures, labels


def read_idx(path: Path) -> Bytes:
    """Read an idx file of unsigned bytes, plain or gzipped.

    Raises:
        StudioError: it cannot be read, is damaged, or holds something else.

    """
    try:
        with path.open("rb") as head:
            packed = head.read(2) == b"\x1f\x8b"
        with cast(BinaryIO, gzip.open(path)) if packed else path.open("rb") as file:
            return _read_values(file, path)
    except (EOFError, gzip.BadGzipFile, struct.error, zlib.error) as error:
        raise _damaged(path) from error
    except OSError as error:
        raise StudioError(
            f"“{path.name}” cannot be read ({error.strerror or error}).", "Check its permissions, or fetch it again."
        ) from error


def _read_values(file: BinaryIO, path: Path) -> Bytes:
    zeros, kind, dimensions = struct.unpack(">HBB", file.read(4))
    if zeros != 0 or kind != 8 or not 1 <= dimensions <= 4:
        raise StudioError(f"“{path.name}” is not a file of bytes in MNIST's format.", "Choose an idx…-ubyte file.")
    shape = struct.unpack(f">{dimensions}I", file.read(4 * dimensions))
    size = math.prod(shape)
    if size > _LARGEST:
        raise _damaged(path)
    values = file.read(size + 1)
    if len(values) != size:
        raise _damaged(path)
    return np.frombuffer(values, np.uint8).reshape(shape)


def _damaged(path: Path) -> StudioError:
    return StudioError(f"“{path.name}” is damaged: its length is not what its header says.", "Fetch it again.")
