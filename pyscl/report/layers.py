"""The strongest space charge layer of a study, in the words of the named quantities."""

from dataclasses import dataclass

from pyscl.report.quantities import named
from pyscl.report.runs import Column


@dataclass(frozen=True)
class Side:
    """One side of a layer.

    Attributes:
        region: on which side.
        charge: charge per area [C/m^2].
        drop: potential of the bulk minus that of the interface [V]; None unknown.
        width: distance at which |phi - phi_bulk| is 1/e of that on the interface [m].
        centroid: distance of the centroid of |charge density| [m].
    """

    region: str
    charge: float
    drop: float | None
    width: float | None
    centroid: float | None


@dataclass(frozen=True)
class Layer:
    """The layer of an interface.

    Attributes:
        name: of the interface.
        drop: difference of potential between the bulks of both sides [V]; None unknown.
        sides: both sides, or the one that has charges.
    """

    name: str
    drop: float | None
    sides: tuple[Side, ...]

    @property
    def main(self) -> Side:
        """The side with the largest charge, of those that have a bulk; equal ones: the first."""
        with_bulk = [side for side in self.sides if side.drop is not None] or list(self.sides)
        return max(with_bulk, key=lambda side: float(f"{abs(side.charge):.6g}"))

    @property
    def charge(self) -> float:
        """Size of the charge of the main side [C/m^2]."""
        return abs(self.main.charge)


def strongest(column: Column, name: str | None = None) -> Layer | None:
    """Return the layer with the largest charge of a study, or that of an interface; else None."""
    found = [layer for layer in _layers(column) if layer.charge > 0.0]
    if name is not None:
        return next((layer for layer in found if layer.name == name), None)
    return max(found, key=lambda layer: layer.charge, default=None)


def _layers(column: Column) -> list[Layer]:
    values = {
        (entry["place"], entry["side"], entry["name"]): entry["value"] for entry in named(column)
    }
    layers = []
    for name, interface in column.summary.get("interfaces", {}).items():
        sides = []
        for region, side in interface["sides"].items():
            charge = values.get((name, region, "layer charge"))
            sides.append(
                Side(
                    region,
                    side["charge [C/m^2]"] if charge is None else charge,
                    values.get((name, region, "potential drop")),
                    values.get((name, region, "1/e width")),
                    values.get((name, region, "centroid width"), side["width [m]"]),
                )
            )
        if sides:
            layers.append(Layer(name, values.get((name, "", "potential drop")), tuple(sides)))
    return layers
