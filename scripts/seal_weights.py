"""Writes size and sha256 of the packaged weights into their manifest; to be run whenever such a file has changed."""

import hashlib
import json
import sys
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parents[1] / "assets" / "weights"


def main() -> None:
    """Renew the manifest in place."""
    path = FOLDER / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    for network in manifest["networks"]:
        if network["source"] == "embedded":
            seal(network, FOLDER / network["file"])
    path.write_text(json.dumps(manifest, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def seal(network: dict[str, Any], file: Path) -> None:
    """Write down what the file is now."""
    if not file.exists():
        sys.exit(f"{file} is not there")
    data = file.read_bytes()
    network["size"], network["sha256"] = len(data), hashlib.sha256(data).hexdigest()
    network.pop("size_approximate", None)
    print(f"{file.name}: {network['size']} bytes, {network['sha256']}")


if __name__ == "__main__":
    main()
