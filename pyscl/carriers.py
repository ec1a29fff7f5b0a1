"""A material's carrier as the core sees it: scaled law, bulk potential, transport prefactor."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.constants import elementary_charge
from scipy.optimize import brentq

from pyscl import _core, materials
from pyscl.materials.laws import Law
from pyscl.scaling import Scaling

CoreStatistics = (
    _core.Boltzmann | _core.LatticeGas | _core.Blakemore | _core.FermiDiracHalf | _core.NonIdeal
)

_MOBILITY = {
    "vacancy": _core.Mobility.vacancy,
    "dilute": _core.Mobility.dilute,
    "constant-conductivity": _core.Mobility.constant_conductivity,
}


def core_statistics(law: Law, temperature: float) -> CoreStatistics:
    """Return the compiled form of a carrier statistics at a temperature [K]."""
    match law:
        case materials.Boltzmann():
            return _core.Boltzmann()
        case materials.LatticeGas():
            return _core.LatticeGas()
        case materials.Blakemore(gamma=gamma):
            return _core.Blakemore(gamma)
        case materials.FermiDiracHalf():
            return _core.FermiDiracHalf()
        case materials.NonIdeal():
            # The core wants the table inside (0, 1); g is constant beyond its ends anyway.
            y = np.clip(law.site_fraction, 1e-15, 1.0 - 1e-15)
            return _core.NonIdeal(list(y), list(law.excess), list(law.slopes()))
        case materials.OpenCircuit():
            return _core.NonIdeal(*(column.tolist() for column in law.excess_table(temperature)))


def bulk_eta(carrier: materials.Carrier, temperature: float) -> float:
    """Return the reduced chemical potential (mu - z e phi - mu0)/kT of the neutral bulk."""
    statistics = core_statistics(carrier.statistics, temperature)
    target = np.log(carrier.site_fraction)

    def defect(eta: float) -> float:
        y, _, _ = _core.occupancy(statistics, np.array([eta]))
        return float(np.log(y[0]) - target) if y[0] > 0.0 else -np.inf

    guess = target
    if carrier.site_fraction < 1.0:
        guess -= np.log1p(-carrier.site_fraction)
    low, high = guess - 1.0, guess + 1.0
    while defect(low) > 0.0:
        low -= 2.0 * (high - low)
    while defect(high) < 0.0:
        high += 2.0 * (high - low)
    return float(brentq(defect, low, high, xtol=1e-13, rtol=1e-15))


def bulk_potential(carrier: materials.Carrier, temperature: float) -> float:
    """Return the chemical potential of the neutral bulk [eV] at zero electric potential."""
    kt = Scaling(temperature, 1.0, 1.0).potential
    return carrier.standard_potential + kt * bulk_eta(carrier, temperature)


def transport_coefficient(carrier: materials.Carrier, temperature: float) -> float:
    """Return the prefactor D of the flux -site_density D m(y) grad(mu/kT) [m2/s].

    m(y) is y(1-y), y or 1 for the mobilities "vacancy", "dilute" and "constant-conductivity". The
    conductivity of the neutral bulk is z^2 e^2 site_density D m(y0) / kT. A given diffusivity is D
    itself for the first two (see `Carrier`), for the constant conductivity the chemical
    diffusivity of the neutral bulk, D m(y0) = diffusivity * dy/deta. With open-circuit statistics
    it is the chemical diffusivity of lithium with fast electrons, D m(y0) = diffusivity * share *
    dy/deta = diffusivity * kT / (-e dU/dx).

    With an activation energy Ea the given value holds at the reference temperature T0, and
    elsewhere sigma T = sigma0 T0 exp(-Ea/k (1/T - 1/T0)) or D = D0 exp(-Ea/k (1/T - 1/T0)). The
    two agree where the site fraction does not depend on T, sigma T being ~ D.

    Returns 0 for a carrier without conductivity and diffusivity.
    """
    activation = _activation(carrier, temperature)
    if carrier.conductivity is not None:
        given = carrier.conductivity * activation
        if carrier.activation_energy is not None:
            given *= carrier.reference_temperature / temperature
        return given / (_conductivity_unit(carrier, temperature) * _mobility_factor(carrier))
    if carrier.diffusivity is None:
        return 0.0
    given = carrier.diffusivity * activation
    law = carrier.statistics
    if isinstance(law, materials.OpenCircuit):
        mobile = _mobility_factor(carrier)
        return given * law.share * bulk_slope(carrier, temperature) / mobile
    if carrier.mobility == "constant-conductivity":
        return given * bulk_slope(carrier, temperature)
    return given


def bulk_conductivity(carrier: materials.Carrier, temperature: float) -> float:
    """Return the conductivity of the neutral bulk [S/m]."""
    y = carrier.site_fraction
    return float(conductivity(carrier, temperature, y, 1.0 - y))


def conductivity(
    carrier: materials.Carrier, temperature: float, occupied: ArrayLike, vacant: ArrayLike
) -> NDArray[np.float64]:
    """Return the conductivity z^2 e^2 site_density D m(y) / kT [S/m].

    Args:
        carrier: the carrier.
        temperature: [K].
        occupied: site fraction y, any shape.
        vacant: share 1 - y of empty sites, the same shape; only the mobility "vacancy" uses it.
    """
    prefactor = transport_coefficient(carrier, temperature) * _conductivity_unit(
        carrier, temperature
    )
    return np.asarray(prefactor * _mobile_share(carrier.mobility, occupied, vacant))


def bulk_slope(carrier: materials.Carrier, temperature: float) -> float:
    """Return dy/deta of the neutral bulk [1]; y (1-y) for the lattice gas."""
    statistics = core_statistics(carrier.statistics, temperature)
    _, _, slope = _core.occupancy(statistics, np.array([bulk_eta(carrier, temperature)]))
    return float(slope[0])


def _mobility_factor(carrier: materials.Carrier) -> float:
    """Return m(y) of the neutral bulk."""
    y = carrier.site_fraction
    return float(_mobile_share(carrier.mobility, y, 1.0 - y))


def _mobile_share(mobility: str, occupied: ArrayLike, vacant: ArrayLike) -> NDArray[np.float64]:
    """Return m(y), to which mobility and conductivity are proportional."""
    y = np.asarray(occupied, dtype=float)
    if mobility == "constant-conductivity":
        return np.ones_like(y)
    return y * np.asarray(vacant, dtype=float) if mobility == "vacancy" else y


def _conductivity_unit(carrier: materials.Carrier, temperature: float) -> float:
    """Return z^2 e^2 site_density / kT, conductivity over D m(y) [S s/m3]."""
    kt = Scaling(temperature, 1.0, 1.0).potential * elementary_charge
    return (carrier.charge * elementary_charge) ** 2 * carrier.site_density / kt


def _activation(carrier: materials.Carrier, temperature: float) -> float:
    """Return exp(-Ea/k (1/T - 1/T0)), 1 without an activation energy."""
    if carrier.activation_energy is None:
        return 1.0
    here, reference = (
        Scaling(t, 1.0, 1.0).potential for t in (temperature, carrier.reference_temperature)
    )
    return float(np.exp(carrier.activation_energy * (1.0 / reference - 1.0 / here)))


def core_law(carrier: materials.Carrier, number: int, scaling: Scaling) -> _core.CarrierLaw:
    """Return the scaled law of a carrier for the core; `number` is its species."""
    return _core.CarrierLaw(
        carrier=number,
        charge=float(carrier.charge),
        site_density=carrier.site_density / scaling.density,
        standard_potential=carrier.standard_potential / scaling.potential,
        diffusivity=transport_coefficient(carrier, scaling.temperature) / scaling.diffusivity,
        mobility=_MOBILITY[carrier.mobility],
        statistics=core_statistics(carrier.statistics, scaling.temperature),
    )


def core_laws(
    model_carriers: Sequence[str], material: materials.Material, scaling: Scaling
) -> list[_core.CarrierLaw]:
    """Return the scaled laws of a material's carriers, numbered by their place in the model."""
    ordered = sorted(material.carriers, key=lambda c: model_carriers.index(c.name))
    return [core_law(c, model_carriers.index(c.name), scaling) for c in ordered]
