"""How large a picture becomes when its longer side does: arithmetic alone, for whoever plans before torch is loaded."""

__all__ = ["fitted"]


def fitted(height: int, width: int, longer: int, *, shorter_at_least: int = 0) -> tuple[int, int]:
    """Return (height, width) scaled so that the longer side is `longer`, and the shorter not too short."""
    scale = max(longer / max(height, width), shorter_at_least / min(height, width))
    return max(1, round(height * scale)), max(1, round(width * scale))
