#!/bin/sh
# Finds a Python that the studio runs on and hands over to setup.py. PYTHON=/path/to/python chooses another one.
set -eu
here=$(dirname "$0")

for candidate in ${PYTHON:-python3 python3.13 python3.12 python3.11 python3.14}; do
    if "$candidate" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15))' 2>/dev/null; then
        exec "$candidate" "$here/setup.py" "$@"
    fi
done

cat >&2 <<MESSAGE
Atelier needs Python 3.11, 3.12, 3.13 or 3.14; ${PYTHON:-no "python3" here} is none of them.
    Debian 12 and later, Ubuntu 24.04 and later:  sudo apt-get install python3 python3-venv
    Ubuntu 22.04:                                 sudo apt-get install python3.11 python3.11-venv
Or point to one that is installed elsewhere:      make PYTHON=/path/to/python3.12 …
MESSAGE
exit 1
