"""Writes requirements/run.txt and requirements/test.txt from what is installed here.

To move to newer packages: install them into .venv, let `make test` pass, then `make lock`. Packages that PyTorch pins
for itself (CUDA's on Linux) are left to PyTorch, so that one file serves every platform.
"""

import re
import tomllib
from importlib.metadata import distribution
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[1]
LEFT_TO_TORCH = re.compile(r"nvidia-|cuda-|triton|intel-openmp|mkl|tbb")


def main() -> None:
    """Write both files."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    build = tomllib.loads((ROOT / "pyproject.toml").read_text())["build-system"]["requires"]
    run = closure([*project["dependencies"], *build])
    dev = closure(project["optional-dependencies"]["dev"])
    write("run.txt", "what the studio runs on", run)
    write("test.txt", "what its tests and linters need besides", {name: dev[name] for name in dev.keys() - run.keys()})


def closure(requirements: list[str]) -> dict[str, str]:
    """Return normalised name → `Name==version` for these requirements and everything that they need here."""
    pins: dict[str, str] = {}
    seen: set[tuple[str, str]] = set()
    waiting = [(Requirement(one), "") for one in requirements]  # each with the extra that asks for it
    while waiting:
        requirement, extra = waiting.pop()
        name = normalise(requirement.name)
        applies = requirement.marker is None or requirement.marker.evaluate({"extra": extra})
        if not applies or LEFT_TO_TORCH.match(name):
            continue
        found = distribution(requirement.name)
        pins[name] = f"{found.metadata['Name']}=={found.version.partition('+')[0]}"  # +cpu names a build, not a version
        for asked in {"", *requirement.extras}:
            if (name, asked) not in seen:
                seen.add((name, asked))
                waiting += [(Requirement(one), asked) for one in found.requires or []]
    return pins


def normalise(name: str) -> str:
    """Return the one spelling under which a package index knows `name`."""
    return re.sub(r"[-_.]+", "-", name).lower()


def write(name: str, purpose: str, pins: dict[str, str]) -> None:
    """Write one file of pins, sorted."""
    path = ROOT / "requirements" / name
    lines = [f"# Exact versions of {purpose}; written by `make lock`.", *sorted(pins.values(), key=str.lower)]
    path.write_text("\n".join(lines) + "\n")
    print(f"{path.relative_to(ROOT)}: {len(pins)} packages")


if __name__ == "__main__":
    main()
