"""The calm line through a noisy one: an exponential mean without the pull towards its start. Qt-free."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_PIECE = 8192
"""So many values stay within the processor's cache."""


class ExponentialMean:
    """m ← β m + (1 − β) x, shown as m ÷ (1 − βⁿ): bias-corrected as in Adam (Kingma & Ba 2015, section 3).

    Values that are not finite are passed over and stay gaps.

    Args:
        span: over about how many values it averages, β = 1 − 1 ÷ span; 1 changes nothing.

    """

    def __init__(self, span: float) -> None:
        self._keep = 1.0 - 1.0 / max(1.0, span)
        self._mean = 0.0
        self._missing = 1.0  # βⁿ: the share of the mean that no value has filled yet

    def smooth(self, values: Floats) -> Floats:
        """Return the mean at each of the next values."""
        sound = np.isfinite(values)
        if sound.all():
            return self._smooth(values)
        smooth = np.full(len(values), np.nan)
        smooth[sound] = self._smooth(values[sound])
        return smooth

    def _smooth(self, values: Floats) -> Floats:
        pieces = [self._smooth_piece(values[at : at + _PIECE]) for at in range(0, len(values), _PIECE)]
        return np.concatenate(pieces) if pieces else np.empty(0)

    def _smooth_piece(self, values: Floats) -> Floats:
        means = (1.0 - self._keep) * values
        means[0] += self._keep * self._mean
        _sum_decaying(means, self._keep)
        missing = self._missing * self._keep ** np.arange(1, len(values) + 1)
        self._mean, self._missing = float(means[-1]), float(missing[-1])
        return means / (1.0 - missing)


def _sum_decaying(values: Floats, keep: float) -> None:
    """Turn x into yᵢ = xᵢ + β yᵢ₋₁ in place, by doubling: what reaches k back, then 2 k, 4 k, and so on."""
    reach, factor = 1, keep
    while reach < len(values) and factor > 1e-18:
        values[reach:] += factor * values[:-reach]
        reach, factor = 2 * reach, factor * factor
