"""What of the library is shown, and in which order: searched, filtered, sorted, and versions of one painting stacked.

Pure functions over what the index knows; five thousand results take some milliseconds.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from studio.core.library_index import IndexedResult, plain
from studio.jobs.library import Stack

__all__ = ["SORTS", "Query", "Row", "arranged"]

SORTS: Mapping[str, str] = {
    "newest": "Newest first",
    "oldest": "Oldest first",
    "photo": "By photo",
    "painting": "By painting",
    "largest": "Largest first",
}
"""Order → its words."""


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked for.

    Args:
        text: words, all of which must be found: of photo, painting, look, date or the artist's own.
        task: the name of the task that made it; "" for any.
        starred: only those with a star.
        sort: a key of `SORTS`.

    """

    text: str = ""
    task: str = ""
    starred: bool = False
    sort: str = "newest"

    @property
    def narrows(self) -> bool:
        """Whether anything may be left out."""
        return bool(self.text.strip() or self.task or self.starred)

    def test(self) -> Callable[[IndexedResult], bool]:
        """Return what tells whether a result is asked for."""
        words = plain(self.text).split()
        return lambda result: (
            (not self.starred or result.mark.star)
            and self.task in ("", result.task)
            and all(word in result.sought for word in words)
        )


@dataclass(frozen=True, slots=True)
class Row:
    """A result in its place.

    Args:
        result: what is shown.
        versions: how many its stack has, as far as they are asked for.
        place: where it is among them by age, 1 for the first.
        on_top: it stands for its stack; those below it are shown only where the stack is open.
        is_open: the stack is open.

    """

    result: IndexedResult
    versions: int = 1
    place: int = 1
    on_top: bool = True
    is_open: bool = False

    @property
    def path(self) -> Path:
        """The result's file."""
        return self.result.path


def arranged(stacks: Sequence[Stack], query: Query, opened: Collection[Path] = ()) -> tuple[Row, ...]:
    """Return what is to be shown, in order.

    A stack is shown by its newest version with a star, or else the newest; an open one has the others behind that, from
    the first on.

    Args:
        stacks: everything there is.
        query: what is asked for.
        opened: stacks that are open, by any of their files.

    """
    wanted = query.test()
    found = [versions for stack in stacks if (versions := tuple(filter(wanted, stack)))]
    tops = [(_top_of(versions), versions) for versions in found]
    tops.sort(key=lambda pair: pair[1][-1].made, reverse=query.sort != "oldest")
    if query.sort in _ORDERS:
        key = _ORDERS[query.sort]
        tops.sort(key=lambda pair: key(pair[0]))
    rows: list[Row] = []
    for top, versions in tops:
        is_open = len(versions) > 1 and any(version.path in opened for version in versions)
        count = len(versions)
        rows.append(Row(top, count, versions.index(top) + 1, is_open=is_open))
        if is_open:
            rows += [
                Row(version, count, place, on_top=False, is_open=True)
                for place, version in enumerate(versions, 1)
                if version is not top
            ]
    return tuple(rows)


def _top_of(versions: Stack) -> IndexedResult:
    return next((version for version in reversed(versions) if version.mark.star), versions[-1])


_ORDERS: Mapping[str, Callable[[IndexedResult], Any]] = {
    "photo": lambda result: plain(result.subject),
    "painting": lambda result: (not result.manner, plain(" ".join(result.manner)), plain(result.subject)),
    "largest": lambda result: -result.width * result.height,
}
"""Among equals the newest comes first."""
