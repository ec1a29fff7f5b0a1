"""Transport values of cards that are used away from the temperature they were measured at."""

from collections.abc import Mapping

from pyscl.materials.model import Carrier, Material
from pyscl.materials.provenance import Provenance
from pyscl.units import parse

ROOM = 298.15
"""Temperature [K] that is taken for a transport value of a card without one."""

NEAR = 5.0
"""Difference of temperatures [K] that is passed over; sigma changes by some 20 % there."""


def constant_transport(materials: Mapping[str, Material], temperature: float) -> list[str]:
    """Return a sentence for every transport value of a card that is kept at another temperature.

    That is a conductivity or diffusivity with a source or assumption of its own and without an
    activation energy. Values that the user gave hold at every temperature, as said there.

    Args:
        materials: by region.
        temperature: of the model [K].
    """
    lines = []
    for region, material in materials.items():
        record = {p.property: p for p in material.provenance}
        for carrier in material.carriers:
            entry = _transport(carrier, record)
            if entry is None or carrier.activation_energy is not None:
                continue
            known = entry.temperature is not None
            at = parse(entry.temperature, "K") if entry.temperature is not None else ROOM
            if abs(temperature - at) > NEAR:
                key = entry.property.rpartition(".")[2]
                said = f"{at:g} K" if known else "a temperature that its source does not say"
                lines.append(
                    f"region '{region}': the {key} of {carrier.name} in {material.name} is "
                    f"{entry.value} at {said} and has no activation energy, so it is the same at "
                    f"{temperature:g} K; give carriers.{carrier.name}.{key} for that temperature, "
                    "or both with an activation_energy"
                )
    return lines


def _transport(carrier: Carrier, record: Mapping[str, Provenance]) -> Provenance | None:
    """Return where the transport value of a carrier comes from, None if the user gave it."""
    for key in ("conductivity", "diffusivity"):
        entry = record.get(f"carriers.{carrier.name}.{key}")
        if getattr(carrier, key) is not None and entry is not None and entry.source != "user":
            return entry
    return None
