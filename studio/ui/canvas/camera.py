"""Where the eye stands: pure arithmetic of zoom and scroll, apart from any widget.

`zoom` is device pixels per picture pixel (1.0 = 100 %); lengths on screen are logical pixels, as Qt counts them.
"""

MAX_ZOOM = 64.0
MIN_ZOOM = 0.02
SHARP_ABOVE = 2.0
FIT_MARGIN = 16
"""Free room around a fitted picture, in logical pixels: the frame in which it hangs."""


def fit_zoom(picture: tuple[int, int], view: tuple[int, int], pixel_ratio: float) -> float:
    """Return the zoom at which the whole of `picture` (width, height), however small, fills `view` but for a margin."""
    room = [max(1.0, length - 2.0 * min(FIT_MARGIN, length / 8)) for length in view]
    return min(room[0] / picture[0], room[1] / picture[1]) * pixel_ratio


def clamp_zoom(zoom: float, fitting: float) -> float:
    """Keep `zoom` between 2 % and 64 screen pixels for one of the picture, and let the whole picture always be seen."""
    return max(min(MIN_ZOOM, fitting), min(max(MAX_ZOOM, fitting), zoom))


def clamp_origin(origin: float, picture: float, view: float, *, centred: bool) -> int:
    """Return the allowed scroll position nearest to `origin`, along one axis.

    Args:
        origin: where the view's edge lies, counted from the picture's edge.
        picture: length of the picture on the screen.
        view: length of the view.
        centred: True while the whole picture fits: then there is nothing to pan to. Otherwise the picture's edge may
            come as far as the middle of the view, so that any detail can be looked at in the centre.

    """
    if centred:
        return round((picture - view) / 2)
    return round(max(-view / 2, min(picture - view / 2, origin)))
