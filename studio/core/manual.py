"""Where the manual lies: beside the code in a checkout, among the documents of the environment once installed."""

from importlib.metadata import PackageNotFoundError, files
from pathlib import Path

from studio.core.failures import StudioError

__all__ = ["manual"]

_PAGE = "index.md"


def manual() -> Path:
    """Return the manual's first page, a Markdown file that links to the others and to pictures beside it.

    Raises:
        StudioError: it did not come along.

    """
    beside = Path(__file__).resolve().parents[2] / "docs" / _PAGE
    if beside.is_file():
        return beside
    try:
        installed = files("atelier-studio") or []
    except PackageNotFoundError:
        installed = []
    for file in installed:
        if file.parts[-4:] == ("share", "doc", "atelier", _PAGE) and (page := Path(str(file.locate()))).is_file():
            return page
    raise StudioError("The manual did not come along with this installation.", "Install Atelier again.")
