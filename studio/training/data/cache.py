"""Pictures decoded once: upright sRGB bytes of a limited size in one file, from which crops are read in microseconds.

A cache belongs to a set of contents, whatever the files are called and wherever they lie: `KEY/pixels.u8` holds the
pictures one after another, `KEY/index.json` where each lies. It is built beside its place and renamed when it is whole.
A build that was killed goes on where it was; one that has become useless is thrown away when room is needed.
"""

import hashlib
import json
import os
import shutil
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any, BinaryIO, TypeAlias, cast

import numpy as np
from filelock import FileLock, Timeout
from numpy.typing import NDArray

from studio.core.atomic import write_error, write_file
from studio.core.events import Job, Log, Progress
from studio.core.failures import StudioError
from studio.core.file_names import readable
from studio.training.data.cache_eviction import CACHE_LIMIT, hold_in_use, make_room
from studio.training.data.contents import Content, ContentMemory, reading_contents
from studio.training.data.sampler import shuffled
from studio.training.data.shrinking import shrunken, shrunken_size
from studio.training.data.thread_map import mapped

__all__ = ["LeftOut", "PictureCache", "Pixels", "caching_pictures", "telling_left_out"]

Pixels: TypeAlias = NDArray[np.uint8]
"""H×W×3, sRGB, 0–255."""

_FORMAT = 1
_PIXELS, _INDEX, _JOURNAL = "pixels.u8", "index.json", "journal.jsonl"
_NAMED = 20
"""So many files that are left out are named one by one."""
_COMMIT_S = 2.0
"""So much of the decoding is lost at most when a build is killed."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A file that gave no picture, and why, in words that follow its name."""

    path: Path
    reason: str


class PictureCache:
    """The decoded pictures of `files`: `cache[i]` is a read-only view, H×W×3 uint8, of which only what is used is read.

    Pickles cheaply: another process maps the same file. Made by `caching_pictures`.

    Attributes:
        files: the pictures' files, in the order of the data; what is broken or there twice is not among them.
        left_out: what is not among them.
        fingerprint: sha256 over the pictures' contents in their order.

    """

    def __init__(
        self, folder: Path, files: Sequence[Path], contents: Sequence[str], left_out: Sequence[LeftOut] = ()
    ) -> None:
        self._folder = folder
        hold_in_use(folder / _PIXELS, self)
        index = json.loads((folder / _INDEX).read_bytes())
        self.files = tuple(files)
        self.left_out = tuple(left_out)
        self._contents = tuple(contents)
        self._places = np.array([index["pictures"][content] for content in contents], np.int64).reshape(-1, 3)
        self._pixels: Pixels = np.asarray(np.memmap(folder / _PIXELS, np.uint8, "r"))

    @property
    def fingerprint(self) -> str:
        """Sha256 over the pictures' contents in their order: another order is other data, another folder is not."""
        return _hash_of(self._contents)

    def __len__(self) -> int:
        return len(self._places)

    def __getitem__(self, index: int) -> Pixels:
        start, height, width = self._places[index].tolist()
        return self._pixels[start : start + height * width * 3].reshape(height, width, 3)

    def size_of(self, index: int) -> tuple[int, int]:
        """Return a picture's (height, width) in the cache."""
        _, height, width = self._places[index].tolist()
        return height, width

    def parts(self, kept: Collection[Path]) -> tuple[list[int], list[int]]:
        """Return the numbers of the pictures to learn from, and of those whose files are `kept` for checking."""
        parts: tuple[list[int], list[int]] = ([], [])
        for number, path in enumerate(self.files):
            parts[path in kept].append(number)
        return parts

    def divided(
        self, kept: Collection[Path], count: int, seed: int, together: Sequence[Sequence[int]] = ()
    ) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Choose which pictures to learn from, and `count` to check on, by the seed.

        Those are chosen among the files that are `kept` for it; or, where none are, they are never more than every
        fourth, and none of a handful. Pictures that lie `together` then stay on one side.
        """
        taught, own = self.parts(kept)
        among = own or taught
        group_of = {} if own else {index: tuple(group) for group in together for index in group}
        most, chosen = min(count, len(own) or len(taught) // 4), set[int]()
        for place in shuffled(len(among), "kept", seed):
            group = group_of.get(among[place], (among[place],))
            if among[place] not in chosen and len(chosen) + len(group) <= most:
                chosen.update(group)
        return tuple(number for number in taught if number not in chosen), tuple(sorted(chosen))

    def content_of(self, index: int) -> str:
        """Return a picture's sha256: the same for every copy of its file."""
        return self._contents[index]

    def name_of(self, index: int) -> str:
        """Say which picture that is, for a message."""
        return readable(self.files[index].name)

    def __reduce__(self) -> tuple[Any, ...]:
        names = [os.fspath(path) for path in self.files]
        return _reopened, (os.fspath(self._folder), names, self._contents, self.left_out)


