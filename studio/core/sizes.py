"""File sizes in words."""

_MB = 2**20


def megabytes(size: int) -> str:
    """Return `size` bytes as “4.7 MB” or “548 MB”."""
    return f"{_figure(size)} MB" if size >= _MB // 10 else f"{max(1, round(size / 1024)) if size else 0} KB"


def of_megabytes(done: int, total: int) -> str:
    """Return how much of a file is there: “212 of 548 MB”."""
    return f"{_figure(done, total)} of {_figure(total)} MB"


def _figure(size: int, largest: int | None = None) -> str:
    return f"{size / _MB:.{0 if max(size, largest or 0) >= 10 * _MB else 1}f}"
