"""Atelier: a desktop studio in which an artist directs neural image models by hand."""

import os

__version__ = "0.1.0"

# Before torch is loaded: its threads step aside while they wait for one another. Spinning, as is their custom, they
# starve each other as soon as another program wants a processor; a painting then takes many times as long.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