def _reopened(folder: str, names: list[str], contents: tuple[str, ...], left_out: tuple[LeftOut, ...]) -> PictureCache:
    return PictureCache(Path(folder), [Path(name) for name in names], contents, left_out)


def caching_pictures(
    files: Sequence[Path], folder: Path, *, side: int, limit: int = CACHE_LIMIT, repeated: bool = False
) -> Job[PictureCache]:
    """Decode `files` into a cache below `folder`, or find the one that is there already.

    Broken files are left out, and so is all but the first of several with the same content: `left_out` lists them.

    Args:
        files: in the order that the data shall have.
        folder: of all caches; made when needed. It may be emptied at any time that nothing trains.
        side: pictures whose shorter side is longer are reduced to it; none is ever enlarged.
        limit: bytes that all caches together may take. What was not used for longest is thrown away first.
        repeated: let files of the same content stay, each as an example of its own (masks of pairs may well be equal).

    Raises:
        StudioError: none of the files is a picture; or they take more than `limit`, or than the disk has.

    """
    memory = ContentMemory(folder)
    contents = yield from reading_contents(files, memory)
    wanted: dict[str, tuple[Path, Content]] = {}
    left_out: list[LeftOut] = []
    for path, content in zip(files, contents, strict=True):
        if not content.sha256:
            left_out.append(LeftOut(path, content.problem))
        elif content.sha256 not in wanted:
            wanted[content.sha256] = (path, content)
        elif not repeated:
            left_out.append(LeftOut(path, f"is the same as “{readable(wanted[content.sha256][0].name)}”"))
    target = folder / _hash_of((str(_FORMAT), str(side), *sorted(wanted)))[:32]
    if wanted and not _holds(target, wanted):
        unread = yield from _building(target, wanted, side, limit)
        memory.forget(path for path, _ in unread)
        left_out += [LeftOut(path, reason) for path, reason in unread]
    every = [(path, one.sha256) for path, one in zip(files, contents, strict=True) if one.sha256]
    return _open(target, wanted, every if repeated else [(path, sha) for sha, (path, _) in wanted.items()], left_out)


def telling_left_out(cache: PictureCache) -> Job[None]:
    """Name the files that gave no picture: no warnings, for the window's report has told, and they need no hand."""
    for left_out in cache.left_out[:_NAMED]:
        yield Log(f"“{readable(left_out.path.name)}” {left_out.reason}; it is left out.")
    if len(cache.left_out) > _NAMED:
        yield Log(f"{len(cache.left_out) - _NAMED} more are left out for such reasons.")


def _open(
    target: Path, wanted: Mapping[str, tuple[Path, Content]], files: Sequence[tuple[Path, str]], left_out: list[LeftOut]
) -> PictureCache:
    index = _index_of(target) or {"pictures": {}, "broken": {}}
    broken: dict[str, str] = index["broken"]
    kept = [(path, sha) for path, sha in files if sha in index["pictures"]]
    left_out += [LeftOut(wanted[sha][0], reason) for sha, reason in broken.items()]
    if not kept:
        first = f"“{readable(left_out[0].path.name)}” {left_out[0].reason}." if left_out else ""
        raise StudioError(
            f"None of the {len(left_out)} files is a picture that can be read. {first}".rstrip(),
            "Choose other pictures, or have a look at these in another program.",
        )
    os.utime(target / _INDEX)  # used just now
    return PictureCache(target, [path for path, _ in kept], [sha for _, sha in kept], left_out)


