"""The mesh of a run: read from a file, or made from its geometry."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from pyscl.input import MeshInput
from pyscl.materials import Material
from pyscl.mesh import Mesh
from pyscl.text import table

Report = Callable[[str], None]

_LENGTHS = ((1e-3, 1e-3, "mm"), (0.999e-6, 1e-6, "um"), (0.0, 1e-9, "nm"))


@dataclass(frozen=True)
class PreparedMesh:
    """A mesh, and for one that was made what it was made of.

    Attributes:
        mesh: with its parts named and its nodes renumbered.
        kind: of the geometry, "" for a mesh from a file.
        achieved: numbers of the geometry: fractions, coverages, lengths [m].
        sizes: with which it was meshed.
        periodic: pairs of outer sides with matching nodes.
    """

    mesh: Mesh
    kind: str = ""
    achieved: Mapping[str, float] = field(default_factory=dict)
    sizes: Mapping[str, Any] = field(default_factory=dict)
    periodic: tuple[tuple[str, str], ...] = ()

    def to_dict(self) -> dict[str, Any] | None:
        """Return the geometry as plain numbers and strings; None for a mesh from a file."""
        if not self.kind:
            return None
        return {"kind": self.kind, "achieved": dict(self.achieved), "sizes": dict(self.sizes)}


def achieved_text(name: str, value: float) -> tuple[str, str]:
    """Return name and value of an achieved number for people: ("length of a|b", "120 nm")."""
    if not name.endswith(" [m]"):
        return name, f"{value:.6g}"
    factor, unit = next((f, u) for least, f, u in _LENGTHS if abs(value) >= least)
    return name.removesuffix(" [m]"), f"{value / factor:.5g} {unit}"


def prepare_mesh(
    wanted: MeshInput,
    cases: Iterable[Mapping[str, Material]] = (),
    temperature: float = 298.15,
    report: Report = lambda line: None,
) -> PreparedMesh:
    """Return the mesh that is wanted, made or taken from the cache if it is not in a file.

    Args:
        wanted: what the file says.
        cases: the materials by region of every variant; their screening lengths are resolved
            where the file gives no lengths.
        temperature: [K].
        report: receives lines for the user.

    Raises:
        InputError: the geometry cannot be made, sizes do not fit, or the mesh is unsound.
    """
    if wanted.file is not None:
        prepared = PreparedMesh(Mesh.read(wanted.file, unit=wanted.unit))
    else:
        prepared = _made(wanted, cases, temperature, report)
    mesh = prepared.mesh
    for name, point in wanted.parts.items():
        mesh = mesh.with_part(name, point)
    return replace(prepared, mesh=mesh.renumbered())


def resolved_lengths(prepared: PreparedMesh) -> dict[str, float]:
    """Return the lengths [m] that are to be resolved in the regions of the mesh."""
    resolve = prepared.sizes.get("resolve", {})
    return {region: resolve[region] for region in prepared.mesh.region_names if region in resolve}


def read_mesh(wanted: MeshInput) -> Mesh:
    """Return the mesh alone; layers of a geometry only for the lengths given with it."""
    return prepare_mesh(wanted).mesh


def _made(
    wanted: MeshInput,
    cases: Iterable[Mapping[str, Material]],
    temperature: float,
    report: Report,
) -> PreparedMesh:
    from pyscl.meshing import cached_mesh

    assert wanted.geometry is not None  # checked by MeshInput
    partition = wanted.partition()
    kind, achieved = wanted.geometry.kind, partition.achieved
    report(f"geometry '{kind}':")
    rows = [achieved_text(name, value) for name, value in achieved.items()]
    for line in table(rows[0], rows[1:]):
        report(f"  {line}")
    sizes = wanted.sizes.mesh_sizes(cases, temperature, partition.regions)
    mesh = cached_mesh(
        partition, sizes, seed=wanted.seed, time_limit=wanted.time_limit, folder=wanted.cache
    )
    return PreparedMesh(mesh, kind, achieved, asdict(sizes), partition.periodic)
