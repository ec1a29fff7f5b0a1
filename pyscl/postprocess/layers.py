"""What a space charge layer is by name: drop, widths, excess, fields, capacitance, depletion.

They are attributes of `SideResult`: of the sides of `Solution.interface` and `Solution.contact`.
"""

from functools import cached_property

import numpy as np
from scipy.constants import Avogadro, elementary_charge

from pyscl.errors import InputError, unknown_name
from pyscl.fields import site_density
from pyscl.polarization import core_polarization
from pyscl.postprocess.along import Along
from pyscl.postprocess.layer_side import LayerSide
from pyscl.postprocess.planar import local_debye_length
from pyscl.postprocess.zones import zone

_MEASURED = 0.5  # share of a place on which a width must exist
_ALONE = 0.1  # relative deviation from the charge of a single plane layer
_NO_LAYER = "there is no layer: the potential is that of the bulk"
_COMPLETE = 0.02  # relative deviation of the charge of the excess from that of the layer


class LayerQuantities:
    """The named quantities of a space charge layer, computed when they are asked for.

    The *bulk* of a place on the interface is the neutral material with the same electrochemical
    potentials: where the state is an equilibrium, the material far from all layers. It follows the
    composition where a region is charged as a whole, and the ohmic drop where a current flows.

    Where layers overlap, each point belongs to the nearest place. Widths that are not reached
    before the layer of another place begins, or behind which the potential changes sign, do not
    exist; what is missing is in `Along.share`. What exists has a note where the charge is not that
    of a plane layer by itself, see `overlap`.
    """

    region: str
    charge: float
    _side: LayerSide

    @cached_property
    def overlap(self) -> str:
        """A sentence if this is not a layer by itself, else "".

        Its charge is 10 % off that of a plane layer by itself, sqrt(2 eps W): layers that overlap
        have another charge, those around a body that is not large against them, and the tail of the
        layer of another place has nearly none. Or its potential does not fall to 1/e on most of the
        place. Where the permittivity depends on the field, the charge says nothing.
        """
        ratio = self._side.over_planar
        if ratio is not None and abs(ratio - 1.0) > _ALONE:
            return (
                "layers overlap, belong to another place or are curved: the charge is "
                f"{ratio:.3g} times that of a plane layer by itself"
            )
        if self._side.unfinished > _MEASURED:
            return (
                "layers overlap: the potential does not fall to 1/e in the part of the region that "
                "is nearest to the place"
            )
        return ""

    @property
    def potential_drop(self) -> Along:
        """phi_bulk - phi_interface [V]: from the interface into the bulk of this side.

        Positive where the potential rises into the region: positive carriers gather on the
        interface.
        """
        return self._side.mean(-self._side.bending, self._no_bulk)

    @property
    def debye_length(self) -> float | None:
        """Debye length of the bulk [m], sqrt(eps kT/(e^2 sum z^2 dn/deta)); None without carriers.

        Also None where no potential makes the bulk neutral. Of the bulk of this place, which
        follows the composition; that of the material as given is in
        `pyscl.validity.ScreeningLengths`. Of a field-dependent permittivity, that at zero field.
        """
        side = self._side
        if not side.material.carriers:
            return None
        bulk = side.bulk.ravel()
        lengths = local_debye_length(side.solution, self.region, side.ends.ravel(), bulk)
        return side.mean(lengths.reshape(side.ends.shape), self._no_bulk).mean

    @property
    def decay_width(self) -> Along:
        """Distance [m] at which |phi - phi_bulk| is 1/e of that on the interface, along normals.

        The Debye length for a weak planar layer, less for a strong one that accumulates, more for
        a depleted one.
        """
        return self._depth(0)

    @property
    def one_percent_width(self) -> Along:
        """Distance [m] at which |phi - phi_bulk| is 1 % of that on the interface, along normals.

        ln(100) = 4.6 Debye lengths for a weak planar layer. Of a potential that changes sign soon
        behind, as between two opposite layers, there is no such width.
        """
        return self._depth(1)

    @property
    def depletion_width(self) -> Along:
        """|Q| / (e sum |z| n_bulk) [m]: the layer without mobile carriers that holds the charge Q.

        Over the part of the interface on which the carriers are depleted, by the local charge of
        Gauss's law. Only where all carriers of the region have charges of one sign, and where the
        region is as thick.
        """
        side = self._side
        carriers = side.material.carriers
        if len({np.sign(c.charge) for c in carriers}) != 1:
            what = "carriers of both signs" if carriers else "no carriers"
            return Along(None, None, 0.0, f"'{self.region}' has {what}")
        model = side.solution.model
        density = site_density(model)[:, side.ends]
        bulk = side.solution.neutral_bulk.site_fraction[:, side.ends]
        present = [model.carriers.index(c.name) for c in carriers]
        valence = np.abs(side.solution.charge_number[present])[:, None, None]
        available = elementary_charge * (valence * density[present] * bulk[present]).sum(axis=0)
        if not side.bent.any():
            return Along(None, None, 0.0, _NO_LAYER)
        sign = np.sign(carriers[0].charge)
        there = (side.displacement * sign > 0.0) & side.bent
        width = np.where(there, np.abs(side.displacement), np.nan) / available
        reason = "the carriers are nowhere depleted"
        if self.overlap and side.is_thinner_than(float(np.max(width, where=there, initial=0.0))):
            reason = f"wider than '{self.region}' is thick: layers overlap"
            width = np.where(width <= side.thickness, width, np.nan)
        return side.mean(width, reason).noted(self.overlap)

    @cached_property
    def excess(self) -> dict[str, float]:
        """Carrier -> surface excess [mol/m2]: integral of c - c_bulk over the layer, per area.

        Negative where carriers are missing. The sum of z F excess is the charge of a layer that
        ends within its own part of the region; `excess_note` tells where it is not.
        """
        side = self._side
        solution, here = side.solution, zone(side.solution.model, side.place, self.region)
        density, bulk = site_density(solution.model), solution.neutral_bulk.site_fraction
        volume = here.weight * solution.site_volume[here.sites] / float(side.measure.sum())
        found = {}
        for carrier in side.material.carriers:
            number = solution.model.carriers.index(carrier.name)
            change = solution.site_fraction(carrier.name)[here.sites] - bulk[number, here.sites]
            found[carrier.name] = float(
                (density[number, here.sites] * change * volume).sum() / Avogadro
            )
        return found

    @property
    def excess_note(self) -> str:
        """A sentence if the charge of the excess is not that of the layer, to 2 %; else ""."""
        if not self.excess or not self._side.bent.any() or self.charge == 0.0:
            return ""
        charges = {c.name: c.charge for c in self._side.material.carriers}
        molar = Avogadro * elementary_charge
        charge = molar * sum(charges[name] * found for name, found in self.excess.items())
        ratio = charge / self.charge
        if abs(ratio - 1.0) <= _COMPLETE:
            return ""
        times = f"{ratio:.3g} times" if 0.01 < abs(ratio) < 100.0 else "not"
        return (
            f"its charge is {times} that of the layer: a part is nearer to other places, or layers "
            "overlap"
        )

    @property
    def mean_field(self) -> float:
        """Mean normal field on the interface [V/m], positive into the region.

        (D - P)/(eps0 eps_r) with the displacement D of Gauss's law: -charge/eps where the
        permittivity is constant.
        """
        return float(np.average(self._side.normal_field, weights=self._side.measure))

    @property
    def peak_field(self) -> float:
        """Largest |E| on the interface on this side [V/m], normal and tangential part.

        At edges and lines where three regions meet it may grow without limit on finer meshes.
        """
        return float(np.hypot(self._side.normal_field, self._side.tangential_field).max())

    @cached_property
    def planar_capacitance(self) -> Along:
        """Differential capacitance |dQ/d(potential drop)| of a planar layer with this drop [F/m2].

        |rho| sqrt(eps/(2 W)), W = -int rho dphi from bulk to interface: exact for a plane, single
        layer at rest, whatever the carriers. Curvature and overlap are not in it; the charge that a
        contact takes up in all is `Solution.static_response`.
        """
        side = self._side
        if core_polarization(side.material, side.solution.model.discretized.scaling) is not None:
            reason = f"the permittivity of '{self.region}' depends on the field"
            return Along(None, None, 0.0, reason)
        if side.planar is None:
            return Along(None, None, 0.0, self._no_bulk)
        return side.mean(side.planar.capacitance, self._no_bulk).noted(self.overlap)

    def depleted_share(self, carrier: str, below: float = 0.5) -> float:
        """Return the share of the interface on which a carrier is below a part of its bulk.

        Args:
            carrier: a carrier of the region.
            below: the part: site fraction over that of the bulk, above 0.

        Raises:
            InputError: no such carrier in the region, or a part that is not positive.
        """
        side = self._side
        names = [c.name for c in side.material.carriers]
        if carrier not in names:
            raise unknown_name("carrier", carrier, names, f"in region '{self.region}'")
        if not below > 0.0:
            raise InputError(f"below = {below} is no part of the bulk; give a number above 0")
        number = side.solution.model.carriers.index(carrier)
        bulk = side.solution.neutral_bulk.site_fraction[number, side.ends]
        ratio = side.solution.site_fraction(carrier)[side.ends] / bulk
        low, high = np.sort(ratio, axis=1).T
        with np.errstate(divide="ignore", invalid="ignore"):
            part = np.where(high > low, (below - low) / (high - low), low < below)
        return float(np.average(np.clip(part, 0.0, 1.0), weights=side.measure.sum(axis=1)))

    def _depth(self, number: int) -> Along:
        side = self._side
        if not side.material.carriers:
            return Along(None, None, 0.0, self._no_bulk)
        if not side.bent.any():
            return Along(None, None, 0.0, _NO_LAYER)
        reason = (
            "on most of the place another layer or the end of the region comes first, or the "
            "potential changes sign: layers overlap"
        )
        return side.mean(side.depths[number], reason, _MEASURED).noted(self.overlap)

    @property
    def _no_bulk(self) -> str:
        if not self._side.material.carriers:
            return f"'{self.region}' has no carriers"
        return f"no potential makes the bulk of '{self.region}' neutral"
