"""What every degradation is: its ranges, and what chance draws from them.

Plain NumPy, OpenCV and Pillow: loader workers need no torch for it, and neither does the window.
"""

import math
import zlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Self, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic.fields import FieldInfo

if TYPE_CHECKING:
    from models.degradation_plate import Plate

__all__ = [
    "Bytes", "Chance", "Colours", "Degradation", "Plane", "Probability", "Span", "bounds_of", "chance_of", "span",
]  # fmt: skip

Bytes: TypeAlias = NDArray[np.uint8]
"""H×W×3, sRGB."""
Colours: TypeAlias = NDArray[np.float32]
"""H×W×3, sRGB, 0–1."""
Plane: TypeAlias = NDArray[np.float32]
"""H×W."""
Span: TypeAlias = tuple[float, float]
"""The least and the greatest of what may be drawn."""
Drawn = TypeVar("Drawn", float, int, str, bool)
Probability: TypeAlias = Annotated[float, Field(ge=0.0, le=1.0)]


def span(
    low: float,
    high: float,
    *,
    label: str,
    help: str,
    least: float,
    most: float,
    unit: str = "",
    step: float | None = None,
    scale: Literal["linear", "log"] = "linear",
) -> Any:
    """Declare a parameter that is drawn for each picture, evenly between two ends that the artist sets.

    Args:
        low: the lower end to begin with.
        high: the upper one.
        label: an artist's words.
        help: one line: what more of it does to the picture.
        least: smallest possible end.
        most: greatest possible end.
        unit: shown behind the numbers.
        step: what one key press changes; 1 draws whole numbers.
        scale: how a slider spreads the range, and "log": the ratio of the ends is drawn from evenly.

    """
    extra: dict[str, Any] = {
        "least": least,
        "most": most,
        "unit": unit,
        "step": step or (most - least) / 100,
        "scale": scale,
    }
    return Field((low, high), title=label, description=help, json_schema_extra=extra)


def chance_of(share: float, *, label: str, help: str) -> Any:
    """Declare a probability within a degradation, such as that noise is grey."""
    return Field(share, ge=0.0, le=1.0, title=label, description=help)


def bounds_of(field: FieldInfo) -> dict[str, Any] | None:
    """Return what `span` said of a field; None of any other."""
    extra = field.json_schema_extra
    return extra if isinstance(extra, dict) and "least" in extra else None


class Degradation(BaseModel):
    """Base of all: immutable, comparable, JSON in and out. A subclass names its `kind`, its ranges, and applies itself.

    Attributes:
        title: an artist's name for it.
        help: one line: what it does.

    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    title: ClassVar[str]
    help: ClassVar[str]

    kind: str = ""
    probability: float = Field(
        default=1.0, ge=0.0, le=1.0, title="How often", description="In how many pictures of 100 %."
    )

    def apply(self, plate: "Plate", chance: "Chance") -> None:
        """Do it to `plate`, by what `chance` draws. Whatever is drawn is drawn first, so that ends move smoothly."""
        raise NotImplementedError

    @model_validator(mode="after")
    def _check_spans(self) -> Self:
        for name, field in type(self).model_fields.items():
            bounds = bounds_of(field)
            if bounds is not None:
                low, high = getattr(self, name)
                if not bounds["least"] <= low <= high <= bounds["most"]:
                    raise ValueError(
                        f"{name}: {low:g} to {high:g} is no range between {bounds['least']:g} and {bounds['most']:g}"
                    )
        return self


class Chance:
    """What one degradation draws in one picture: a function of the seed and of the degradation's place alone.

    So it does not matter which worker draws, in which order, or what the others in the stack do.

    Attributes:
        drawn: what was drawn, by name, for the record.
        random: for what needs no record, such as grain.

    Args:
        seed: of the picture.
        kind: of the degradation.
        occurrence: how many of this kind stand before it in the stack.

    """

    def __init__(self, seed: int, kind: str, occurrence: int = 0) -> None:
        sequence = np.random.SeedSequence([seed, zlib.crc32(kind.encode()), occurrence])
        self.random = np.random.Generator(np.random.SFC64(sequence))
        self.drawn: dict[str, float | str | bool] = {}

    def happens(self, probability: float, name: str = "") -> bool:
        """Toss a coin that falls so with this probability."""
        return self._noted(name, bool(self.random.random() < probability))

    def between(self, name: str, ends: Span, scale: Literal["linear", "log"] = "linear") -> float:
        """Draw a number evenly from a range, or its logarithm."""
        share = float(self.random.random())
        if scale == "log":
            return self._noted(name, math.exp(math.log(ends[0]) + share * math.log(ends[1] / ends[0])))
        return self._noted(name, ends[0] + share * (ends[1] - ends[0]))

    def whole(self, name: str, ends: Span) -> int:
        """Draw a whole number from a range, both ends included."""
        low, high = math.ceil(ends[0]), math.floor(ends[1])
        return self._noted(name, low + int(self.random.random() * (high - low + 1)))

    def one_of(self, name: str, values: Sequence[str], weights: Sequence[float] | None = None) -> str:
        """Draw one of several words, by weights that need not add up to 1."""
        sums = np.cumsum(weights if weights is not None else np.ones(len(values)))
        place = int(np.searchsorted(sums, self.random.random() * sums[-1], side="right"))
        return self._noted(name, values[min(place, len(values) - 1)])

    def normal(self, *shape: int) -> NDArray[np.float32]:
        """Draw standard normal numbers."""
        return self.random.standard_normal(shape, dtype=np.float32)

    def _noted(self, name: str, value: Drawn) -> Drawn:
        if name:
            self.drawn[name] = round(value, 4) if isinstance(value, float) else value
        return value
