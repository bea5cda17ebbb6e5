"""Asking a classifier: what comes in and out. Free of torch."""

from dataclasses import dataclass
from pathlib import Path

__all__ = ["ClassifyTask", "Verdict"]


@dataclass(frozen=True, slots=True)
class ClassifyTask:
    """For the job "classify" → tuple[Verdict, …].

    Args:
        pictures: files; what is no picture is left out, with a word about it.
        model: a classifier's name on the shelf, its file, or the folder of the run that trained it.

    """

    pictures: tuple[Path, ...]
    model: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a classifier says of a picture: every class and its probability, the likeliest first."""

    picture: Path
    chances: tuple[tuple[str, float], ...]

    @property
    def said(self) -> str:
        """The likeliest class."""
        return self.chances[0][0]
