"""Reader of gmsh files, versions 2.2 and 4.1, ASCII and binary.

meshio reads these too, but loses groups: a curve and a surface of the same name overwrite each
other, a curve with a reversed (negative) physical tag has no name, and version 4.1 files saved
with `Mesh.SaveAll = 1` are refused. Contacts would vanish without a word.
"""

import shlex
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from pyscl.mesh.assemble import FileContent
from pyscl.mesh.gmsh_numbers import BinaryNumbers, GmshFormatError, Numbers, TextNumbers

ByteOrder = Literal["", "<", ">"]

LINE, TRIANGLE, POINT = 1, 2, 15
NODES_OF_TYPE = {1: 2, 2: 3, 3: 4, 4: 4, 5: 8, 6: 6, 7: 5, 8: 3, 9: 6, 10: 9, 15: 1, 16: 8}
SECOND_ORDER = (8, 9, 10, 16)


@dataclass
class _Elements:
    """Elements of one type and one entity.

    Attributes:
        kind: gmsh element type.
        entity: number of the curve or surface.
        physical: physical tags of all of them.
        tags: (n,) element tags.
        nodes: (n, nodes per element) node tags.
    """

    kind: int
    entity: int
    physical: tuple[int, ...]
    tags: NDArray[np.int64]
    nodes: NDArray[np.int64]


@dataclass
class _Sections:
    """What was read so far; `names` and `physical` are keyed by (dimension, tag)."""

    names: dict[tuple[int, int], str] = field(default_factory=dict)
    physical: dict[tuple[int, int], tuple[int, ...]] = field(default_factory=dict)
    node_tags: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    points: NDArray[np.float64] = field(default_factory=lambda: np.empty((0, 3)))
    elements: list[_Elements] | None = None


def read_gmsh(data: bytes) -> FileContent:
    """Return what a gmsh file holds; nodes and elements in the order of their tags.

    Raises:
        GmshFormatError: the file is truncated or damaged, or holds what pyscl cannot use.
    """
    version, byte_order, at = _header(data)
    found = _Sections()
    while (at := data.find(b"$", at)) >= 0:
        line_end = data.find(b"\n", at)
        name = data[at + 1 : max(line_end, at)].decode("ascii", "replace").strip()
        closing = b"$End" + name.encode("ascii", "replace")
        end = data.find(closing, line_end)
        if line_end < 0 or end < 0:
            raise GmshFormatError(f"is truncated: section ${name} is not closed")
        at = _section(found, version, byte_order, name, data, line_end + 1, end)
        at = data.find(closing, at)
        if at < 0:
            raise GmshFormatError(f"is damaged: section ${name} is longer than it says")
        at += len(closing)
    if found.elements is None:
        raise GmshFormatError("is truncated: it has no $Elements section")
    return _content(found, found.elements)


def _header(data: bytes) -> tuple[str, ByteOrder, int]:
    """Return version, byte order ("" for ASCII) and the position after the header."""
    start, end = data.find(b"$MeshFormat"), data.find(b"$EndMeshFormat")
    if start < 0 or end < 0:
        raise GmshFormatError("has no $MeshFormat header: it is not a gmsh mesh")
    lines = data[start:end].split(b"\n", 2)
    words = lines[1].split() if len(lines) == 3 else []
    if len(words) != 3:
        raise GmshFormatError("has a damaged $MeshFormat header")
    version = {"2": "2.2", "2.2": "2.2", "4.1": "4.1"}.get(words[0].decode("ascii", "replace"))
    if version is None:
        raise GmshFormatError(
            f"has gmsh format {words[0].decode('ascii', 'replace')}; pyscl reads 2.2 and 4.1 "
            "(set Mesh.MshFileVersion = 4.1 before saving)"
        )
    if words[1] == b"0":
        return version, "", end + len(b"$EndMeshFormat")
    byte_orders: dict[bytes, Literal["<", ">"]] = {
        b"\x01\x00\x00\x00": "<",
        b"\x00\x00\x00\x01": ">",
    }
    byte_order = byte_orders.get(lines[2][:4])
    if byte_order is None or (version == "4.1" and words[2] != b"8"):
        raise GmshFormatError("is binary with a damaged header or with counters not of 8 bytes")
    return version, byte_order, end + len(b"$EndMeshFormat")


