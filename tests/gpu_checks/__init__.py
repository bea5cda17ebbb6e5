"""The checks of `scripts/gpu_check.py`: plain functions of a device and its reference, free of Qt and of pytest."""
