"""Numbers as people write and read them where a slider's steps would be too coarse; free of Qt."""


def read_number(text: str) -> float:
    """Read a number as people write it: 0.001, 0,001, 1e-3, 5 %.

    Raises:
        ValueError: there is none.

    """
    words = text.strip().replace("−", "-").replace(",", ".").replace(" ", "")
    share = words.endswith("%")
    try:
        value = float(words.removesuffix("%"))
    except ValueError:
        raise ValueError(f"“{text.strip()}” is no number.") from None
    return value / 100 if share else value


def number_text(value: float) -> str:
    """Write a number briefly and exactly enough to be read back: 0.002, 2e-5."""
    return f"{value:.6g}".replace("e-0", "e-").replace("e+0", "e+")