def _section(
    found: _Sections,
    version: str,
    byte_order: ByteOrder,
    name: str,
    data: bytes,
    start: int,
    end: int,
) -> int:
    """Read one section into `found` and return a position at or before its closing line."""
    if name == "PhysicalNames":
        found.names = _physical_names(data[start:end])
        return end
    if name == "PartitionedEntities":
        raise GmshFormatError("is partitioned; save the mesh before partitioning it")
    if name not in ("Entities", "Nodes", "Elements"):
        return end
    if version == "2.2":
        count, start = _leading_count(data, start)
        if name == "Elements" and not byte_order:
            found.elements = _elements_22_text(data[start:end], count)
            return end
    numbers: Numbers = (
        BinaryNumbers(data, start, byte_order) if byte_order else TextNumbers(data, start, end)
    )
    if name == "Entities":
        found.physical = _entities(numbers)
    elif name == "Nodes" and version == "2.2":
        found.node_tags, found.points = numbers.numbered_points(count)
    elif name == "Nodes":
        found.node_tags, found.points = _nodes_41(numbers)
    elif version == "2.2":
        found.elements = _elements_22_binary(numbers, count)
    else:
        found.elements = _elements_41(numbers, found.physical)
    return numbers.at


def _leading_count(data: bytes, start: int) -> tuple[int, int]:
    """Return the number on the first line of a version 2.2 section, and where the rest starts."""
    end = data.find(b"\n", start)
    return int(data[start:end]), end + 1


def _physical_names(text: bytes) -> dict[tuple[int, int], str]:
    names = {}
    for line in text.decode("utf-8").splitlines()[1:]:
        if line.strip():
            dimension, tag, name = shlex.split(line)
            names[int(dimension), abs(int(tag))] = name
    return names


def _entities(numbers: Numbers) -> dict[tuple[int, int], tuple[int, ...]]:
    """Return the physical tags of every entity, by (dimension, entity)."""
    physical = {}
    for dimension, count in enumerate(numbers.sizes(4)):
        for _ in range(count):
            (entity,) = numbers.ints(1)
            numbers.floats(3 if dimension == 0 else 6)
            tags = numbers.ints(int(numbers.sizes(1)[0]))
            physical[dimension, int(entity)] = tuple(abs(int(tag)) for tag in tags)
            if dimension > 0:
                numbers.ints(int(numbers.sizes(1)[0]))
    return physical


def _nodes_41(numbers: Numbers) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    blocks = int(numbers.sizes(4)[0])
    tags, points = [np.empty(0, dtype=np.int64)], [np.empty((0, 3))]
    for _ in range(blocks):
        dimension, _, parametric = numbers.ints(3)
        count = int(numbers.sizes(1)[0])
        tags.append(numbers.sizes(count))
        columns = 3 + (int(dimension) if parametric else 0)
        points.append(numbers.floats(columns * count).reshape(count, columns)[:, :3])
    return np.concatenate(tags), np.concatenate(points)


def _elements_41(
    numbers: Numbers, physical: dict[tuple[int, int], tuple[int, ...]]
) -> list[_Elements]:
    blocks = int(numbers.sizes(4)[0])
    elements = []
    for _ in range(blocks):
        dimension, entity, kind = (int(value) for value in numbers.ints(3))
        count = int(numbers.sizes(1)[0])
        columns = 1 + _nodes_per_element(kind)
        rows = numbers.sizes(columns * count).reshape(count, columns)
        tags = physical.get((dimension, entity), ())
        elements.append(_Elements(kind, entity, tags, rows[:, 0], rows[:, 1:]))
    return elements


Tables = dict[tuple[int, int], list[NDArray[np.int64]]]


def _elements_22_text(text: bytes, count: int) -> list[_Elements]:
    lines = text.splitlines()[:count]
    if len(lines) < count:
        raise GmshFormatError(f"is truncated: {len(lines)} of {count} elements")
    rows: dict[tuple[int, int], list[list[int]]] = {}
    for line in lines:
        tag, kind, n_tags, *rest = (int(word) for word in line.split())
        if len(rest) != n_tags + _nodes_per_element(kind):
            raise GmshFormatError(f"is damaged: element {tag} has a wrong number of nodes")
        rows.setdefault((kind, n_tags), []).append([tag, *rest])
    return _elements_22({key: [np.array(values)] for key, values in rows.items()})


def _elements_22_binary(numbers: Numbers, count: int) -> list[_Elements]:
    tables: Tables = {}
    read = 0
    while read < count:
        kind, length, n_tags = (int(value) for value in numbers.ints(3))
        if length < 1 or n_tags < 0:
            raise GmshFormatError("is damaged: an empty block of elements")
        columns = 1 + n_tags + _nodes_per_element(kind)
        rows = numbers.ints(length * columns).reshape(length, columns)
        tables.setdefault((kind, n_tags), []).append(rows)
        read += length
    return _elements_22(tables)


