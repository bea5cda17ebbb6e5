"""How pictures may vary when they are learnt from: the settings of `augment`, for a task's own settings to inherit.

Free of torch, so that a form shows without it.
"""

from studio.core.settings import Settings, setting

__all__ = ["Variation"]

_GROUP = "Variety"


class Variation(Settings):
    """Chances that a picture is shown differently each time. What is 0 (or 1, of a share or ratio) never happens.

    A task's settings inherit these (`class FastStyleSettings(TrainingSettings, Variation)`); a default that does not
    fit (digits must not be mirrored) is declared again there.
    """

    crop_smallest: float = setting(
        0.35, label="Closest view", help="The smallest part of a picture that is shown at a time; 1 shows all of it.",
        term="random resized crop: least share of the area", low=0.01, high=1.0, step=0.05, group=_GROUP)  # fmt: skip
    crop_largest: float = setting(
        1.0, label="Widest view", help="The largest part of a picture that is shown; below 1 for what is only seen "
        "near by, such as brush strokes.", term="random resized crop: greatest share of the area", low=0.01, high=1.0,
        step=0.05, group=_GROUP)  # fmt: skip
    crop_stretch: float = setting(
        1.33, label="Stretch", help="How much wider or higher things may become; 1 keeps their proportions.",
        term="random resized crop: greatest aspect ratio", low=1.0, high=3.0, step=0.05, group=_GROUP)  # fmt: skip
    mirror: bool = setting(
        True, label="Mirror", help="Shows every second picture mirrored; not for anything with writing on it.",
        term="random horizontal flip", group=_GROUP)  # fmt: skip
    turn: float = setting(
        0.0, label="Turn", help="Turns pictures by up to so much, either way.", term="random rotation",
        low=0.0, high=180.0, step=1.0, unit="°", group=_GROUP)  # fmt: skip
    shift: float = setting(
        0.0, label="Shift", help="Moves pictures by up to this part of their side, in both directions.",
        term="random translation", low=0.0, high=0.5, step=0.01, group=_GROUP)  # fmt: skip
    zoom: float = setting(
        0.0, label="Zoom", help="Makes things up to this part larger or smaller.", term="random scale",
        low=0.0, high=0.8, step=0.05, group=_GROUP)  # fmt: skip
    slant: float = setting(
        0.0, label="Slant", help="Leans things over by up to so much, as handwriting does.", term="random shear",
        low=0.0, high=45.0, step=1.0, unit="°", group=_GROUP)  # fmt: skip
    brightness: float = setting(
        0.0, label="Brightness varies", help="Makes pictures up to this part darker or brighter.",
        term="colour jitter: brightness", low=0.0, high=0.9, step=0.05, group=_GROUP)  # fmt: skip
    contrast: float = setting(
        0.0, label="Contrast varies", help="Makes pictures up to this part softer or harder.",
        term="colour jitter: contrast", low=0.0, high=0.9, step=0.05, group=_GROUP)  # fmt: skip
    saturation: float = setting(
        0.0, label="Colourfulness varies", help="Makes colours up to this part paler or stronger.",
        term="colour jitter: saturation", low=0.0, high=0.9, step=0.05, group=_GROUP)  # fmt: skip
    hue: float = setting(
        0.0, label="Colours turn", help="Turns colours around the wheel by up to this part of it; slow.",
        term="colour jitter: hue", low=0.0, high=0.5, step=0.01, group=_GROUP)  # fmt: skip
    erase: float = setting(
        0.0, label="Cover up", help="How often a patch is covered, so that no single detail decides.",
        term="random erasing (Zhong et al. 2020), probability", low=0.0, high=1.0, step=0.05, group=_GROUP)  # fmt: skip
