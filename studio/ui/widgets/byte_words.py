"""Sizes of files in words, in the decimal units that download pages and file managers show."""

_UNITS = ("bytes", "kB", "MB", "GB", "TB")


def words_for_bytes(count: int) -> str:
    """Return "512 bytes", "4.9 MB", "575 MB"."""
    exponent = _exponent(count)
    return f"{_figures(count, exponent)} {_UNITS[exponent]}"


def words_for_share(done: int, total: int) -> str:
    """Return "12.3 of 575 MB" in the unit of the whole; without a whole, what is done."""
    if total <= 0:
        return words_for_bytes(done)
    exponent = _exponent(total)
    scale = 1000**exponent
    decimals = 0 if exponent == 0 else 1
    return f"{min(done, total) / scale:.{decimals}f} of {_figures(total, exponent)} {_UNITS[exponent]}"


def _exponent(count: int) -> int:
    exponent = 0
    while exponent < len(_UNITS) - 1 and round(count / 1000**exponent, 1) >= 1000:
        exponent += 1
    return exponent


def _figures(count: int, exponent: int) -> str:
    value = count / 1000**exponent
    return f"{value:.1f}" if exponent and value < 99.95 else f"{value:.0f}"
