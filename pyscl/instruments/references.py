"""What instruments measure against, and steps of the potential that belong to a region."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from pyscl.errors import InputError, suggestion, unknown_name
from pyscl.instruments.raster import FloatArray
from pyscl.units import parse

if TYPE_CHECKING:
    from pyscl.solution import Solution


def reference_potential(
    solution: "Solution", reference: float | str, values: FloatArray | None = None
) -> float:
    """Return a potential [V] that is given, or the mean of a region.

    Args:
        solution: the solution.
        reference: [V, or text with a unit], or a region.
        values: potential on the sites [V], default: the electric potential.

    Raises:
        InputError: it is neither.
    """
    names = solution.model.mesh.region_names
    if reference in names:
        here = solution.site_region == names.index(str(reference))
        field = solution["potential"].values if values is None else values
        return float(np.average(field[here], weights=solution.site_volume[here]))
    try:
        return parse(reference, "V")
    except InputError:
        raise InputError(
            f"the reference '{reference}' is neither a potential, such as '0 V', nor a region; "
            f"regions: {', '.join(sorted(names))}.{suggestion(str(reference), names)}"
        ) from None


def region_potentials(solution: "Solution", given: Mapping[str, float | str]) -> FloatArray:
    """Return a potential for every region [V], (n_regions,), 0 where none is given.

    Raises:
        InputError: there is no such region.
    """
    names = solution.model.mesh.region_names
    values = np.zeros(len(names))
    for region, value in given.items():
        if region not in names:
            raise unknown_name("region", region, names)
        values[names.index(region)] = parse(value, "V")
    return values
