"""`python -m studio` is `atelier`; as a file it is how the program starts itself again: `studio.core.own_program`."""

import sys
from pathlib import Path

if __name__ == "__main__":
    home = str(Path(__file__).resolve().parents[1])
    sys.path[:] = [home, *(place for place in sys.path if place != home)]
    from studio.cli import main

    sys.exit(main())