def _index_of(folder: Path) -> dict[str, Any] | None:
    """Return the index of a whole cache; None where there is none, or a damaged one."""
    try:
        index: dict[str, Any] = json.loads((folder / _INDEX).read_bytes())
        whole = index["format"] == _FORMAT and (folder / _PIXELS).stat().st_size >= index["bytes"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return index if whole else None


def _holds(folder: Path, wanted: Iterable[str]) -> bool:
    """Tell whether all contents have been decoded: a file that vanished in the middle of a build has not."""
    index = _index_of(folder)
    return index is not None and all(sha in index["pictures"] or sha in index["broken"] for sha in wanted)


def _hash_of(parts: Sequence[str]) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


# -- building --------------------------------------------------------------------------------------------------------


def _building(
    target: Path, wanted: Mapping[str, tuple[Path, Content]], side: int, limit: int
) -> Job[list[tuple[Path, str]]]:
    """Build a cache; returns the files that are no longer what they were, each with the reason."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise write_error(target.parent, error) from error
    lock = FileLock(target.with_name("building.lock"), thread_local=False)  # one build at a time has the disk to itself
    yield from _acquiring(lock)
    try:
        if _holds(target, wanted):  # another process was faster
            return []
        needed = sum(_bytes_of(content, side) for _, content in wanted.values())
        make_room(target.parent, needed, limit, keep=target.with_suffix(".part"))
        try:
            unread = yield from _Build(target, side).running({sha: path for sha, (path, _) in wanted.items()})
            return [(wanted[sha][0], reason) for sha, reason in unread.items()]
        except OSError as error:
            shutil.rmtree(target.with_suffix(".part"), ignore_errors=True)  # the disk may be full: give it back
            raise write_error(target / _PIXELS, error) from error
    finally:
        lock.release()


def _acquiring(lock: FileLock) -> Job[None]:
    while True:
        try:
            lock.acquire(timeout=0)
        except Timeout:
            yield Progress("Waiting until another run has prepared its pictures")
            time.sleep(0.05)
        else:
            return


def _bytes_of(content: Content, side: int) -> int:
    width, height = shrunken_size(*content.size, side) if min(content.size) > 0 else (side, side)
    return 3 * width * height


@dataclass(frozen=True, slots=True)
class _Unread:
    """Why a file did not give the content it had when it was looked through: it says nothing about that content."""

    reason: str


class _Build:
    """One cache in the making, in the folder `KEY.part`; whoever calls holds the lock.

    Every few seconds the pixels so far are flushed to the disk, and only then the journal says that they are there.
    """

    def __init__(self, target: Path, side: int) -> None:
        self._target, self._side = target, side
        self._folder = target.with_suffix(".part")
        self._folder.mkdir(exist_ok=True)
        self._pictures: dict[str, tuple[int, int, int]] = {}
        self._broken: dict[str, str] = {}
        self._unread: dict[str, str] = {}
        self._end = 0
        self._uncommitted: list[str] = []
        self._committed = time.monotonic()
        self._one_large = Lock()

    def running(self, paths: Mapping[str, Path]) -> Job[dict[str, str]]:
        """Decode whatever is not there yet, and move the whole into place; returns what could not be read."""
        self._resume(paths)
        donors = _donors(self._target.parent, self._side)
        with (self._folder / _PIXELS).open("ab") as pixels:
            pixels.truncate(self._end)
            todo = [sha for sha in paths if sha not in self._pictures and sha not in self._broken]

            def prepare(sha: str) -> tuple[str, Pixels | str | _Unread]:
                given = donors.get(sha)
                return sha, given if given is not None else self._decoded(sha, paths[sha])

            prepared = mapped(prepare, todo)
            try:
                for result in prepared:
                    if result is None:
                        done = len(self._pictures) + len(self._broken)
                        yield Progress("Preparing the pictures", done, len(paths))
                        self._commit_now_and_then(pixels)
                    else:
                        self._append(pixels, *result)
            finally:
                prepared.close()
                self._commit(pixels)
        self._finish()
        return self._unread

    def _decoded(self, sha: str, path: Path) -> Pixels | str | _Unread:
        try:
            data = path.read_bytes()
        except OSError as error:
            return _Unread(f"cannot be read ({error.strerror or error})")
        if hashlib.sha256(data).hexdigest() != sha:
            return _Unread("has changed while it was prepared")
        return shrunken(data, path.name, self._side, self._one_large)

    def _append(self, pixels: BinaryIO, sha: str, prepared: Pixels | str | _Unread) -> None:
        if isinstance(prepared, _Unread):
            self._unread[sha] = prepared.reason
            return
        if isinstance(prepared, str):
            self._broken[sha] = prepared
            self._uncommitted.append(json.dumps({"sha256": sha, "broken": prepared}))
            return
        height, width = prepared.shape[:2]
        pixels.write(np.ascontiguousarray(prepared).data)
        self._pictures[sha] = (self._end, height, width)
        self._uncommitted.append(json.dumps({"sha256": sha, "place": [self._end, height, width]}))
        self._end += prepared.nbytes

    def _commit_now_and_then(self, pixels: BinaryIO) -> None:
        if time.monotonic() - self._committed > _COMMIT_S:
            self._commit(pixels)

    def _commit(self, pixels: BinaryIO) -> None:
        pixels.flush()
        os.fsync(pixels.fileno())
        with (self._folder / _JOURNAL).open("a", encoding="utf-8") as journal:
            journal.writelines(line + "\n" for line in self._uncommitted)
        self._uncommitted.clear()
        self._committed = time.monotonic()

    def _resume(self, paths: Mapping[str, Path]) -> None:
        """Take over what an earlier build of the same pictures has left; its last line may be torn."""
        journal, pixels = self._folder / _JOURNAL, self._folder / _PIXELS
        there = pixels.stat().st_size if pixels.exists() else 0
        for line in journal.read_bytes().splitlines() if journal.exists() else []:
            try:
                entry = json.loads(line)
                sha = entry["sha256"]
                if "broken" in entry:
                    self._broken[sha] = str(entry["broken"])
                    continue
                start, height, width = (int(number) for number in entry["place"])
            except (ValueError, KeyError, TypeError):
                continue
            if sha in paths and start == self._end and start + 3 * height * width <= there:
                self._pictures[sha] = (start, height, width)
                self._end = start + 3 * height * width

    def _finish(self) -> None:
        index = {
            "format": _FORMAT, "side": self._side, "bytes": self._end,
            "pictures": self._pictures, "broken": self._broken,
        }  # fmt: skip
        if not self._end:  # nothing to map, but what is broken need not be tried again
            (self._folder / _PIXELS).write_bytes(b"\0")
        write_file(self._folder / _INDEX, json.dumps(index).encode())
        (self._folder / _JOURNAL).unlink(missing_ok=True)
        shutil.rmtree(self._target, ignore_errors=True)  # half a cache, of which somebody has deleted files
        self._folder.replace(self._target)


def _donors(folder: Path, side: int) -> dict[str, Pixels]:
    """Return the pictures that other caches hold in the same size: a few added files cost only their own decoding."""
    found: dict[str, Pixels] = {}
    for index_file in sorted(folder.glob(f"*/{_INDEX}")):
        if index_file.parent.suffix:
            continue
        index = _index_of(index_file.parent)
        if index is None or index["side"] != side or not index["pictures"]:
            continue
        try:
            pixels = np.asarray(np.memmap(index_file.with_name(_PIXELS), np.uint8, "r"))
        except OSError:
            continue
        for sha, (start, height, width) in index["pictures"].items():
            found[sha] = cast(Pixels, pixels[start : start + 3 * height * width].reshape(height, width, 3))
    return found
