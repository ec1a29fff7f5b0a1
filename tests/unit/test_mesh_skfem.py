"""Mesh to and from scikit-fem."""

import numpy as np
import pytest
import skfem

from pyscl.errors import MeshError
from pyscl.mesh import Mesh, strip


def sample():
    """Return a two-region strip with one inner facet group and one empty group."""
    mesh = strip(np.linspace(0, 4e-9, 5), 2e-9, 2, [("a", 2e-9), ("b", 4e-9)])
    return Mesh(
        mesh.points,
        mesh.triangles,
        mesh.region,
        mesh.region_names,
        np.concatenate([mesh.facets, mesh.interfaces["a|b"], mesh.facets_of("left")]),
        np.concatenate([mesh.facet_group, [4, 4], [5, 5]]),
        (*mesh.facet_names, "inner", "also left", "empty"),
    )


def edge_set(facets):
    return {frozenset(facet) for facet in facets.tolist()}


def test_the_round_trip_loses_nothing():
    mesh = sample()
    back = Mesh.from_skfem(mesh.to_skfem("nm"), "nm")
    np.testing.assert_allclose(back.points, mesh.points, rtol=1e-15)
    assert np.array_equal(np.sort(back.triangles), np.sort(mesh.triangles))
    assert np.array_equal(back.region, mesh.region)
    assert back.region_names == mesh.region_names
    assert back.facet_names == mesh.facet_names
    for name in mesh.facet_names:
        assert edge_set(back.facets_of(name)) == edge_set(mesh.facets_of(name))
        assert len(back.facets_of(name)) == len(mesh.facets_of(name))


def test_scikit_fem_measures_the_same_areas_and_sides():
    mesh = sample()
    fem = mesh.to_skfem("nm")
    area = skfem.Functional(lambda w: 1.0 + 0.0 * w.x[0])
    for name, expected in (("a", 4.0), ("b", 4.0)):
        basis = skfem.Basis(fem, skfem.ElementTriP1(), elements=name)
        assert area.assemble(basis) == pytest.approx(expected, rel=1e-13)
    for name, expected in (("left", 2.0), ("top", 4.0)):
        basis = skfem.FacetBasis(fem, skfem.ElementTriP1(), facets=name)
        assert area.assemble(basis) == pytest.approx(expected, rel=1e-13)
    assert np.allclose(fem.p[0, fem.facets[:, fem.boundaries["inner"]]], 2.0)


def test_triangles_of_scikit_fem_become_counter_clockwise():
    fem = skfem.MeshTri().refined(2).with_subdomains({"all": lambda x: x[0] > -1.0})
    mesh = Mesh.from_skfem(fem.with_defaults())
    assert np.all(mesh.areas > 0)
    assert mesh.areas.sum() == pytest.approx(1.0, rel=1e-14)
    assert len(mesh.facets_of("left")) == 4


@pytest.mark.parametrize(
    ("subdomains", "words"),
    [
        ({}, "8 triangles are in no subdomain"),
        ({"a": lambda x: x[0] < 0.5}, "4 triangles are in no subdomain"),
        ({"a": lambda x: x[0] < 0.5, "b": lambda x: x[0] > -1.0}, "4 in several"),
    ],
)
def test_every_triangle_must_be_in_one_subdomain(subdomains, words):
    fem = skfem.MeshTri().refined(1).with_subdomains(subdomains)
    with pytest.raises(MeshError, match=words):
        Mesh.from_skfem(fem)


def test_quadrilaterals_are_refused():
    with pytest.raises(MeshError, match="MeshQuad1"):
        Mesh.from_skfem(skfem.MeshQuad())


def test_a_facet_that_is_no_edge_is_refused():
    mesh = strip([0.0, 1.0, 2.0])
    stray = Mesh(
        mesh.points, mesh.triangles, mesh.region, mesh.region_names, [[0, 5]], [0], ("stray",)
    )
    with pytest.raises(MeshError, match=r"facet \(0, 5\) is not an edge"):
        stray.to_skfem()
