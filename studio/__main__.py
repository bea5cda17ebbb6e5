"""`python -m studio` is `atelier`."""

import sys

from studio.cli import main

sys.exit(main())
