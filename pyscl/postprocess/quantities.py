"""All named quantities of a state in one flat table."""

import csv
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, fields
from os import PathLike
from typing import TYPE_CHECKING, Any

import numpy as np

from pyscl.carriers import bulk_conductivity
from pyscl.postprocess.along import Along
from pyscl.postprocess.conductivity import (
    apparent_conductivity,
    cell_conductivity,
    joins,
    tortuosity,
)
from pyscl.postprocess.resistance import effective_resistance
from pyscl.postprocess.zones import charged_sides, layer_interfaces
from pyscl.validity import mean_field_warnings, screening_lengths

if TYPE_CHECKING:
    from pyscl.postprocess.interfaces import SideResult
    from pyscl.postprocess.layer_resistance import LayerResistance
    from pyscl.solution import Solution

RUN = "run"
"""Place of the quantities of the whole state."""


@dataclass(frozen=True)
class Quantity:
    """One number with its unit and definition; a list of them is a table for pandas.

    Attributes:
        place: interface "a|b", contact, region, or "run" for the whole model.
        side: the region of this side of an interface or contact, or "".
        name: what it is.
        value: the number; None where there is none.
        unit: its unit, "1" for pure numbers.
        definition: in one line.
        spread: standard deviation along the interface [`unit`], or None.
        note: why there is no value, how much of the interface it stands for, or a warning.
    """

    place: str
    side: str
    name: str
    value: float | None
    unit: str
    definition: str
    spread: float | None = None
    note: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as plain data."""
        return asdict(self)


def solution_quantities(solution: "Solution") -> list[Quantity]:
    """Return the table of a state; see `Solution.quantities`."""
    return [
        *_of_run(solution),
        *(q for name in solution.model.mesh.region_names for q in _of_region(solution, name)),
        *(q for name in layer_interfaces(solution.model) for q in _of_interface(solution, name)),
        *(q for name in solution.model.contacts for q in _of_contact(solution, name)),
    ]


def write_csv(rows: Iterable[Quantity], path: str | PathLike[str]) -> None:
    """Write a table of quantities; missing values are empty."""
    with open(path, "w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, [f.name for f in fields(Quantity)])
        table.writeheader()
        table.writerows(row.to_dict() for row in rows)


def _per(solution: "Solution") -> str:
    return "/m" if solution.model.coordinates == "planar" else ""


def _number(value: float | None) -> float | None:
    """Return a finite number as a plain float, else None."""
    return float(value) if value is not None and np.isfinite(value) else None


def _of_run(solution: "Solution") -> Iterator[Quantity]:
    """Yield resistance, effective conductivity, tortuosity, total charge and energy."""
    per = _per(solution)
    resistance = effective_resistance(solution)
    if resistance is not None:
        unit = "Ohm m" if per else "Ohm"
        how = (
            "bias^2 / power turned into heat; where a current flows without bias, bias / what it "
            "adds to the current"
        )
        yield Quantity(RUN, "", "effective resistance", _number(resistance), unit, how)
    yield from _of_passage(solution)
    yield from _of_cell(solution)
    how = "sum of the space charge of all regions, without surface charge"
    yield Quantity(RUN, "", "space charge", solution.charge(), f"C{per}", how)
    energy = solution.energy()
    for name, value, how in (
        ("electric energy", energy.electric, "integral of E . dD over all regions"),
        ("mixing energy", energy.mixing, "carriers on their sites, without electric potential"),
        ("polarization energy", energy.landau + energy.gradient + energy.surface,
         "Landau, gradient and surface energy of ferroelectrics"),
        ("work of the contacts", energy.work, "-sum V Q"),
        ("exchange of the reservoirs", energy.exchange, "-sum mu N"),
    ):  # fmt: skip
        yield Quantity(RUN, "", name, _number(value), energy.unit, how)
    how = "sum of all energies, work and exchange"
    total = None if energy.open else _number(energy.total)
    yield Quantity(RUN, "", "free energy", total, energy.unit, how, note=energy.open)
    for region, parts in energy.regions.items():
        for name, value in asdict(parts).items():
            if value != 0.0:
                how = f"{name} part of the free energy of the region"
                yield Quantity(region, "", f"{name} energy", _number(value), energy.unit, how)


def _of_passage(solution: "Solution") -> Iterator[Quantity]:
    """Yield effective conductivity and tortuosity of a state between two opposite contacts."""
    model, found = solution.model, apparent_conductivity(solution)
    if found is None:
        return
    axis, carrier = "xy"[found.way.axis] * 2, found.carrier
    how = (
        f"length / (width * effective resistance) between the two contacts, of {carrier}; all "
        "other carriers are at rest"
    )
    name = f"effective conductivity {axis}"
    largest = max(abs(volts) for volts in solution.bias.values())
    note = found.reason
    if not note and largest > model.discretized.scaling.potential:
        note = f"at a bias of {largest:.3g} V, above kT/e: not that of a small voltage"
    yield Quantity(RUN, "", name, found.value, "S/m", how, note=note)
    if found.value is None:
        return
    for region in model.mesh.region_names:
        mobile = any(
            c.name == carrier and bulk_conductivity(c, model.temperature) > 0.0
            for c in model.materials[region].carriers
        )
        if mobile and joins(model, region, carrier, found.way.sides):
            how = f"area share of {region} * sigma_bulk of {carrier} / effective conductivity"
            value = _number(tortuosity(model, region, found.value, [carrier]))
            yield Quantity(region, "", f"tortuosity {axis}", value, "1", how)


def _of_cell(solution: "Solution") -> Iterator[Quantity]:
    """Yield the effective conductivities of a periodic cell along and across its mean field."""
    found = cell_conductivity(solution)
    if found is None:
        return
    for i, value in enumerate(found.column):
        name = f"effective conductivity {'xy'[i]}{'xy'[found.axis]}"
        how = (
            f"mean current density of all carriers along {'xy'[i]} over the mean field along "
            f"{'xy'[found.axis]}"
        )
        yield Quantity(RUN, "", name, _number(value), "S/m", how)


def _of_region(solution: "Solution", region: str) -> Iterator[Quantity]:
    """Yield screening lengths with warnings, charges and amounts of a region."""
    model, per = solution.model, _per(solution)
    lengths = screening_lengths(model.materials[region], model.temperature)
    if lengths is not None:
        note = "; ".join(mean_field_warnings(region, lengths))
        for name, value, how in (
            ("Debye length", lengths.debye_length, "sqrt(eps kT / (e^2 sum z^2 dn/deta)), bulk"),
            ("site length", lengths.site_length, "sqrt(eps kT / (e^2 site density))"),
            ("mean carrier spacing", lengths.carrier_spacing, "n^(-1/3) of carriers or vacancies"),
        ):
            yield Quantity(region, "", name, value, "m", how, note=note)
    how = "integral of the space charge density"
    yield Quantity(region, "", "space charge", solution.charge(region), f"C{per}", how)
    bound = solution.polarization_of(region).bound_charge
    how = "integral of -div P inside the region; its surface holds the opposite"
    yield Quantity(region, "", "bound charge inside", bound, f"C{per}", how)
    for carrier in model.materials[region].carriers:
        amount = solution.amount(carrier.name, region)
        how = f"integral of the concentration of {carrier.name}"
        yield Quantity(region, "", f"amount of {carrier.name}", amount, f"mol{per}", how)


def _of_interface(solution: "Solution", name: str) -> Iterator[Quantity]:
    result = solution.interface(name)
    how = "mean electric potential on the interface"
    yield Quantity(name, "", "potential", result.potential, "V", how)
    if all(side._side.material.carriers for side in result.sides):
        first, second = name.split("|")
        how = f"phi_bulk({second}) - phi_bulk({first})"
        yield _along(name, "", "potential drop", result.potential_drop, "V", how)
        how = "1/(1/C_1 + 1/C_2) of the planar capacitances of both sides"
        series, each = result.planar_capacitance, [s.planar_capacitance for s in result.sides]
        note = "; ".join(dict.fromkeys(it.reason or it.note for it in each if it.reason or it.note))
        yield Quantity(name, "", "planar capacitance", series, "F/m^2", how, note=note)
    resistances = solution.layer_resistance(name)
    for side in result.sides:
        yield from _of_side(name, side, resistances)


def _of_contact(solution: "Solution", name: str) -> Iterator[Quantity]:
    result = solution.contact(name)
    current = "current into the model through the contact"
    yield Quantity(name, "", "current", result.current, result.unit, current)
    how = "charge on the contact on which the displacement ends"
    yield Quantity(name, "", "charge", result.charge, f"C{_per(solution)}", how)
    if name in charged_sides(solution.model):
        resistances = solution.layer_resistance(name)
        for side in result.sides:
            yield from _of_side(name, side, resistances)


def _along(place: str, side: str, name: str, it: Along, unit: str, definition: str) -> Quantity:
    notes = [it.reason or it.note]
    if it.mean is not None and it.share < 1.0 - 1e-9:
        notes.append(f"on {100.0 * it.share:.3g} % of the place")
    note = "; ".join(note for note in notes if note)
    return Quantity(place, side, name, it.mean, unit, definition, it.spread, note)


def _of_side(place: str, side: "SideResult", resistances: "LayerResistance") -> Iterator[Quantity]:
    """Yield the quantities of `SideResult` and the resistances of its carriers."""
    region = side.region

    def plain(
        name: str, value: float | None, unit: str, definition: str, note: str = ""
    ) -> Quantity:
        return Quantity(place, region, name, _number(value), unit, definition, note=note)

    def along(name: str, it: Along, unit: str, definition: str) -> Quantity:
        return _along(place, region, name, it, unit, definition)

    yield plain(
        "mean field", side.mean_field, "V/m", "normal (D - P)/(eps0 eps_r), into the region"
    )
    yield plain("peak field", side.peak_field, "V/m", "largest |E| on the interface")
    yield plain("bound charge", side.bound_charge, "C/m^2", "mean P . n out of the region")
    carriers, model = side._side.material.carriers, side._side.solution.model
    if not carriers:
        if any(conductor.region == region for conductor in model.floating):
            how = "charge of the surface of the conductor, per area"
            yield plain("surface charge", side.charge, "C/m^2", how)
        else:
            how = "displacement into the region, by Gauss's law: the charge it ends on, per area"
            yield plain("displacement", -side.charge, "C/m^2", how)
        return
    how = (
        "space charge of the layer per area, by Gauss's law: the displacement that enters the "
        "region, with the other sign"
    )
    yield plain("layer charge", side.charge, "C/m^2", how)
    yield along("potential drop", side.potential_drop, "V", "phi_bulk - phi_interface")
    bulk = "sqrt(eps kT / (e^2 sum z^2 dn/deta)) of the bulk"
    debye = side.debye_length
    note = side._no_bulk if debye is None else ""
    yield plain("Debye length", debye, "m", bulk, note)
    decay = "distance at which |phi - phi_bulk| is {} of that on the interface"
    yield along("1/e width", side.decay_width, "m", decay.format("1/e"))
    yield along("1 % width", side.one_percent_width, "m", decay.format("1 %"))
    centroid = "distance of the centroid of |charge density|"
    note = side.overlap if side.width is not None else "there is no charge"
    yield plain("centroid width", side.width, "m", centroid, note)
    yield along("depletion width", side.depletion_width, "m", "|Q| / (e sum |z| n_bulk)")
    how = (
        "|rho| sqrt(eps/(2 W)) = |dQ/d(potential drop)| of a plane layer by itself with this drop; "
        "that of a contact in the model: Solution.static_response"
    )
    yield along("planar capacitance", side.planar_capacitance, "F/m^2", how)
    for carrier in (c.name for c in carriers):
        how = (
            "integral of c - c_bulk over the points nearest to the place, per area; c_bulk that of "
            "the bulk with the same electrochemical potentials"
        )
        yield plain(f"excess of {carrier}", side.excess[carrier], "mol/m^2", how, side.excess_note)
        for word, values in (("least", side.least), ("most", side.most)):
            how = f"{word} share of occupied sites at the nodes on the interface, not in the layer"
            value = values.get(carrier)
            note = "" if value is not None else f"{carrier} is absent on a part of the interface"
            yield plain(f"{word} site fraction of {carrier}", value, "1", how, note)
        how = "share of the interface with less than half the site fraction of the bulk"
        yield plain(f"depleted share for {carrier}", side.depleted_share(carrier), "1", how)
    for layer in resistances.layers:
        if layer.region == region:
            how = (
                "integral of 1/sigma - 1/sigma_bulk over the points nearest to the place among all "
                "interfaces and contacts, per area; sigma_bulk of the material as given"
            )
            note = "" if np.isfinite(layer.resistance) else "infinite: nothing conducts"
            name = f"layer resistance for {layer.carrier}"
            yield plain(name, layer.resistance, "Ohm m^2", how, note)
            how = (
                "integral of sigma - sigma_bulk over the same points per length along the place; "
                "sigma_bulk of the material as given"
            )
            name = f"sheet conductance for {layer.carrier}"
            yield plain(name, layer.sheet_conductance, "S", how)
