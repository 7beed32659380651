"""Perturbation tables: for every count, how likely each noise is.

Belongs here: the distribution of the noise.  Does not belong here: keys, and drawing noise with them (``cell_key``).

For every count the distribution is the one of maximum entropy with mean 0 and the variance asked for, on the noises
that lead to allowed counts (Marley and Leaver 2011, A method for confidentialising user-defined tables; Giessing 2016,
Computational issues in the design of transition probabilities; the R package ``ptable`` of Enderle).  Without the
package's monotony condition it is of the exponential family, p(v) ~ exp(a v + b v^2), and two numbers settle it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from anonymisation.errors import AnonymisationError

STEPS, PRECISION, TOLERANCE = 200, 1e-12, 1e-8
"""Steps of Newton's method, what is precise enough to stop, and what is not precise enough to use."""


class NoiseError(AnonymisationError, ValueError):
    """No noise has the properties asked for."""


@dataclass(frozen=True)
class PerturbationTable:
    """``probabilities[n, v + maximum]``: how likely count ``n`` gets noise ``v``; the last row holds from there on."""

    maximum: int
    probabilities: np.ndarray

    def noise(self, counts: np.ndarray, keys: np.ndarray) -> np.ndarray:
        """The noise of each count under its key, a number from 0 to below 1."""
        last = len(self.probabilities) - 1
        cumulative = np.cumsum(self.probabilities, axis=1)
        # What rounding of the sum leaves over belongs to the last noise that has a probability.
        drawn = (cumulative[np.minimum(counts, last)] <= np.asarray(keys)[..., None]).sum(axis=-1)
        largest = self.probabilities.shape[1] - 1 - np.argmax(self.probabilities[:, ::-1] > 0, axis=1)
        return np.minimum(drawn, largest[np.minimum(counts, last)]) - self.maximum


def perturbation_table(maximum: int, variance: float, smallest: int) -> PerturbationTable:
    """The table for noise up to ``maximum`` with that variance, which gives no count from 1 to ``smallest``.

    Raises ``NoiseError`` where some count has no such noise, naming the variances that are possible.
    """
    rows = maximum + 1 if smallest == 0 else maximum + smallest + 2
    table = np.zeros((rows, 2 * maximum + 1))
    table[0, maximum] = 1.0
    for count in range(1, rows):
        noise = np.arange(-maximum, maximum + 1)
        target = count + noise
        noise = noise[(target >= 0) & ~((target >= 1) & (target <= smallest))]
        table[count, noise + maximum] = _largest_entropy(noise, variance, count)
    return PerturbationTable(maximum, table)


def _largest_entropy(noise: np.ndarray, variance: float, count: int) -> np.ndarray:
    """Mean 0 and the variance: the moments (0, variance) must lie within the hull of the points (v, v^2)."""
    below, above = noise[noise < 0].max(), noise[noise > 0].min()
    least = 0.0 if (noise == 0).any() else -float(below) * float(above)
    most = -float(noise.min()) * float(noise.max())
    if not least < variance < most:
        raise NoiseError(
            f"variance {variance:g}: noise of mean 0 on a count of {count} has a variance above {least:g} and below"
            f" {most:g}; give one, or another maximum or smallest count"
        )
    # Newton's method on the dual, which is convex: the logarithm of the sum of exp(a v + b v^2), less b times variance.
    features = np.stack([noise, noise.astype(float) ** 2])
    aim = np.array([0.0, variance])
    point = np.zeros(2)

    def dual(at: np.ndarray) -> float:
        exponents = at @ features
        return float(exponents.max() + np.log(np.exp(exponents - exponents.max()).sum()) - at @ aim)

    for _ in range(STEPS):
        exponents = point @ features
        weights = np.exp(exponents - exponents.max())
        weights /= weights.sum()
        gradient = features @ weights - aim
        if np.abs(gradient).max() < PRECISION:
            break
        centred = features - (features @ weights)[:, None]
        step = np.linalg.lstsq((centred * weights) @ centred.T, gradient, rcond=None)[0]
        size = 1.0
        while dual(point - size * step) > dual(point) and size > PRECISION:
            size /= 2
        point = point - size * step
    if np.abs(features @ weights - aim).max() > TOLERANCE:
        raise NoiseError(f"variance {variance:g} is at the edge of what noise on a count of {count} can have; give another")
    return weights
