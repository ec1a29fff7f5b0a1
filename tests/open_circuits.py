"""Mixed conductors with the open-circuit voltage U = 4 - x that several tests share."""

import numpy as np

from pyscl import Carrier, Material, OpenCircuit, _core
from pyscl.carriers import core_statistics

KT = 1.380649e-23 * 298.15 / 1.602176634e-19  # eV
ACTIVE = ["LiCoO2-mixed", "NMC811-mixed", "NMC622-mixed", "LNMO-mixed", "graphite"]
MILLIVOLT = 1e-3


def line(**changes):
    """U = 4 - x between 0.1 and 0.9."""
    values = {"formula": "4 - x", "range": (0.1, 0.9), "reference": 3.5}
    return OpenCircuit(**(values | changes))


def table(x, voltage, **more):
    return OpenCircuit(site_fraction=tuple(x), voltage=tuple(voltage), **more)


def carriers(law=None, *, other=None, x=0.5, **electrons):
    """Lithium and electrons of a mixed conductor with U = 4 - x."""
    law = law or line()
    common = {"site_density": 3e28, "site_fraction": x}
    lithium = Carrier(name="Li", charge=1, statistics=law, diffusivity=1e-14, **common)
    values = common | {"charge": -1, "standard_potential": -law.reference} | electrons
    return lithium, Carrier(
        name="e",
        statistics=other or law,
        mobility="constant-conductivity",
        conductivity=10.0,
        **values,
    )


def mixed(*args, **keywords):
    return Material(name="mixed", relative_permittivity=10.0, carriers=carriers(*args, **keywords))


def site_fraction(law, eta, temperature=298.15):
    """y(eta) of the core."""
    return _core.occupancy(core_statistics(law, temperature), np.asarray(eta, dtype=float))[0]


def eta_of(law, x, temperature=298.15):
    """eta(x) from its definition."""
    return -law.share * (law.voltage_at(x) - law.reference) * 298.15 / (KT * temperature)
