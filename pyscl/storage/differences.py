"""What differs between two models or inputs, in words."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from pyscl.mesh import Mesh
from pyscl.model import Model
from pyscl.storage.models import physics

_MOST = 5  # differences that are named


def model_differences(theirs: Model, ours: Model) -> list[str]:
    """Return what differs between the model of a file and the one at hand, one text per place."""
    found = _mesh_differences(theirs.mesh, ours.mesh)
    found += data_differences(physics(theirs), physics(ours))
    for noun, name in (
        ("fixed charge of", "background"),
        ("contact share of", "contact_share"),
        ("fixed polarization of", "fixed_polarization"),
    ):
        fields, others = getattr(ours, name), getattr(theirs, name)
        for place in sorted({*fields, *others}):
            mine, other = fields.get(place), others.get(place)
            if mine is None or other is None or not np.array_equal(mine, other):
                found.append(f"the field of the {noun} '{place}'")
    return found


def data_differences(theirs: Any, ours: Any, place: str = "") -> list[str]:
    """Return the places where nested data differ: "place: theirs in the file, ours here"."""
    theirs, ours = _by_name(theirs), _by_name(ours)
    if isinstance(theirs, Mapping) and isinstance(ours, Mapping):
        found = []
        for key in dict.fromkeys([*theirs, *ours]):
            inner = f"{place}.{key}" if place else str(key)
            if key not in ours:
                found.append(f"{inner}: only in the file")
            elif key not in theirs:
                found.append(f"{inner}: not in the file")
            else:
                found += data_differences(theirs[key], ours[key], inner)
        return found
    if _is_list(theirs) and _is_list(ours) and len(theirs) == len(ours):
        return [
            text
            for k, pair in enumerate(zip(theirs, ours, strict=True))
            for text in data_differences(*pair, f"{place}.{k}" if place else str(k))
        ]
    if theirs == ours:
        return []
    return [f"{place}: {_short(theirs)} in the file, {_short(ours)} here"]


def listing(differences: list[str]) -> str:
    """Return the first differences as indented lines."""
    lines = [f"\n  {text}" for text in differences[:_MOST]]
    if len(differences) > _MOST:
        lines.append(f"\n  and {len(differences) - _MOST} more")
    return "".join(lines)


def _mesh_differences(theirs: Mesh, ours: Mesh) -> list[str]:
    found = []
    for noun, mine, other in (
        ("nodes", ours.n_points, theirs.n_points),
        ("triangles", ours.n_triangles, theirs.n_triangles),
        ("regions", ", ".join(ours.region_names), ", ".join(theirs.region_names)),
        ("facet groups", ", ".join(ours.facet_names), ", ".join(theirs.facet_names)),
    ):
        if mine != other:
            found.append(f"mesh: {noun} {other} in the file, {mine} here")
    if found:
        return found
    for noun, name in (
        ("coordinates of the nodes", "points"),
        ("triangles", "triangles"),
        ("regions of the triangles", "region"),
        ("facets", "facets"),
        ("groups of the facets", "facet_group"),
    ):
        if not np.array_equal(getattr(theirs, name), getattr(ours, name)):
            found.append(f"mesh: {noun}")
    return found


def _by_name(value: Any) -> Any:
    """Return a list of things with names as a mapping, so that they are compared by name."""
    if _is_list(value) and value and all(isinstance(v, Mapping) and "name" in v for v in value):
        return {v["name"]: {k: w for k, w in v.items() if k != "name"} for v in value}
    return value


def _is_list(value: Any) -> bool:
    return isinstance(value, list | tuple)


def _short(value: Any) -> str:
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