def _elements_22(tables: Tables) -> list[_Elements]:
    """Split rows (element tag, physical tag, entity, more tags, nodes) by entity and group.

    Args:
        tables: (element type, number of tags) -> blocks of rows; physical tag 0 means no group.
    """
    elements = []
    for (kind, n_tags), blocks in tables.items():
        rows = np.concatenate(blocks)
        owner = np.zeros((len(rows), 2), dtype=np.int64)
        owner[:, : min(n_tags, 2)] = rows[:, 1 : 1 + min(n_tags, 2)]
        found, which = np.unique(owner, axis=0, return_inverse=True)
        for index, (physical, entity) in enumerate(found.tolist()):
            part = rows[which.reshape(-1) == index]
            tags = (abs(physical),) if physical else ()
            elements.append(_Elements(kind, entity, tags, part[:, 0], part[:, 1 + n_tags :]))
    return elements


def _nodes_per_element(kind: int) -> int:
    if kind not in NODES_OF_TYPE:
        raise GmshFormatError(f"holds gmsh elements of type {kind}; pyscl computes on triangles")
    return NODES_OF_TYPE[kind]


def _content(found: _Sections, elements: list[_Elements]) -> FileContent:
    kinds = {block.kind for block in elements}
    if kinds & set(SECOND_ORDER):
        raise GmshFormatError(
            "holds second-order elements; mesh with Mesh.ElementOrder=1 (pyscl is first order)"
        )
    if kinds - {LINE, TRIANGLE, POINT}:
        raise GmshFormatError(
            "holds quadrangles or volume elements; pyscl computes on plane triangles "
            "(Mesh.RecombineAll = 0, and mesh in 2D)"
        )
    by_tag = np.argsort(found.node_tags, kind="stable")
    node_tags = found.node_tags[by_tag]
    if np.any(np.diff(node_tags) == 0):
        raise GmshFormatError("is damaged: two nodes have the same tag")
    triangles, surface, regions = _by_group(found, elements, TRIANGLE, 2, "region")
    lines, _, groups = _by_group(found, elements, LINE, 1, "boundary")
    return FileContent(
        points=found.points[by_tag],
        triangles=_rows(node_tags, triangles),
        surface=surface,
        regions=regions,
        lines=_rows(node_tags, lines),
        groups=groups,
    )


def _rows(node_tags: NDArray[np.int64], nodes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the positions of node tags in the sorted list of all tags."""
    if nodes.size == 0:
        return nodes
    at = np.searchsorted(node_tags, nodes)
    known = at < len(node_tags)
    if not np.all(known) or np.any(node_tags[at] != nodes):
        raise GmshFormatError("is damaged: an element refers to a node that does not exist")
    return at


def _by_group(
    found: _Sections, elements: list[_Elements], kind: int, dimension: int, prefix: str
) -> tuple[NDArray[np.int64], NDArray[np.int64], dict[str, NDArray[np.intp]]]:
    """Return nodes and entity of all elements of a kind by element tag, and members by name."""
    blocks = [block for block in elements if block.kind == kind]
    sizes = [len(block.tags) for block in blocks]
    if not blocks:
        nodes = np.empty((0, NODES_OF_TYPE[kind]), dtype=np.int64)
        order = entity = np.empty(0, dtype=np.int64)
    else:
        order = np.argsort(np.concatenate([block.tags for block in blocks]), kind="stable")
        nodes = np.concatenate([block.nodes for block in blocks])[order]
        entity = np.repeat([block.entity for block in blocks], sizes)[order]
    position = np.empty(len(order), dtype=np.intp)
    position[order] = np.arange(len(order))
    ends = np.cumsum(sizes, dtype=np.intp)
    named = {tag for d, tag in found.names if d == dimension}
    groups: dict[str, NDArray[np.intp]] = {}
    for tag in sorted(named.union(*(block.physical for block in blocks))):
        members = [
            position[end - size : end]
            for block, size, end in zip(blocks, sizes, ends, strict=True)
            if tag in block.physical
        ]
        name = found.names.get((dimension, tag), f"{prefix}_{tag}")
        groups[name] = np.sort(np.concatenate([np.empty(0, dtype=np.intp), *members]))
    return nodes, entity, groups
