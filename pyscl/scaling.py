"""The one set of units in which the core computes, and the conversions to SI."""

from dataclasses import dataclass

from scipy.constants import Boltzmann as _boltzmann
from scipy.constants import elementary_charge, epsilon_0

NANOMETRE = 1e-9


@dataclass(frozen=True)
class Scaling:
    """Reference values of the scaled quantities; one set serves the whole mesh.

    Potentials are scaled with kT/e and energies with kT, so 1 eV and 1 V share one factor.
    Integrals over the mesh are per metre of depth (planar) or of the whole body (axisymmetric).

    Attributes:
        temperature: T [K].
        density: c0, the largest site density [1/m3].
        diffusivity: D0, the largest diffusivity [m2/s].
        axisymmetric: whether integrals are over the full turn.
        length: L0 [m].
    """

    temperature: float
    density: float
    diffusivity: float
    axisymmetric: bool = False
    length: float = NANOMETRE

    @property
    def potential(self) -> float:
        """Thermal voltage kT/e [V]; also kT in eV."""
        return _boltzmann * self.temperature / elementary_charge

    @property
    def permittivity(self) -> float:
        """Scaled permittivity of vacuum: eps0 (kT/e) / (e c0 L0^2), a squared length over L0^2."""
        return epsilon_0 * self.potential / (elementary_charge * self.density * self.length**2)

    @property
    def charge_density(self) -> float:
        """Charge density e c0 [C/m3]."""
        return elementary_charge * self.density

    @property
    def surface_charge(self) -> float:
        """Surface charge e c0 L0 [C/m2]."""
        return self.charge_density * self.length

    @property
    def field(self) -> float:
        """Electric field kT / (e L0) [V/m]; times `surface_charge` it is kT c0."""
        return self.potential / self.length

    @property
    def volume(self) -> float:
        """Area of the plane times unit depth [m3/m], or volume of the body [m3]."""
        return self.length**3 if self.axisymmetric else self.length**2

    @property
    def charge(self) -> float:
        """Charge per depth [C/m], or of the body [C]."""
        return self.charge_density * self.volume

    @property
    def time(self) -> float:
        """Time L0^2 / D0 [s]."""
        return self.length**2 / self.diffusivity

    @property
    def flux(self) -> float:
        """Particle flux density c0 D0 / L0 [1/(m2 s)]."""
        return self.density * self.diffusivity / self.length

    @property
    def current(self) -> float:
        """Current per depth [A/m], or through the body [A]."""
        return elementary_charge * self.flux * self.volume / self.length
