"""The mesh cache: the same input gives the same file, any change another one."""

from dataclasses import replace

import numpy as np
import pytest
from partitions import NM, bilayer

from pyscl.geometry.partition import Partition
from pyscl.meshing import MeshSizes, cached_mesh
from pyscl.meshing.cache import mesh_key

SIZES = MeshSizes({"a": NM, "b": NM})


def test_a_mesh_is_made_once(tmp_path, monkeypatch):
    pytest.importorskip("gmsh")
    first = cached_mesh(bilayer(), SIZES, folder=tmp_path / "new")
    monkeypatch.setattr("pyscl.meshing.cache.mesh_partition", None)
    again = cached_mesh(bilayer(), SIZES, folder=tmp_path / "new")
    for name in ("points", "triangles", "region", "facets", "facet_group"):
        assert np.array_equal(getattr(first, name), getattr(again, name))
    assert first.region_names == again.region_names
    assert first.facet_names == again.facet_names


def test_a_damaged_file_is_made_anew(tmp_path):
    pytest.importorskip("gmsh")
    first = cached_mesh(bilayer(), SIZES, folder=tmp_path)
    (file,) = tmp_path.iterdir()
    file.write_bytes(file.read_bytes()[:1000])
    assert np.array_equal(cached_mesh(bilayer(), SIZES, folder=tmp_path).points, first.points)
    assert len(list(tmp_path.iterdir())) == 1


def test_every_change_has_a_key_of_its_own():
    partition = bilayer()
    moved = bilayer(height=40.0 + 1e-9)
    renamed = replace(partition, periodic=())
    keys = [
        mesh_key(partition, SIZES),
        mesh_key(partition, SIZES, seed=1),
        mesh_key(partition, replace(SIZES, growth=1.1)),
        mesh_key(partition, replace(SIZES, resolve={"a": NM})),
        mesh_key(moved, SIZES),
        mesh_key(renamed, SIZES),
    ]
    assert len(set(keys)) == len(keys)


def test_what_was_achieved_does_not_change_the_key():
    partition = bilayer()
    measured = Partition(partition.chains, partition.periodic, {"area fraction of a": 0.5})
    assert mesh_key(partition, SIZES) == mesh_key(measured, SIZES)
