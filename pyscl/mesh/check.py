"""The mesh verdict given before every run."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pyscl.errors import MeshError, unknown_name
from pyscl.mesh.defects import find_problems
from pyscl.mesh.layer_error import charge_errors
from pyscl.mesh.mesh import Mesh
from pyscl.mesh.quality import edge_weights, largest_angles, smallest_angles, squared_lengths

SMALLEST_GOOD_ANGLE = 10.0  # degrees
LARGEST_GOOD_ANGLE = 120.0  # degrees; thin triangles with a right angle are good in layers
ELEMENTS_PER_DEBYE_LENGTH = 2.0
# Of the charge of a weak layer. Two even elements per Debye length give 3 %, with a growth of 1.3
# over 4 %; one gives 12 %.
INACCURATE_CHARGE = 0.05
WRONG_CHARGE = 0.10
SIZE_TOLERANCE = 1e-3  # relative; lengths that are meant to be at a limit are at it
NEGATIVE_WEIGHT = -1e-5  # beyond the rounding of coordinates in a file with 9 digits


@dataclass(frozen=True)
class RegionQuality:
    """Size and shape of one region.

    Attributes:
        name: the region.
        triangles: their number.
        area: total area [m2].
        smallest_angle: of all triangles [degrees].
        negative_edges: number of edges with a negative P1 weight.
    """

    name: str
    triangles: int
    area: float
    smallest_angle: float
    negative_edges: int


@dataclass(frozen=True)
class InterfaceQuality:
    """First element layer on one side of an interface.

    Attributes:
        interface: name "a|b".
        side: the region of this side.
        facets: number of facets.
        length: total length [m].
        first_layer: median size of the first elements normal to the interface [m].
        first_layer_max: the largest [m].
        debye_length: of the region [m], None if not given.
        charge_error: expected relative error of the charge of a weak space charge layer on this
            side, None without Debye length.
    """

    interface: str
    side: str
    facets: int
    length: float
    first_layer: float
    first_layer_max: float
    debye_length: float | None = None
    charge_error: float | None = None

    @property
    def per_debye_length(self) -> float | None:
        """Number of elements per Debye length at the median first element, None if unknown."""
        return None if self.debye_length is None else self.debye_length / self.first_layer


@dataclass(frozen=True)
class MeshReport:
    """What `check` found; `str(report)` is a plain-text table.

    Attributes:
        n_points: number of nodes.
        n_triangles: number of triangles.
        problems: reasons why the mesh cannot be computed on, or results would be wrong.
        warnings: reasons why results may be inaccurate.
        regions: one row per region; empty if the mesh cannot be computed on.
        interfaces: two rows per interface; empty if the mesh cannot be computed on.
    """

    n_points: int
    n_triangles: int
    problems: list[str]
    warnings: list[str] = field(default_factory=list)
    regions: list[RegionQuality] = field(default_factory=list)
    interfaces: list[InterfaceQuality] = field(default_factory=list)

    @property
    def failed(self) -> bool:
        """Whether the mesh cannot be computed on, or results would be wrong."""
        return bool(self.problems)

    def raise_if_failed(self, source: str = "the mesh") -> None:
        """Raise the problems as one error.

        Args:
            source: what was checked, for the message.

        Raises:
            MeshError: the mesh has problems.
        """
        if self.failed:
            raise MeshError(f"{source} cannot be computed on:\n  " + "\n  ".join(self.problems))

    def to_dict(self) -> dict[str, Any]:
        """Return the report as plain numbers and strings, ready for JSON."""
        rows = [asdict(r) | {"per_debye_length": r.per_debye_length} for r in self.interfaces]
        return asdict(self) | {"failed": self.failed, "interfaces": rows}

    def __str__(self) -> str:
        lines = [f"mesh: {self.n_points} nodes, {self.n_triangles} triangles"]
        if self.regions:
            lines += _table(
                ("region", "triangles", "area [nm2]", "min angle", "edges < 0"),
                [
                    (
                        r.name,
                        str(r.triangles),
                        f"{r.area * 1e18:.5g}",
                        f"{r.smallest_angle:.1f} deg",
                        str(r.negative_edges),
                    )
                    for r in self.regions
                ],
            )
        if self.interfaces:
            lines += _table(
                (
                    "interface",
                    "side",
                    "facets",
                    "first layer [nm]",
                    "largest",
                    "per Debye length",
                    "charge error",
                ),
                [
                    (
                        r.interface,
                        r.side,
                        str(r.facets),
                        f"{r.first_layer * 1e9:.3g}",
                        f"{r.first_layer_max * 1e9:.3g}",
                        "-" if r.per_debye_length is None else f"{r.per_debye_length:.1f}",
                        "-" if r.charge_error is None else f"{r.charge_error:.2%}",
                    )
                    for r in self.interfaces
                ],
            )
        lines += [f"problem: {text}" for text in self.problems]
        lines += [f"warning: {text}" for text in self.warnings]
        return "\n".join(lines)


def check(mesh: Mesh, debye_lengths: Mapping[str, float] | None = None) -> MeshReport:
    """Judge a mesh before a run.

    Args:
        mesh: the mesh.
        debye_lengths: region name -> Debye length [m]; regions without carriers are left out.

    Returns:
        the report; `report.failed` says whether the mesh cannot be computed on, or the expected
        error of the charge of a layer is above 10 % (above 5 % is a warning). Without Debye
        lengths there is no expected error.

    Raises:
        InputError: a Debye length is given for a region that does not exist.
    """
    lengths = dict(debye_lengths or {})
    for name in lengths:
        if name not in mesh.region_names:
            raise unknown_name("region", name, mesh.region_names, "of the Debye lengths")
    problems = find_problems(mesh)
    if problems:
        return MeshReport(mesh.n_points, mesh.n_triangles, problems)
    squared = squared_lengths(mesh)
    angles = smallest_angles(mesh, squared)
    regions = _regions(mesh, squared, angles)
    interfaces = _interfaces(mesh, squared, lengths)
    warnings = _angle_warnings(mesh, angles) + _weight_warnings(regions)
    warnings += _resolution_warnings(interfaces)
    warnings += _charge_texts(interfaces, INACCURATE_CHARGE, WRONG_CHARGE)
    problems = _charge_texts(interfaces, WRONG_CHARGE, np.inf)
    return MeshReport(mesh.n_points, mesh.n_triangles, problems, warnings, regions, interfaces)


def _regions(
    mesh: Mesh, squared: NDArray[np.float64], angles: NDArray[np.float64]
) -> list[RegionQuality]:
    n = len(mesh.region_names)
    count = np.bincount(mesh.region, minlength=n)
    area = np.bincount(mesh.region, weights=mesh.areas, minlength=n)
    smallest = np.full(n, np.inf)
    np.minimum.at(smallest, mesh.region, angles)
    edge_region, weight = edge_weights(mesh, squared)
    negative = np.bincount(edge_region[weight < NEGATIVE_WEIGHT], minlength=n)
    return [
        RegionQuality(name, int(count[i]), float(area[i]), float(smallest[i]), int(negative[i]))
        for i, name in enumerate(mesh.region_names)
    ]


def _interfaces(
    mesh: Mesh, squared: NDArray[np.float64], debye_lengths: Mapping[str, float]
) -> list[InterfaceQuality]:
    pairs = mesh.edges.pairs
    length = np.sqrt(squared.ravel())
    region = mesh.region[pairs // 3]
    inner = region[:, 0] != region[:, 1]
    pairs, region = pairs[inner], region[inner]
    edge_length = length[pairs[:, 0]]
    height = 2 * mesh.areas[pairs // 3] / edge_length[:, None]
    names = np.array(mesh.region_names)[region].reshape(-1, 2)
    errors = _charge_errors(mesh, debye_lengths)
    rows = []
    for interface in mesh.interfaces:
        for side, other in (interface.split("|"), interface.split("|")[::-1]):
            here = (names == side) & (names[:, ::-1] == other)
            sizes = height[here]
            rows.append(
                InterfaceQuality(
                    interface,
                    side,
                    len(sizes),
                    float(edge_length[here.any(axis=1)].sum()),
                    float(np.median(sizes)),
                    float(sizes.max()),
                    debye_lengths.get(side),
                    errors.get((interface, side)),
                )
            )
    return rows


def _charge_errors(mesh: Mesh, debye_lengths: Mapping[str, float]) -> dict[tuple[str, str], float]:
    """Return the expected charge errors by interface and side."""
    errors = {}
    for side, debye in debye_lengths.items():
        own = {name: f for name, f in mesh.interfaces.items() if side in name.split("|")}
        if own:
            found = charge_errors(mesh, own, side, debye)
            errors.update({(name, side): error for name, error in found.items()})
    return errors


def _angle_warnings(mesh: Mesh, angles: NDArray[np.float64]) -> list[str]:
    bad = (angles < SMALLEST_GOOD_ANGLE) & (largest_angles(mesh) > LARGEST_GOOD_ANGLE)
    small = np.count_nonzero(bad)
    if not small:
        return []
    worst = int(np.where(bad, angles, np.inf).argmin())
    x, y = mesh.points[mesh.triangles[worst]].mean(axis=0) * 1e9
    return [
        f"{small} triangles have an angle below {SMALLEST_GOOD_ANGLE:g} degrees; the smallest, "
        f"{angles[worst]:.2g} degrees, is in triangle {worst} of region "
        f"'{mesh.region_names[mesh.region[worst]]}' at ({x:.4g}, {y:.4g}) nm."
    ]


def _weight_warnings(regions: list[RegionQuality]) -> list[str]:
    return [
        f"{r.negative_edges} edges of region '{r.name}' have a negative weight (opposite angles "
        "above 180 degrees together, or above 90 at an interface)."
        for r in regions
        if r.negative_edges
    ]


def _resolution_warnings(interfaces: list[InterfaceQuality]) -> list[str]:
    texts = []
    for row in interfaces:
        if row.debye_length is None:
            continue
        per_length = row.debye_length / row.first_layer
        few = per_length < ELEMENTS_PER_DEBYE_LENGTH * (1 - SIZE_TOLERANCE)
        if few or row.first_layer_max > row.debye_length * (1 + SIZE_TOLERANCE):
            texts.append(
                f"interface '{row.interface}', side '{row.side}': first elements of "
                f"{row.first_layer * 1e9:.3g} nm (largest {row.first_layer_max * 1e9:.3g} nm) for "
                f"a Debye length of {row.debye_length * 1e9:.3g} nm are {per_length:.2g} per Debye "
                f"length; below {ELEMENTS_PER_DEBYE_LENGTH:g} the interface charge is inaccurate. "
                f"Make them at most {row.debye_length * 1e9 / ELEMENTS_PER_DEBYE_LENGTH:.2g} nm."
            )
    return texts


def _charge_texts(interfaces: list[InterfaceQuality], above: float, upto: float) -> list[str]:
    """Return a sentence for every expected charge error in a range."""
    return [
        f"interface '{row.interface}', side '{row.side}': the expected error of the charge of its "
        f"layer is {row.charge_error:.1%}; more than {above:.0%} is "
        f"{'wrong' if above >= WRONG_CHARGE else 'inaccurate'}. Use more layers per Debye length, "
        "a slower growth, or shorter facets where layers end."
        for row in interfaces
        if row.charge_error is not None and above < row.charge_error <= upto
    ]


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> list[str]:
    """Return aligned lines: the first column to the left, the others to the right."""
    widths = [max(len(row[i]) for row in [head, *rows]) for i in range(len(head))]
    return [
        "  "
        + "  ".join(
            [row[0].ljust(widths[0])]
            + [c.rjust(w) for c, w in zip(row[1:], widths[1:], strict=True)]
        )
        for row in [head, *rows]
    ]
