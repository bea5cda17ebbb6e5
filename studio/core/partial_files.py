"""What an interrupted download leaves: the bytes so far, and what must still hold for the rest to fit onto them."""

from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from studio.core.atomic import write_file


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a dead connection is waited for, how often in a row it is tried in vain, and the rest between."""

    stall_s: float = 30.0
    tries: int = 5
    rest_s: float = 2.0


class Origin(BaseModel):
    """Where the bytes came from; `validator` is the server's word (ETag or date) for this very version of the file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: str
    validator: str = ""
    total: int = 0


class PartialFile:
    """The unfinished download of one file, beside the place where it will lie.

    Args:
        target: that place.

    """

    def __init__(self, target: Path) -> None:
        self.target = target
        self.path = target.with_name(target.name + ".part")
        self._record = target.with_name(target.name + ".part.json")

    @property
    def size(self) -> int:
        """Bytes that are here; 0 where there is nothing."""
        try:
            return self.path.stat().st_size
        except OSError:
            return 0

    def origin(self) -> Origin | None:
        """Return where the bytes came from, None where nobody knows."""
        try:
            return Origin.model_validate_json(self._record.read_bytes())
        except (OSError, ValidationError):
            return None

    def begin(self, origin: Origin) -> None:
        """Start with nothing."""
        self.path.write_bytes(b"")
        write_file(self._record, origin.model_dump_json().encode())

    def forget_origin(self) -> None:
        """Remove the record: the file is finished, or gone."""
        self._record.unlink(missing_ok=True)

    def discard(self) -> None:
        """Remove everything."""
        self.path.unlink(missing_ok=True)
        self.forget_origin()
