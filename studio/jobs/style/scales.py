"""From coarse to fine: the sizes a painting goes through, and how the steps are shared among them."""

from dataclasses import dataclass

from models.fitting import fitted

__all__ = ["COARSEST", "FEWEST", "NARROWEST", "SMALLEST", "Stage", "fitted", "stages", "stages_from"]

COARSEST = 112
"""Below this many pixels (longer side) a painting has no shapes worth refining."""
NARROWEST = 32
"""No size is made whose shorter side is smaller than this, if a larger one is wanted anyway."""
FEWEST = 16
"""No photo is painted whose shorter side would be smaller: the network's fourth scale, at which the photo's shapes are
kept unless the artist chooses others, would see nothing of it."""
SMALLEST = 64
"""Running out of memory does not lead below this."""
_SHARE = 0.8
"""Steps of each size relative to the one before: strokes are found while they are cheap, and only sharpened later."""


@dataclass(frozen=True, slots=True)
class Stage:
    """One size of the painting and the number of loss evaluations spent on it."""

    height: int
    width: int
    steps: int

    @property
    def side(self) -> int:
        """The longer side in pixels."""
        return max(self.height, self.width)

    @property
    def work(self) -> float:
        """What the stage costs, in pixels seen by the network."""
        return float(self.height * self.width * self.steps)

    @property
    def name(self) -> str:
        """What the artist is told."""
        return f"{self.side} px"

    @property
    def can_be_smaller(self) -> bool:
        """False at the smallest size that makes sense."""
        return self.side > 2 * SMALLEST and min(self.height, self.width) >= 2 * FEWEST

    def smaller(self, reached: int | None) -> "Stage":
        """Return what to do instead when memory runs out: the size that was reached, or half of this one."""
        side = reached if reached is not None and reached < self.side else self.side // 2
        return Stage(*fitted(self.height, self.width, side), steps=self.steps)


def stages(height: int, width: int, side: int, steps: int) -> tuple[Stage, ...]:
    """Plan a painting of a height×width photo whose longer side becomes `side`, in `steps` evaluations."""
    shorter = side * min(height, width) / max(height, width)
    sides = [side]
    while sides[0] / 2 >= COARSEST and shorter / 2 >= NARROWEST and len(sides) < steps:
        sides.insert(0, round(sides[0] / 2))
        shorter /= 2
    shares = [_SHARE**number for number in range(len(sides))]
    counts = [max(1, int(steps * share / sum(shares))) for share in shares]
    counts[0] += steps - sum(counts)
    return tuple(Stage(*fitted(height, width, s), steps=count) for s, count in zip(sides, counts, strict=True))


def stages_from(plan: tuple[Stage, ...], height: int, width: int) -> tuple[Stage, ...]:
    """Return what is left of `plan` for a painting that already has this size."""
    left = tuple(stage for stage in plan if stage.side >= max(height, width))
    return left or plan[-1:]
