"""Poling: voltages that come, align the polarization and go; and fixed polarization as a path."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pyscl.errors import ConvergenceError, InputError
from pyscl.materials import Flexoelectric, Hysteresis, Landau, Material, Piezoelectric, Remanent
from pyscl.polarization import triangle_volume
from pyscl.study.polarization_loop import rest
from pyscl.study.steady import check_steady

if TYPE_CHECKING:
    from pyscl.model import Model
    from pyscl.polar_states import PolarStart
    from pyscl.solution import Solution
    from pyscl.study.newton import SolverOptions

FloatArray = NDArray[np.float64]

_FIRST_STEP, _GROWTH, _SHRINK, _SMALLEST = 0.25, 1.6, 1.0 / 3.0, 1e-3  # of the amplitude


@dataclass(frozen=True, eq=False)
class Poling:
    """What poling left behind.

    Attributes:
        solution: the state after it, without the voltages.
        poled: the state under the full voltages.
        before: the state before.
        steps: steps of the polarization in pseudo-time.
        iterations: of Newton's method.
    """

    solution: "Solution"
    poled: "Solution"
    before: "Solution"
    steps: int
    iterations: int

    def polarization(self, region: str) -> dict[str, FloatArray]:
        """Return the mean polarization of a region before, under and after the voltages [C/m2]."""
        states = {"before": self.before, "poled": self.poled, "remanent": self.solution}
        return {name: mean_polarization(state, region) for name, state in states.items()}

    def to_dict(self) -> dict[str, Any]:
        """Return plain numbers with units in the keys."""
        regions = {}
        for region in polar_regions(self.solution.model):
            means = self.polarization(region)
            under = float(np.hypot(*means["poled"]))
            kept = float(means["remanent"] @ means["poled"]) / under**2 if under else None
            regions[region] = {
                **{f"{name} polarization [C/m^2]": p.tolist() for name, p in means.items()},
                "share that remains": kept,
            }
        return {
            "voltages [V]": self.poled.bias,
            "steps of the polarization": self.steps,
            "Newton iterations": self.iterations,
            "regions": regions,
        }


def can_be_poled(model: "Model") -> bool:
    """Whether a region has a polarization with a memory."""
    return any(isinstance(m.polarization, Landau | Hysteresis) for m in model.materials.values())


def polar_regions(model: "Model") -> list[str]:
    """Return the names of the regions with a polarization of their own."""
    return [
        name
        for name in model.mesh.region_names
        if model.materials[name].polarization is not None or name in model.fixed_polarization
    ]


def mean_polarization(state: "Solution", region: str) -> FloatArray:
    """Return the mean of D - eps0 E in a region [C/m2], (2,)."""
    mesh = state.model.mesh
    inside = mesh.region == mesh.region_names.index(region)
    weight = triangle_volume(state.model)[inside]
    return np.asarray(weight @ state["polarization"].values[inside] / weight.sum())


def pole(
    model: "Model",
    voltages: Mapping[str, float],
    *,
    steps: int = 10,
    start: "Solution | None" = None,
    polarization: "Mapping[str, PolarStart] | PolarStart | None" = None,
    options: "SolverOptions | None" = None,
) -> Poling:
    """Raise voltages infinitely slowly, and take them away again; see `Model.poled`."""
    if not can_be_poled(model):
        raise InputError(
            "no region can be poled; give the material of one a polarization with a memory, Landau "
            "or Hysteresis"
        )
    if not any(voltages.values()):
        raise InputError("poling needs a voltage other than 0, such as {'top': '5 V'}")
    if steps < 1:
        raise InputError(f"poling needs one step or more, not {steps}")
    check_steady(model, voltages)
    state = before = rest(model, start, polarization, options)
    counts = [state.history.polarization_steps], [len(state.history.iterations)]
    first, poled = dict(before.bias), before
    for share in (*np.linspace(0.0, 1.0, steps + 1)[1:], *np.linspace(1.0, 0.0, steps + 1)[1:]):
        bias = {
            name: first.get(name, 0.0) + float(share) * voltages.get(name, 0.0)
            for name in {*first, *voltages}
        }
        state = model.steady(bias, state, options=options)
        counts[0].append(state.history.polarization_steps)
        counts[1].append(len(state.history.iterations))
        poled = state if share == 1.0 else poled
    return Poling(state, poled, before, sum(counts[0]), sum(counts[1]))


def with_polarization_amplitude(model: "Model", share: float) -> "Model":
    """Return a copy whose fixed polarizations are a share of what they are.

    These are remanent polarization, stress or strain, strain gradient and `fixed_polarization`. The
    polarization of other laws is theirs.
    """
    if not np.isfinite(share):
        raise InputError(f"the share of the polarization must be a number, not {share}")
    return model.with_(
        materials={name: _scaled(material, share) for name, material in model.materials.items()},
        fixed_polarization={name: share * p for name, p in model.fixed_polarization.items()},
    )


def switched_on(
    model: "Model",
    *,
    start: "Solution | None" = None,
    polarization: "Mapping[str, PolarStart] | PolarStart | None" = None,
    options: "SolverOptions | None" = None,
) -> "Solution":
    """Return the equilibrium with fixed polarizations that are switched on little by little.

    For polarizations that are so strong that `Model.equilibrium` does not find its way. The full
    amplitude is tried first, then smaller ones, in steps that shrink on failure and grow on
    success, each from the state before.

    Args:
        model: the model, with Remanent, Piezoelectric or Flexoelectric regions or a
            `fixed_polarization`.
        start: state to start from; default: that without the polarizations.
        polarization: of ferroelectric regions at that default start, as in `Model.equilibrium`.
        options: tolerances and iteration limits.

    Raises:
        InputError: nothing to switch on, or no unique equilibrium.
        ConvergenceError: the full amplitude was not reached; names the share that was, whose
            state is `error.last_good`.
    """
    if not model.discretized.fixed_polarization.any():
        raise InputError(
            "there is no fixed polarization to switch on; give a region the law Remanent, "
            "Piezoelectric or Flexoelectric, or a fixed_polarization"
        )
    state = start
    if state is None:
        without = with_polarization_amplitude(model, 0.0)
        state = without.equilibrium(polarization=polarization, options=options)
    reached, step = 0.0, 1.0
    while reached < 1.0:
        target = min(1.0, reached + step)
        present = model if target == 1.0 else with_polarization_amplitude(model, target)
        try:
            state = present.equilibrium(state, options=options)
        except ConvergenceError as error:
            step = _FIRST_STEP if step >= 1.0 else step * _SHRINK
            if step < _SMALLEST:
                raise ConvergenceError(
                    f"the fixed polarization could be raised to {100.0 * reached:.3g} % of its "
                    f"amplitude, not to {100.0 * target:.3g} %: {error}. The last good state is "
                    "kept (error.last_good); the warnings of pyscl.validity tell whether the "
                    "surroundings can screen it at all",
                    history=error.history,
                    last_good=state,
                ) from error
            continue
        reached = target
        step *= _GROWTH
    return state


def _scaled(material: Material, share: float) -> Material:
    match material.polarization:
        case Remanent() as law:
            if share < 0.0:
                raise InputError("the amplitude of a remanent polarization cannot be negative")
            changed: dict[str, float] = {"polarization": share * law.polarization}
        case Piezoelectric() as law:
            name = "stress" if law.stress is not None else "strain"
            changed = {name: share * getattr(law, name)}
        case Flexoelectric() as law:
            changed = {"strain_gradient": share * law.strain_gradient}
        case _:
            return material
    return material.model_copy(update={"polarization": law.model_copy(update=changed)})
