"""How the visitors of coming days are forecast: a robust linear model and boosted trees, averaged.

Both learn, from all stores at once, how far a day lies from what was usual on its weekday at the origin. Only fitting
and predicting belong here; what they know of a day is `features`' business.
"""

from dataclasses import dataclass

import numpy as np

from retail_platform.domains.forecast.features import GROUPS, Examples, examples
from retail_platform.domains.forecast.panel import Bools, Floats, Panel

FIRST_ORIGIN = 35  # columns that the first example looks back on
LEAST_DAYS = 84  # of history before anything is learnt from it
_BOOSTED_FROM = 300  # days of history; with fewer, trees learn single weeks by heart
_SEASON_FROM = 730  # days of history; with fewer, the day of the year tells one week from another, not seasons
_REMEMBERED = 1461  # days; what is older says little of today
_EXAMPLES = 20_000  # learnt from at most: a second of work, however many stores there are
_LARGEST = 1.5  # logarithm; what lies further off is a fault or a strike
_RIDGE, _HUBER, _ROUNDS = 100.0, 0.03, 8


@dataclass(frozen=True)
class Method:
    """Which parts of the method are used; all of them, but for benchmarks that show what each adds."""

    linear: bool = True
    boosted: bool = True
    groups: tuple[str, ...] = GROUPS


WHOLE = Method()


@dataclass(frozen=True)
class Model:
    """What was learnt from the days up to an origin."""

    chosen: Bools
    linear: "_Linear | None"
    boosted: "_Boosted | None"

    def predict(self, known: Examples) -> Floats:
        """Logarithm of visitors, in the shape of `known.base`."""
        features = known.values.reshape(-1, known.values.shape[-1])
        parts = []
        if self.linear is not None:
            parts.append(self.linear.predict(features[:, self.chosen & known.linear]))
        if self.boosted is not None:
            parts.append(self.boosted.predict(features[:, self.chosen]))
        return known.base + np.mean(parts, axis=0).reshape(known.base.shape)


def fit(panel: Panel, origin: int, method: Method = WHOLE) -> Model | None:
    """Learn from what was known at an origin.

    Returns:
        The model; None if there is too little history to learn from.
    """
    if origin + 1 < LEAST_DAYS:
        return None
    known = _history(panel, origin)
    features = np.concatenate([part.values.reshape(-1, part.values.shape[-1]) for part in known])
    base = np.concatenate([part.base.ravel() for part in known])
    gap = np.concatenate([(part.target - part.base).ravel() for part in known])
    usable = np.isfinite(gap)
    if usable.sum() < LEAST_DAYS:
        return None
    features, weight = features[usable], np.exp(base[usable])
    gap = np.clip(gap[usable], -_LARGEST, _LARGEST)
    chosen, weight = _chosen(known[0], method, origin + 1), weight / weight.mean()
    boosts = method.boosted and (origin + 1 >= _BOOSTED_FROM or not method.linear)
    return Model(
        chosen,
        _Linear.fit(features[:, chosen & known[0].linear], gap, weight) if method.linear else None,
        _Boosted.fit(features[:, chosen], gap, weight) if boosts else None,
    )


def _history(panel: Panel, origin: int) -> list[Examples]:
    """Examples whose days had all come by the origin, spread evenly over stores and days."""
    newest = origin - 14
    origins = np.arange(newest, max(FIRST_ORIGIN, newest - _REMEMBERED) - 1, -1)
    every = max(3, -(-len(panel.stores) * len(origins) * 14 // _EXAMPLES))
    spread = min(every, len(panel.stores))
    return [
        examples(panel, slice(part, None, spread), origins[(part * every) // spread :: every])
        for part in range(spread)
        if (part * every) // spread < len(origins)
    ]


def _chosen(known: Examples, method: Method, days: int) -> Bools:
    too_early = set() if days >= _SEASON_FROM else {"day_of_year"}
    named = zip(known.groups, known.names, strict=True)
    return np.array([group in method.groups and name not in too_early for group, name in named])


@dataclass(frozen=True)
class _Linear:
    """Ridge regression, reweighted so that it minimises absolute errors (Huber's loss)."""

    centre: Floats
    scale: Floats
    weights: Floats

    @classmethod
    def fit(cls, features: Floats, target: Floats, weight: Floats) -> "_Linear":
        known = np.isfinite(features)
        count = np.maximum(known.sum(axis=0), 1)
        centre = np.where(known, features, 0).sum(axis=0) / count
        scale = np.sqrt((np.where(known, features - centre, 0) ** 2).sum(axis=0) / count)
        fresh = cls(centre, np.where(scale > 0, scale, 1), np.zeros(features.shape[1] + 1))
        inputs = fresh._inputs(features)
        penalty = np.diag(np.append(np.full(features.shape[1], _RIDGE), 0))
        solved, trust = fresh.weights, weight
        for _ in range(_ROUNDS):
            weighted = inputs * trust[:, None]
            solved = np.linalg.solve(weighted.T @ inputs + penalty + 1e-9 * np.eye(len(solved)), weighted.T @ target)
            error = np.abs(target - inputs @ solved)
            trust = weight * np.minimum(1, _HUBER / np.maximum(error, 1e-9))
        return cls(fresh.centre, fresh.scale, solved)

    def predict(self, features: Floats) -> Floats:
        return np.asarray(self._inputs(features) @ self.weights)

    def _inputs(self, features: Floats) -> Floats:
        """Standardised; what is unknown is taken as the mean."""
        scaled = np.where(np.isfinite(features), (features - self.centre) / self.scale, 0)
        return np.column_stack([scaled, np.ones(len(scaled))])


@dataclass(frozen=True)
class _Boosted:
    """Gradient-boosted trees on absolute errors; the same trees whatever machine makes them."""

    trees: object

    @classmethod
    def fit(cls, features: Floats, target: Floats, weight: Floats) -> "_Boosted":
        import lightgbm

        parameters = {
            "objective": "l1",
            "learning_rate": 0.08,
            "num_leaves": 8,
            "min_data_in_leaf": 40,
            "feature_fraction": 0.6,
            "bagging_fraction": 0.8,
            "bagging_freq": 1,
            "seed": 1,
            "deterministic": True,
            "force_row_wise": True,
            "num_threads": 1,
            "verbose": -1,
        }
        return cls(lightgbm.train(parameters, lightgbm.Dataset(features, target, weight=weight), num_boost_round=200))

    def predict(self, features: Floats) -> Floats:
        return np.asarray(self.trees.predict(features, num_threads=1))  # type: ignore[attr-defined]
