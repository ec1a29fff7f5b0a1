"""Band diagram: electric potential and levels of the carriers along a cut, apart and in contact."""

from dataclasses import dataclass
from os import PathLike
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pyscl.carriers import bulk_potential
from pyscl.errors import unknown_name
from pyscl.instruments.line import electrode_potential, sample_line
from pyscl.instruments.raster import FloatArray
from pyscl.instruments.results import Compact, write_columns

if TYPE_CHECKING:
    from pyscl.solution import Solution


@dataclass(frozen=True, eq=False, repr=False)
class BandDiagram(Compact):
    """Levels along a line, see `band_diagram`.

    Attributes:
        distance: along the line [m], (n,). At an interface there are two samples at one place,
            one on each side.
        points: places [m], (n, 2).
        region: region of every sample, "" outside the mesh, (n,).
        potential: electric potential against the reference [V], (n,).
        levels: carrier -> electrochemical potential mu [eV], (n,); NaN where it is absent. That
            of electrons is the Fermi level.
        standard_levels: carrier -> mu0 + z e phi [eV], (n,): the level of the sites, which bends
            with the potential as a band edge does.
        apart: carrier -> mu of the neutral material by itself, at zero potential [eV], (n,).
        lithium_voltage: -(mu_Li+ + mu_e) / e [V], voltage against lithium metal where a region
            conducts both, (n,); NaN elsewhere.
        charge: carrier -> charge number.
        reference: name of what has zero potential, "" for the zero of the model.
        shift: potential of the reference in the model [V], which has been subtracted.
    """

    distance: FloatArray
    points: FloatArray
    region: NDArray[np.str_]
    potential: FloatArray
    levels: dict[str, FloatArray]
    standard_levels: dict[str, FloatArray]
    apart: dict[str, FloatArray]
    lithium_voltage: FloatArray
    charge: dict[str, int]
    reference: str
    shift: float

    def built_in_potential(self, first: str, second: str, carrier: str = "Li") -> float:
        """Return the contact voltage phi(second) - phi(first) [V] that a carrier demands.

        (mu_first - mu_second) / (z e) of the neutral materials apart: what the drops of the space
        charge layers between them add up to in equilibrium.

        Raises:
            InputError: a region that is not on the line, or without the carrier.
        """
        if carrier not in self.apart:
            raise unknown_name("carrier", carrier, self.apart)
        levels = []
        for region in (first, second):
            here = (self.region == region) & np.isfinite(self.apart[carrier])
            if not here.any():
                having = sorted({str(r) for r in self.region[np.isfinite(self.apart[carrier])]})
                raise unknown_name(f"region with {carrier} on the line", region, having)
            levels.append(float(self.apart[carrier][here][0]))
        return (levels[0] - levels[1]) / self.charge[carrier]

    def write_csv(self, path: str | PathLike[str]) -> None:
        """Write one row per sample, units in the column heads."""
        columns: dict[str, ArrayLike] = {
            "distance [m]": self.distance,
            "x [m]": self.points[:, 0],
            "y [m]": self.points[:, 1],
            "region": self.region,
            "potential [V]": self.potential,
            "lithium_voltage [V]": self.lithium_voltage,
        }
        for name, levels in (
            ("level", self.levels),
            ("standard_level", self.standard_levels),
            ("level_apart", self.apart),
        ):
            columns |= {f"{name}_{carrier} [eV]": values for carrier, values in levels.items()}
        write_columns(path, columns)


def band_diagram(
    solution: "Solution",
    start: tuple[float, float],
    end: tuple[float, float],
    *,
    points: int = 400,
    reference: str | None = None,
) -> BandDiagram:
    """Return potential and levels along a line, and the levels of the materials before contact.

        mu = mu0 + kT (ln(y / (1 - y)) + g(y)) + z e phi

    is flat for a carrier in equilibrium: for electrons it is the Fermi level, for Li+ the lithium
    level. mu0 + z e phi bends with the potential. Before contact each material is neutral and at
    zero potential; the differences of its mu are what contact levels out by built-in potentials.

    The zero of energy is that of the standard potentials of the materials. With a reference, its
    potential becomes zero and every level moves by -z e times what it was. Vacuum levels and
    electron affinities are not in the model.

    Source: J. Maier, Physical Chemistry of Ionic Materials (Wiley, 2004).

    Args:
        solution: the state.
        start: first point of the line [m].
        end: last point [m].
        points: number of samples; every region on the line has some of its own besides.
        reference: a region (its potential at the middle of its stretch of the line), a contact
            (that of its electrode, which a compact layer parts from the model; else the mean along
            it), or None for the zero of the model.

    Raises:
        InputError: a line off the mesh, or an unknown reference.
    """
    model = solution.model
    distance, places, region, triangle, weight = sample_line(solution, start, end, points)
    corners = solution.site_triangles[triangle]
    outside = region == ""

    def along(values: FloatArray) -> FloatArray:
        return np.where(outside, np.nan, (weight * values[corners]).sum(axis=1))

    potential = along(solution["potential"].values)
    shift = _reference(solution, reference, distance, region, potential)
    potential = potential - shift
    levels, standard, apart, charge = {}, {}, {}, {}
    for number, carrier in enumerate(model.carriers):
        z = int(solution.charge_number[number])
        charge[carrier] = z
        levels[carrier] = along(solution[f"electrochemical_potential_{carrier}"].values) - z * shift
        standard[carrier] = np.full(len(distance), np.nan)
        apart[carrier] = np.full(len(distance), np.nan)
        for name in model.regions_with(carrier):
            here = region == name
            law = model.materials[name].carrier(carrier)
            standard[carrier][here] = law.standard_potential + z * potential[here]
            apart[carrier][here] = bulk_potential(law, model.temperature)
    lithium, electron = _pair(charge)
    voltage = np.full(len(distance), np.nan)
    if lithium and electron:
        voltage = -(levels[lithium] + levels[electron])
    return BandDiagram(
        distance=distance,
        points=places,
        region=region,
        potential=potential,
        levels=levels,
        standard_levels=standard,
        apart=apart,
        lithium_voltage=voltage,
        charge=charge,
        reference=reference or "",
        shift=shift,
    )


def _pair(charge: dict[str, int]) -> tuple[str | None, str | None]:
    """Return the names of lithium ions and electrons: "Li" and "e", or None."""
    lithium = next((c for c in charge if c == "Li" and charge[c] == 1), None)
    electron = next((c for c in charge if c in ("e", "e-", "electron") and charge[c] == -1), None)
    return lithium, electron


def _reference(
    solution: "Solution",
    reference: str | None,
    distance: FloatArray,
    region: NDArray[np.str_],
    potential: FloatArray,
) -> float:
    """Return the potential [V] of a region on the line or of a contact."""
    if reference is None:
        return 0.0
    model = solution.model
    if reference in model.contacts:
        electrode = electrode_potential(solution, reference)
        if electrode is not None:
            return electrode
        nodes = np.unique(model.mesh.facets_of(reference))
        return float(solution.potential[nodes].mean())
    here = region == reference
    if not here.any():
        names = [*model.contacts, *(str(r) for r in np.unique(region) if r != "")]
        raise unknown_name("contact or region on the line", reference, names)
    first, last = distance[here][[0, -1]]
    return float(np.interp(0.5 * (first + last), distance[here], potential[here]))
