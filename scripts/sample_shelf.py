"""Where the sample pictures lie and the list of who made them: shared by the two scripts that fill the shelf."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

ROOT = Path(__file__).resolve().parent.parent
SAMPLES = ROOT / "assets" / "samples"


@dataclass(frozen=True, slots=True)
class Credit:
    """Who made a picture, and under which licence; `file` is relative to the folder of samples."""

    file: str
    kind: Literal["photo", "painting"]
    name: str
    title: str
    credit: str
    licence: str
    source: str


def write_credits(entries: Sequence[Credit], samples: Path = SAMPLES) -> None:
    """Put `entries`, all of one kind, into credits.json in place of the former ones of that kind."""
    listing = samples / "credits.json"
    kind = entries[0].kind
    others = [entry for entry in read_credits(samples) if entry.kind != kind] if listing.exists() else []
    listed = sorted([*others, *entries], key=lambda entry: entry.kind == "painting")  # stable: photos first
    listing.write_text(json.dumps([asdict(entry) for entry in listed], indent=2, ensure_ascii=False) + "\n", "utf-8")


def read_credits(samples: Path = SAMPLES) -> list[Credit]:
    """Return the credits in their order on the shelf."""
    return [Credit(**entry) for entry in json.loads((samples / "credits.json").read_text("utf-8"))]
