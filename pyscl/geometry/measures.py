"""Areas of regions and lengths of interfaces, exactly from the curves around them."""

from collections.abc import Iterable

import numpy as np

from pyscl.geometry.partition import Chain


def areas(chains: Iterable[Chain]) -> dict[str, float]:
    """Return the area [m2] of every region, sorted by name.

    Half the sum of x dy - y dx around each region (Green's theorem).
    """
    area: dict[str, float] = {}
    for chain in chains:
        start = chain.points[:-1]
        step = np.diff(chain.points, axis=0)
        term = float(np.dot(start[:, 0], step[:, 1]) - np.dot(start[:, 1], step[:, 0]))
        for region, sign in ((chain.left, 0.5), (chain.right, -0.5)):
            if region is not None:
                area[region] = area.get(region, 0.0) + sign * term
    return dict(sorted(area.items()))


def lengths(chains: Iterable[Chain]) -> dict[str, float]:
    """Return the length [m] of every interface "a|b" (names sorted) and named curve, sorted.

    The four outer sides are named curves, too; the length of an outer curve without a name is
    left out.
    """
    total: dict[str, float] = {}
    for chain in chains:
        names = [] if chain.name is None else [chain.name]
        if chain.left is not None and chain.right is not None:
            names.append("|".join(sorted((chain.left, chain.right))))
        for name in names:
            total[name] = total.get(name, 0.0) + chain.length
    return dict(sorted(total.items()))
