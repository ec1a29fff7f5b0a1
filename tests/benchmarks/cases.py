"""The problem "CHARGE" and its variants, in numbers that every driver reads.

Dimensionless: lengths in Debye lengths lambda = sqrt(eps kT / 2 e^2 c0), potentials in kT/e,
concentrations in c0, time in lambda^2/D. On the square [0, SIDE]^2 with
electrodes at x = 0 and x = SIDE

    dc_k/dt = div(grad(c_k)/(1 - gamma c_k) + z_k c_k grad(phi))       no flux through the sides
    -div(eps grad phi) = (sum z_k c_k + fixed) / 2                     phi given at both electrodes

from c_k = 1 and phi = 0 in the bulk; the electrodes jump at t = 0. gamma = 0 is the dilute
solution; gamma > 0 gives every ion sites of its own, 1/gamma per ion of the bulk, with the mobility
of independent ions (Bikerman's model shares the sites between the ions; in a layer with one kind of
ion both are the same). Inclusions are circles of other permittivity that no ion enters.

Only the standard library: the drivers of the neighbours run in other Pythons.
"""

from dataclasses import dataclass

SIDE = 50.0
STEPS = (2.5, 5.0, 10.0, 20.0, 40.0)
"""Backward-Euler steps; the end is at 77.5."""

TO_REST = tuple(120.0 * 3.0**k for k in range(10))
"""Steps after `STEPS`, up to 2e6, that bring a code without an equilibrium of its own to rest."""

TOLERANCE = 1e-8
"""Of Newton's method: largest update, of c_k relative to its largest value."""

INCLUSION_PERMITTIVITY = 100.0
VOLT = 38.9217
"""1 V in kT/e at 298.15 K."""


@dataclass(frozen=True)
class Case:
    """One variant.

    Attributes:
        title: for the table.
        charges: charge number of every ion.
        voltage: between the electrodes [kT/e]; the left one has -voltage/2.
        gamma: inverse number of sites per ion of the bulk.
        fixed: charge that does not move [e c0].
        inclusions: whether the mesh has the circles.
    """

    title: str
    charges: tuple[int, ...] = (1, -1)
    voltage: float = 20.0
    gamma: float = 0.0
    fixed: float = 0.0
    inclusions: bool = False


CASES = {
    "plain": Case("two ions, dilute, 20 kT/e"),
    "incl": Case("with 30 inclusions, eps = 100", inclusions=True),
    "steric": Case("limited sites, gamma = 0.02", gamma=0.02),
    "background": Case(
        "one ion and a fixed background, 1 V", charges=(1,), voltage=VOLT, fixed=-1.0
    ),
}

TASKS = {
    "steps": "5 backward-Euler steps to t = 77.5",
    "rest": "final state at rest, ions conserved",
    "adaptive": "to t = 77.5 with error control (BDF2)",
}
