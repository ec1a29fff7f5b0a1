"""What the tests of pairs of materials share."""

from pyscl.carriers import bulk_potential

OWN = """\
name: LiCoO2|LGPS
description: mine
step: {value: -0.2 eV, range: [-0.3 eV, 0 eV], assumption: guess}
observed:
  width: {value: 3 nm, assumption: guess}
"""


def level(materials, region, carrier="Li"):
    return materials[region].carrier(carrier).standard_potential


def bulk(materials, region, carrier="Li"):
    """Chemical potential of the neutral bulk at 25 degC [eV]."""
    return bulk_potential(materials[region].carrier(carrier), 298.15)


def run(**changes):
    layers = [{"region": r, "thickness": "5 nm"} for r in ("a", "b")]
    data = {
        "mesh": {"geometry": {"kind": "stack", "height": "1 nm", "layers": layers}},
        "regions": {"a": "LiCoO2", "b": "Li6PS5Cl"},
        "pairs": ["LiCoO2|Li6PS5Cl"],
        "contacts": {"left": {"kind": "reservoir", "carrier": "Li", "potential": "neutral"}},
    }
    return data | changes
