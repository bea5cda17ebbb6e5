"""Errors a person can act on: what happened, and what to do about it."""

import errno
import traceback
from dataclasses import dataclass


class StudioError(Exception):
    """An expected failure, in words for the user.

    Args:
        cause: what happened, one sentence.
        remedy: what to do, one sentence.

    """

    def __init__(self, cause: str, remedy: str) -> None:
        super().__init__(f"{cause} {remedy}")
        self.cause = cause
        self.remedy = remedy


@dataclass(frozen=True, slots=True)
class Failure:
    """A failure as it is shown: cause, remedy, and the details that can be copied into a report.

    `kind` is the error's own name, for those who can do more about it than tell it.
    """

    cause: str
    remedy: str
    details: str
    kind: str = ""


def explain(error: BaseException) -> Failure:
    """Turn any exception into a cause and a remedy; never raises."""
    details = "".join(traceback.format_exception(error))
    cause, remedy = _cause_and_remedy(error)
    return Failure(cause, remedy, details, type(error).__name__)


def _cause_and_remedy(error: BaseException) -> tuple[str, str]:
    if isinstance(error, StudioError):
        return error.cause, error.remedy
    if is_out_of_memory(error):
        return (
            "The computer ran out of memory.",
            "Choose a smaller size, or close other programs, and try again.",
        )
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return "The disk is full.", "Free some space, or save to another disk."
    if isinstance(error, PermissionError):
        return f"No permission to use {error.filename}.", "Choose another folder, or change its permissions."
    if isinstance(error, FileNotFoundError) and error.filename is None and error.errno == errno.ENOENT:
        return "The working folder is not there any more.", "Change into another folder, and try again."
    if isinstance(error, FileNotFoundError):
        return f"{error.filename} is not there.", "Check the path, or choose the file again."
    if isinstance(error, OSError) and error.filename is not None and error.strerror:
        return (
            f"{shortened(str(error.filename))} cannot be used ({error.strerror}).",
            "Check the path and its disk, or choose another.",
        )
    words, kind = first_line(error), type(error).__name__
    cause = kind if words == kind else f"{kind}: {words}"
    return cause, "This is a fault in Atelier; copy the details into a report. Your pictures are safe."


def first_line(error: BaseException) -> str:
    """Return what an exception says, in one line; its kind where it says nothing."""
    words = str(error).strip().splitlines()
    return words[0] if words else type(error).__name__


def shortened(name: str, longest: int = 120) -> str:
    """Return a name as a message can hold it: of a very long one its two ends."""
    first = longest // 2
    return name if len(name) <= longest else f"{name[:first]}…{name[first + 1 - longest :]}"


_ALLOCATORS_WORDS = (
    "not enough memory", "can't allocate memory", "out of memory", "ALLOC_FAILED", "could not create a primitive"
)  # fmt: skip
"""What torch's CPU allocator says on Windows, and elsewhere; Apple's GPU, and CUDA in mid-kernel; cuBLAS and cuDNN;
oneDNN, which gives no reason, where a convolution finds no room for its work."""


def is_out_of_memory(error: BaseException) -> bool:
    """Recognise MemoryError and torch's out-of-memory errors (CUDA's, and the CPU allocator's RuntimeError)."""
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return True
    return isinstance(error, RuntimeError) and any(words in str(error) for words in _ALLOCATORS_WORDS)
