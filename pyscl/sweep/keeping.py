"""Which folders of cases are kept."""

from collections.abc import Sequence
from typing import Any

from pyscl.errors import InputError
from pyscl.sweep.axes import Axis
from pyscl.sweep.cases import Case
from pyscl.sweep.definition import Study
from pyscl.units import parse


def is_kept(study: Study, case: Case, status: str, axes: Sequence[Axis]) -> bool:
    """Whether the folder of a case is kept."""
    keep = study.input.keep
    if keep in ("all", "none"):
        return keep == "all"
    if status != "done":
        return True
    if keep == "failed":
        return False
    return any(_is_meant(case, wanted, axes) for wanted in keep if isinstance(wanted, dict))


def check_keep(study: Study, axes: Sequence[Axis], cases: Sequence[Case]) -> None:
    """Refuse what is to be kept of no case.

    Raises:
        InputError: with the place in the study file.
    """
    mistakes = []
    for i, wanted in enumerate(study.input.keep):
        if not isinstance(wanted, dict):
            continue  # one of the words
        try:
            if not any(_is_meant(case, wanted, axes) for case in cases):
                shown = ", ".join(f"{name} = {value}" for name, value in wanted.items())
                mistakes.append(study.error(("keep", i), f"there is no case with {shown}"))
        except InputError as error:
            mistakes.append(study.error(("keep", i), str(error)))
    if mistakes:
        raise InputError("\n".join(mistakes))


def _is_meant(case: Case, wanted: dict[str, Any], axes: Sequence[Axis]) -> bool:
    units = {axis.name: axis.unit for axis in axes}
    places = [case.coordinates, *(place for _, place in case.also)]
    return any(
        all(_same(place[name], value, units[name]) for name, value in wanted.items())
        for place in places
    )


def _same(coordinate: Any, wanted: Any, unit: str | None) -> bool:
    """Whether a coordinate is the one that is wanted, up to rounding."""
    if isinstance(wanted, str) and unit is not None:
        wanted = parse(wanted, unit or "1")
    if isinstance(coordinate, str) or not isinstance(wanted, (int, float)):
        return bool(str(coordinate) == str(wanted))
    return bool(abs(coordinate - wanted) <= 1e-9 * max(abs(coordinate), abs(wanted)))
