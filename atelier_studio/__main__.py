"""`python -m atelier_studio` is `atelier`, wherever it is installed and whatever lies in the working folder."""

import sys

from atelier_studio import main

if __name__ == "__main__":
    sys.exit(main())
