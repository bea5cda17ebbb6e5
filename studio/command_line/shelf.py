"""`atelier models`: the networks that are known, and which of them are here."""

import json
from collections.abc import Sequence

from studio.command_line.columns import in_columns
from studio.command_line.exit_codes import DONE
from studio.command_line.flags import CommandParser
from studio.core.user_folders import UserFolders
from studio.core.weights import ResolvedWeights, known_backbones


def models(arguments: Sequence[str]) -> int:
    """List every network known by name."""
    parser = CommandParser("models", "List the networks: what is known, what is there.", "[--json]")
    parser.add_argument("--json", action="store_true", help="one JSON array on stdout")
    asked = parser.parse_args(arguments)
    folder = UserFolders.standard().models
    known = known_backbones(folder)
    if asked.json:
        print(json.dumps([_as_json(weights) for weights in known], indent=2))
        return DONE
    rows = [(weights.architecture, weights.label, str(weights.path or "not here")) for weights in known]
    print(in_columns([("NAME", "NETWORK", "WEIGHTS"), *rows]))
    print(f"\nWeights files belong into {folder}, or are named with --backbone FILE.")
    return DONE


def _as_json(weights: ResolvedWeights) -> dict[str, object]:
    path = None if weights.path is None else str(weights.path)
    return {
        "name": weights.architecture, "label": weights.label, "trained": weights.trained, "path": path,
        "sha256": weights.sha256,
    }  # fmt: skip
