"""The fields of solutions for the maps of a page: meshes, values, ranges, places to look at."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pyscl.fields import Field
from pyscl.report.blocks import Blocks
from pyscl.report.numbers import prefix
from pyscl.solution import Solution

_WORDS = {
    "potential": ("electric potential", "linear", "YlGnBu_r"),
    "electric_field": ("electric field", "logarithmic", "inferno"),
    "charge_density": ("charge density", "signed", "RdBu_r"),
    "polarization": ("polarization", "linear", "viridis"),
    "displacement": ("displacement", "linear", "viridis"),
    "bound_charge_density": ("bound charge density", "signed", "RdBu_r"),
    "site_fraction": ("site fraction", "linear", "viridis"),
    "vacant_fraction": ("vacant share of sites", "logarithmic", "viridis"),
    "concentration": ("concentration", "linear", "viridis"),
    "electrochemical_potential": ("electrochemical potential", "linear", "YlGnBu_r"),
    "current_density": ("current density", "logarithmic", "inferno"),
}
"""quantity -> (words, scale, colour map)"""

_WINDOW = 12.0  # Debye lengths across the window at an interface
_SHARE = 0.06  # of the extent, where no Debye length is known


class FieldStore:
    """Meshes and fields of the states of a page; equal meshes are stored once."""

    def __init__(self, blocks: Blocks) -> None:
        self.blocks = blocks
        self.meshes: list[dict[str, Any]] = []
        self.names: dict[str, dict[str, Any]] = {}
        self._known: dict[tuple[str, ...], int] = {}

    def state(self, solution: Solution, debye: dict[str, float]) -> dict[str, Any]:
        """Store a solution; return its mesh, fields and the places at its interfaces.

        Args:
            solution: the state.
            debye: region -> Debye length [m], for the sizes of the windows at interfaces.
        """
        fields = {}
        for field in _fields(solution):
            self.names.setdefault(field.name, _described(field, solution.model.carriers))
            fields[field.name] = self._stored(field)
        return {
            "mesh": self._mesh(solution),
            "fields": fields,
            "spots": _spots(solution, debye),
        }

    def colours(self) -> dict[str, str]:
        """Return the colour maps that are used, 256 colours each as hexadecimal digits."""
        import matplotlib as mpl

        wanted = {entry["map"] for entry in self.names.values()} | {"viridis", "RdBu_r"}
        steps = np.arange(256)
        return {
            name: (mpl.colormaps[name](steps, bytes=True)[:, :3]).tobytes().hex()
            for name in sorted(wanted)
        }

    def _stored(self, field: Field) -> dict[str, Any]:
        values = field.values
        size = np.hypot(*values.T) if values.ndim == 2 else values
        known = size[np.isfinite(size)]
        above = known[known > 0.0]
        magnitudes = np.abs(known)
        return self.blocks.array(values, "f4") | {
            "low": float(known.min(initial=0.0) if not known.size else known.min()),
            "high": float(known.max(initial=0.0) if not known.size else known.max()),
            "least": float(above.min()) if above.size else None,
            "largest": float(magnitudes.max(initial=0.0)),
        }

    def _mesh(self, solution: Solution) -> int:
        points, triangles = solution.site_points, solution.site_triangles
        blocks, mesh = self.blocks, solution.model.mesh
        regions = list(mesh.region_names)
        small = len(points) < 2**16
        entry: dict[str, Any] = {
            "points": blocks.array(points, "f8"),
            "triangles": blocks.array(triangles, "u2" if small else "i4"),
            "region": blocks.array(mesh.region, "u1" if len(regions) < 256 else "i4"),
            "outlines": blocks.array(_outlines(triangles), "u2" if small else "i4"),
            "regions": regions,
        }
        key = tuple(entry[name]["block"] for name in ("points", "triangles", "region")) + tuple(
            regions
        )
        if key not in self._known:
            extent = float(np.ptp(points, axis=0).max())
            factor, unit = prefix(extent / 2.0, "m")
            entry |= {"metres": factor, "unit": unit, "box": _box(points)}
            self._known[key] = len(self.meshes)
            self.meshes.append(entry)
        return self._known[key]


def label_of(name: str, carriers: tuple[str, ...]) -> tuple[str, str]:
    """Return (quantity, words) of the name of a field."""
    for carrier in carriers:
        quantity = name.removesuffix("_" + carrier)
        if quantity != name and quantity in _WORDS:
            return quantity, f"{_WORDS[quantity][0]} of {carrier}"
    return name, _WORDS[name][0] if name in _WORDS else name.replace("_", " ")


def _described(field: Field, carriers: tuple[str, ...]) -> dict[str, Any]:
    quantity, words = label_of(field.name, carriers)
    _, scale, colours = _WORDS.get(quantity, ("", "linear", "viridis"))
    return {
        "label": words,
        "unit": field.unit,
        "vector": field.values.ndim == 2,
        "location": field.location,
        "scale": scale,
        "map": colours,
        "fraction": quantity in ("site_fraction", "vacant_fraction"),
    }


def _fields(solution: Solution) -> list[Field]:
    """Return what is worth a map; the empty sites too where they are so few that 1 - x is not."""
    found = []
    for name in solution.field_names:
        field = solution[name]
        if np.isfinite(field.values).any():
            found.append(field)
        if name.startswith("site_fraction_"):
            carrier = name.removeprefix("site_fraction_")
            vacant = solution.vacant_fraction(carrier)
            if np.nanmin(vacant) < 0.1:
                values = np.where(np.isfinite(field.values), vacant, np.nan)
                found.append(Field(f"vacant_fraction_{carrier}", "1", "site", values))
    return found


def _outlines(triangles: NDArray[np.int32]) -> NDArray[np.int32]:
    """Return the borders of the regions (k, 2): sites belong to one region, so edges occur once."""
    edges = np.sort(triangles[:, [[0, 1], [1, 2], [2, 0]]].reshape(-1, 2), axis=1)
    unique, counts = np.unique(edges, axis=0, return_counts=True)
    return np.asarray(unique[counts == 1], dtype=np.int32)


def _box(points: NDArray[np.float64]) -> list[float]:
    low, high = points.min(axis=0), points.max(axis=0)
    return [float(v) for v in (low[0], low[1], high[0], high[1])]


def _spots(solution: Solution, debye: dict[str, float]) -> list[dict[str, Any]]:
    """Return a window at every interface between materials, where its layer is strongest."""
    mesh = solution.model.mesh
    extent = float(np.ptp(mesh.points, axis=0).max())
    strength = np.hypot(*solution["electric_field"].values.T)
    at_node = np.zeros(len(mesh.points))
    np.maximum.at(at_node, mesh.triangles.ravel(), np.repeat(strength, 3))
    spots = []
    for name, facets in mesh.interfaces.items():
        if not len(facets) or not solution.model.is_material_boundary(name):
            continue
        best = facets[np.argmax(at_node[facets].min(axis=1))]
        lengths = [debye[region] for region in name.split("|") if region in debye]
        width = _WINDOW * max(lengths) if lengths else _SHARE * extent
        x, y = mesh.points[best].mean(axis=0)
        spots.append({"name": name, "x": float(x), "y": float(y), "width": min(width, extent)})
    return spots
