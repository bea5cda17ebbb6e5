"""Checks that whatever computes does so on this graphics card as on the processor, and measures what the card is worth.

    python scripts/gpu_check.py [--device cuda] [--reference cpu] [--only WORDS] [--no-benchmark] [--write]

Needs Python 3.11 or later and torch, torchvision, numpy, pillow, opencv, pydantic, safetensors, lightning; no Qt, no
network, no weights but those of the package. `--device cpu` rehearses every line without a card. docs/gpu.md says what
is checked; `--write` puts the result there. The exit status is 1 where something failed, 2 where nothing could run.
"""

import argparse
import os
import platform
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path

os.environ.setdefault("GOMP_SPINCOUNT", "0")  # on a busy machine, threads that spin while they wait cost several-fold
ROOT = Path(__file__).parents[1]
for folder in ("benchmarks", "tests", "."):
    sys.path.insert(0, str(ROOT / folder))

NEEDED = "torch torchvision numpy PIL=pillow cv2=opencv-python-headless pydantic safetensors lightning_fabric=lightning"
"""Modules, and what to install where that has another name."""
PAGE = ROOT / "docs/gpu.md"
BEGIN, END = "<!-- result -->", "<!-- end of result -->"


def main() -> int:
    """Check, measure, print, and with `--write` renew the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="cuda", choices=("cuda", "mps", "cpu"))
    parser.add_argument("--reference", default="cpu", choices=("cuda", "mps", "cpu"))
    parser.add_argument("--only", default="", help="checks whose name has these words in it; no benchmark")
    parser.add_argument("--no-benchmark", action="store_true", help="check only")
    parser.add_argument("--write", action="store_true", help=f"put the result into {PAGE.relative_to(ROOT)}")
    options = parser.parse_args()
    needed = (name.partition("=") for name in NEEDED.split())
    if missing := [package or module for module, _, package in needed if find_spec(module) is None]:
        print(f"Nothing was checked: pip install {' '.join(missing)}")
        return 2
    from studio.core.device import available_devices

    names = {device.kind: device.label for device in available_devices()}
    if options.device not in names:
        print(f"Nothing was checked: torch finds no {options.device} here. --device cpu rehearses every line.")
        return 2
    with tempfile.TemporaryDirectory() as home:
        os.environ["ATELIER_HOME"] = home
        return check(options, f"{names[options.device]} against {names[options.reference]}")


def check(options: argparse.Namespace, twins: str) -> int:
    """Run the checks and the benchmark."""
    import torch
    from devices import measure_all
    from gpu_checks.jobs import JOBS
    from gpu_checks.training import TRAINING

    began, lines, table, failed = time.monotonic(), [], [], 0
    twins = f"{twins}; torch {torch.__version__}, Python {platform.python_version()}"
    print(twins)
    for name, run in ((name, run) for name, run in (JOBS | TRAINING).items() if options.only in name):
        started = time.monotonic()
        try:
            mark, words = "✓", run(options.device, options.reference)
        except Exception as error:  # whatever it is, the other checks go on
            mark, words, failed = "✗", f"{type(error).__name__}: {error}", failed + 1
        print(f"{mark} {name}: {words} [{time.monotonic() - started:.1f} s]", flush=True)
        lines.append(f"| {mark} | {name} | {words} |")
    if not (options.only or options.no_benchmark):
        for row in measure_all(options.device, rehearsal=options.device == "cpu"):
            table.append(f"| {' | '.join(row)} |")
            print(table[-1], flush=True)
    told = f"{len(lines) - failed} of {len(lines)} checks passed, in {(time.monotonic() - began) / 60:.1f} minutes."
    print(told)
    if options.write:
        write([twins, "", told, "", "| | check | found |", "|---|---|---|", *lines, "",
               "| what | measured | ratio |", "|---|---|---|", *table])  # fmt: skip
    return 1 if failed else 0


def write(lines: list[str]) -> None:
    """Renew the part of the page between its marks."""
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    PAGE.write_text("\n".join([before + BEGIN, "", *lines, "", END + rest.partition(END)[2]]), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
