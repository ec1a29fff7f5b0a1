"""Whether the lithium ions and electrons of an active material fit together."""

from typing import TYPE_CHECKING

from pyscl.materials.laws import OpenCircuit
from pyscl.materials.schema import Location, failures

if TYPE_CHECKING:
    from pyscl.materials.model import Material

_SAME = 1e-6  # V, and relative


def check_pair(material: "Material") -> None:
    """Refuse two carriers with open-circuit statistics whose sum is not -e U(x).

    Raises:
        ValidationError: names the key that does not fit, and the value that would.
    """
    pair = [
        (number, carrier, carrier.statistics)
        for number, carrier in enumerate(material.carriers)
        if isinstance(carrier.statistics, OpenCircuit)
    ]
    if len(pair) < 2:
        return
    found: list[tuple[str, str, Location, object]] = []

    def refuse(key: str, message: str) -> None:
        found.append(("mixed", message, ("carriers", pair[1][0], *key.split(".")), None))

    (_, first, law), (_, second, other) = pair[:2]
    one, two = first.name, second.name
    if len(pair) > 2 or {first.charge, second.charge} != {1, -1}:
        refuse(
            "charge",
            "open-circuit statistics belong to lithium (charge 1) and its electrons (charge -1)",
        )
    if law.model_copy(update={"share": other.share}) != other:
        refuse("statistics", f"'{one}' and '{two}' need the same open-circuit curve and reference")
    if abs(law.share + other.share - 1.0) > _SAME:
        refuse(
            "statistics.share",
            f"the shares {law.share:g} of '{one}' and {other.share:g} of '{two}' must add up to 1",
        )
    if abs(first.site_density / second.site_density - 1.0) > _SAME:
        refuse(
            "site_density",
            f"'{one}' and '{two}' must have the same site_density, so that x is the site fraction "
            "of both",
        )
    total = first.standard_potential + second.standard_potential
    if abs(total + law.reference) > _SAME:
        refuse(
            "standard_potential",
            f"the standard potentials of '{one}' and '{two}' add up to {total:g} eV; they must add "
            f"up to -e times the reference, {0.0 - law.reference:g} eV, for the voltage to be "
            f"U(x): with {first.standard_potential:g} eV for '{one}' give '{two}' "
            f"{0.0 - law.reference - first.standard_potential:g} eV",
        )
    uneven = abs(first.site_fraction - second.site_fraction) > _SAME
    if uneven and material.background_charge is None:
        refuse(
            "site_fraction",
            f"site fraction {first.site_fraction:g} of '{one}' and {second.site_fraction:g} of "
            f"'{two}' differ, but lithium brings its electron along; set both (in Python: "
            "material.with_lithium(x)), or give background_charge for a doped material",
        )
    if found:
        raise failures(found)
