"""Files that are whole or not there: written beside their place, flushed to the disk, then moved into it."""

import contextlib
import errno
import os
import secrets
import shutil
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from studio.core.failures import StudioError
from studio.core.user_folders import UserFolders

_FORSAKEN_S = 60.0

_CAUSES = {
    errno.ENOSPC: ("The disk is full", "Free some space, or choose another disk."),
    errno.EDQUOT: ("Your share of the disk is used up", "Free some space, or choose another disk."),
    errno.EFBIG: ("This disk cannot hold a file of that size", "Choose another disk, or a smaller picture."),
    errno.EROFS: ("The disk can only be read", "Choose another disk."),
    errno.EACCES: ("No permission to write there", "Choose another folder, or change its permissions."),
    errno.EPERM: ("No permission to write there", "Choose another folder, or change its permissions."),
    errno.ENOENT: ("The folder is not there", "Choose another folder."),
    errno.ENOTDIR: ("The folder is not there", "Choose another folder."),
    errno.EISDIR: ("A folder has this name already", "Choose another name."),
    errno.ENAMETOOLONG: ("The name is too long", "Choose a shorter name."),
    errno.EIO: ("The disk reports an error", "Save to another disk, and check this one."),
}


class WriteError(StudioError):
    """A file that could not be written; nothing half-written is left behind."""


def write_error(path: Path, error: OSError) -> WriteError:
    """Say in the user's words why `path` could not be written."""
    cause, remedy = _CAUSES.get(error.errno or 0, (error.strerror or str(error), "Choose another folder or disk."))
    remedy = UserFolders.standard().remedy_for(path) or remedy  # no dialog and no flag chose it
    return WriteError(f"“{path.name}” could not be saved: {cause[0].lower()}{cause[1:]} ({path.parent}).", remedy)


def write_file(path: Path, data: bytes) -> None:
    """Put `data` at `path`, replacing what was there only once all of it is safely on the disk.

    Raises:
        WriteError: it could not be written; what was at `path` before is untouched.

    """
    target = Path(os.path.realpath(path))  # a link keeps pointing where it did; its target is replaced
    try:
        if target.is_dir():
            raise OSError(errno.EISDIR, os.strerror(errno.EISDIR))
        if target.exists() and not target.is_file():  # “/dev/null” would be gone for everybody
            raise WriteError(f"“{path.name}” is a device or a pipe, and was left as it is.", "Choose another name.")
        if target.exists() and not target.stat().st_mode & 0o222:  # its folder would let it be replaced all the same
            raise WriteError(
                f"“{path.name}” is write-protected, and was left as it is ({path.parent}).",
                "Choose another name, or allow writing to it first.",
            )
        with _written_beside(target, data) as temporary:
            if target.exists():
                shutil.copymode(target, temporary)
            temporary.replace(target)
        _sync_folder(target.parent)
    except OSError as error:
        raise write_error(path, error) from error


def write_new_file(candidates: Iterable[Path], data: bytes) -> Path:
    """Put `data` at the first of `candidates` that is not taken, and return it; safe among several processes.

    Raises:
        WriteError: it could not be written.

    """
    path = Path()
    try:
        for path in candidates:
            if _reserve(path):
                break
        else:
            raise OSError(errno.EEXIST, os.strerror(errno.EEXIST))
        try:
            with _written_beside(path, data) as temporary:
                temporary.replace(path)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        _sync_folder(path.parent)
    except OSError as error:
        raise write_error(path, error) from error
    return path


def _reserve(path: Path) -> bool:
    """Take the name by creating an empty file, which works on every file system (hard links do not)."""
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
    except FileExistsError:
        return False
    return True


@contextmanager
def written_in_pieces(path: Path) -> Iterator[BinaryIO]:
    """Hand out a file to write to, which takes the place of `path` when the block ends well; else nothing is left.

    Raises:
        WriteError: it could not be written.

    """
    temporary = _beside(path)
    try:
        with _created(temporary) as file:
            yield file
        move_into_place(temporary, path)
    except OSError as error:
        raise write_error(path, error) from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def move_into_place(finished: Path, path: Path) -> None:
    """Give a finished file its name, once all of it is safely on the disk.

    Raises:
        OSError: that fails.

    """
    with finished.open("rb+") as file:
        os.fsync(file.fileno())
    finished.replace(path)
    _sync_folder(path.parent)


def sweep(folder: Path, *, alone: bool = False) -> None:
    """Remove the files in `folder` that killed processes had begun: those that nobody has written to for a minute.

    Args:
        folder: where to look.
        alone: nobody else may write there now, so whatever was begun is forsaken.

    """
    for path in folder.glob(".*.part"):
        with contextlib.suppress(OSError):
            if alone or time.time() - path.stat().st_mtime > _FORSAKEN_S:
                path.unlink()


@contextmanager
def _written_beside(target: Path, data: bytes) -> Iterator[Path]:
    temporary = _beside(target)
    try:
        with _created(temporary) as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        yield temporary
    finally:
        temporary.unlink(missing_ok=True)


def _beside(target: Path) -> Path:
    return target.with_name(f".{secrets.token_hex(8)}.part")


def _created(temporary: Path) -> BinaryIO:
    # plain os.open, since tempfile's files are private to the user and a picture should follow the umask
    descriptor = os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY | getattr(os, "O_BINARY", 0), 0o666)
    return os.fdopen(descriptor, "wb")


def _sync_folder(folder: Path) -> None:
    """Make the new name itself survive a power cut; where folders cannot be synced, the system does it later."""
    if os.name != "posix":
        return
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
