"""Figures say what they show: labels, units, scales; no state is left behind."""

import subprocess
import sys
from dataclasses import replace
from itertools import pairwise

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.colors import LogNorm, Normalize, SymLogNorm
from matplotlib.figure import Figure

import pyscl
from pyscl import plot
from pyscl.errors import InputError
from pyscl.mesh import from_delaunay, graded, strip
from pyscl.plot.ends import number
from pyscl.plot.scales import LogitNorm
from pyscl.plot.style import length_unit, prefixed
from pyscl.study.newton import Iteration, NewtonHistory


def conductor(potential, site_fraction=0.3):
    carrier = pyscl.Carrier(
        name="Li",
        charge=1,
        site_density=2e26,
        site_fraction=site_fraction,
        standard_potential=potential,
        conductivity=0.1,
    )
    return pyscl.Material(name="conductor", relative_permittivity=20.0, carriers=(carrier,))


INSULATOR = pyscl.Material(name="insulator", relative_permittivity=1000.0)
CONTACTS = {
    "left": pyscl.ReservoirContact(carrier="Li", electrochemical_potential=-0.05),
    "right": pyscl.ReservoirContact(carrier="Li", electrochemical_potential=-0.05, potential=None),
}


def box():
    """Return 20 nm x 10 nm: active | electrolyte with a square inclusion."""
    x, y = np.meshgrid(np.linspace(0.0, 20e-9, 41), np.linspace(0.0, 10e-9, 21))

    def region_of(c):
        inside = (np.abs(c - [13e-9, 5e-9]) < 2.5e-9).all(axis=1)
        return np.where(inside, "inclusion", np.where(c[:, 0] < 5e-9, "active", "electrolyte"))

    return from_delaunay(np.column_stack([x.ravel(), y.ravel()]), region_of)


@pytest.fixture(scope="module")
def model():
    materials = {
        "active": conductor(0.2),
        "electrolyte": conductor(0.0, 0.1),
        "inclusion": INSULATOR,
    }
    return pyscl.Model(box(), materials, contacts=CONTACTS)


@pytest.fixture(scope="module")
def equilibrium(model):
    return model.equilibrium()


@pytest.fixture(scope="module")
def steady(model, equilibrium):
    return model.steady({"right": 0.01}, start=equilibrium)


def along(potential):
    """Return the equilibrium of a thin strip active | electrolyte."""
    x = graded(20e-9, 0.1e-9, 1.2)
    x = np.concatenate([-x[::-1], x[1:]]) + 20e-9
    mesh = strip(x, regions=[("active", 20e-9), ("electrolyte", 40e-9)])
    materials = {"active": conductor(potential, 0.5), "electrolyte": conductor(0.0, 0.1)}
    contacts = {"left": pyscl.ReservoirContact(carrier="Li")}
    return pyscl.Model(mesh, materials, contacts=contacts).equilibrium()


@pytest.fixture(scope="module")
def thin():
    return along(0.2)


@pytest.fixture(scope="module")
def filled():
    return along(-0.7)


def bar_labels(figure):
    """Return the labels of all colour bars."""
    texts = [t.get_text() for ax in every_axes(figure) for t in (ax.xaxis.label, ax.yaxis.label)]
    return [t.replace("\n", " ") for t in texts if t and t[:3] not in ("x (", "y (", "r (", "z (")]


def every_axes(figure):
    return [a for ax in figure.axes for a in (ax, *ax.child_axes)]


def map_norms(figure):
    """Return the norms of all coloured maps (not of the colour bars)."""
    return [m.norm for ax in figure.axes for m in ax.collections if type(m).__name__ == "TriMesh"]


@pytest.mark.parametrize(
    ("name", "label", "norm"),
    [
        ("potential", "Potential (V)", Normalize),
        ("electric_field", "Electric field |E| (V/m)", LogNorm),
        ("charge_density", "Charge density", Normalize),
        ("site_fraction_Li", "Li site fraction", LogNorm),
        ("concentration_Li", "Li concentration (mol/m³)", LogNorm),
        ("electrochemical_potential_Li", "Li electrochemical potential (meV)", Normalize),
        ("current_density_Li", "Li current density |j|", Normalize),
    ],
)
def test_every_field_has_a_map_with_units(steady, name, label, norm):
    figure = plot.field_map(steady, name)
    ax = figure.axes[0]
    assert ax.get_xlabel() == "x (nm)"
    assert ax.get_ylabel() == "y (nm)"
    (shown,) = bar_labels(figure)
    assert shown.startswith(label)
    assert shown.endswith(")") or name == "site_fraction_Li"
    assert isinstance(map_norms(figure)[0], norm)


def test_scale_of_a_field_covers_its_values_in_the_unit_of_the_label(equilibrium):
    (norm,) = map_norms(plot.field_map(equilibrium, "potential"))
    phi = equilibrium.potential
    assert (norm.vmin, norm.vmax) == pytest.approx((phi.min(), phi.max()))
    figure = plot.field_map(equilibrium, "electrochemical_potential_Li")
    (norm,) = map_norms(figure)
    mu = np.nanmean(equilibrium["electrochemical_potential_Li"].values)
    assert "meV" in bar_labels(figure)[0]
    assert norm.vmin < 1e3 * mu < norm.vmax


@pytest.mark.parametrize("name", ["charge_density", "electric_field", "current_density_Li"])
def test_signed_scales_are_symmetric(steady, name):
    part = "magnitude" if name == "charge_density" else "x"
    (norm,) = map_norms(plot.field_map(steady, name, component=part))
    assert norm.vmin == pytest.approx(-norm.vmax)


def test_a_scalar_has_no_components(steady):
    with pytest.raises(InputError, match="'potential' is a scalar and has no component 'x'"):
        plot.field_map(steady, "potential", component="x")


def test_charge_density_is_logarithmic_towards_both_ends_if_layers_are_thin(thin):
    (norm,) = map_norms(plot.field_map(thin, "charge_density"))
    assert isinstance(norm, SymLogNorm)
    assert norm.vmax == pytest.approx(np.abs(thin["charge_density"].values).max())


def test_site_fraction_near_one_gets_a_logit_scale_with_both_ends(filled):
    y = filled.site_fraction("Li")
    assert y.max() > 0.99
    assert y.min() < 0.1
    (norm,) = map_norms(plot.field_map(filled, "site_fraction_Li"))
    assert isinstance(norm, LogitNorm)
    assert norm(y.min()) == pytest.approx(0.0)
    assert norm(y.max()) == pytest.approx(1.0)


def test_field_without_values_in_a_region_is_hatched_there(equilibrium):
    figure = plot.field_map(equilibrium, "site_fraction_Li")
    ax = figure.axes[0]
    assert np.isnan(equilibrium.site_fraction("Li")).any()
    assert [p for p in ax.patches if p.get_hatch()]
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["no Li"]
    assert not plot.field_map(equilibrium, "potential").axes[0].patches


def test_hatch_covers_exactly_the_region(equilibrium):
    (patch,) = plot.field_map(equilibrium, "site_fraction_Li").axes[0].patches
    mesh = equilibrium.model.mesh
    centres = mesh.points[mesh.triangles].mean(axis=1) * 1e9
    inside = patch.get_path().contains_points(centres)
    np.testing.assert_array_equal(inside, mesh.regions_of("inclusion"))


def test_currents_are_not_drawn_where_there_is_no_carrier(steady):
    figure = plot.field_map(steady, "current_density_Li", streamlines=True)
    assert [p for p in figure.axes[0].patches if p.get_hatch()]


def test_a_field_that_exists_nowhere_in_the_window_can_be_drawn(equilibrium):
    window = (13e-9, 15e-9, 4e-9, 6e-9)
    figure = plot.field_map(equilibrium, "site_fraction_Li", window=window)
    assert figure.axes[0].get_xlim() == pytest.approx((13.0, 15.0))


def test_a_constant_field_can_be_drawn(model):
    uniform = pyscl.Model(
        strip(np.linspace(0.0, 4e-9, 9), width=2e-9),
        {"electrolyte": conductor(0.0)},
        contacts=CONTACTS,
    ).equilibrium()
    for name in uniform.field_names:
        plot.field_map(uniform, name)
    plot.overview(uniform)
    plot.cut_plot(uniform.cut((0.0, 1e-9), (4e-9, 1e-9)))


def test_scale_fits_what_the_window_shows(thin):
    (norm,) = map_norms(plot.field_map(thin, "potential", window=(0.0, 5e-9, 0.0, 1e-9)))
    phi = thin.potential[thin.model.mesh.points[:, 0] <= 5e-9]
    assert np.ptp(phi) < 0.1 * np.ptp(thin.potential)
    largest = 1e3 if np.abs(phi).max() < 0.1 else 1.0
    assert norm.vmax - norm.vmin < largest * 0.2 * np.ptp(thin.potential)


def test_map_can_be_drawn_into_given_axes(equilibrium):
    figure = Figure(layout="constrained")
    ax = figure.add_subplot()
    assert plot.field_map(equilibrium, "potential", ax=ax, title="here") is figure
    assert ax.get_title(loc="left") == "here"


def test_unknown_names_are_refused_with_the_nearest(equilibrium):
    with pytest.raises(InputError, match="Did you mean 'potential'"):
        plot.field_map(equilibrium, "potental")
    with pytest.raises(InputError, match="Did you mean 'magnitude'"):
        plot.field_map(equilibrium, "electric_field", component="magnitud")
    with pytest.raises(InputError, match="no carrier 'Na'"):
        plot.overview(equilibrium, "Na")
    with pytest.raises(InputError, match="no field 'charge'"):
        plot.comparison({"a": equilibrium}, "charge")
    with pytest.raises(InputError, match=r"Did you mean 'active\|electrolyte'"):
        plot.mesh_map(equilibrium.model.mesh, "active|electrolite")


def test_what_cannot_be_drawn_is_refused(equilibrium):
    with pytest.raises(InputError, match="'charge_density' is a scalar; use one of electric_f"):
        plot.field_map(equilibrium, "potential", streamlines="charge_density")
    ax = Figure().add_subplot()
    with pytest.raises(InputError, match="needs a figure of its own"):
        plot.field_map(equilibrium, "potential", ax=ax, inset="strongest")
    with pytest.raises(InputError, match="no width 'triple'"):
        plot.field_map(equilibrium, "potential", width="triple")
    with pytest.raises(InputError, match="first < last"):
        plot.field_map(equilibrium, "potential", window=(1e-9, 0.0, 0.0, 1e-9))
    with pytest.raises(InputError, match="outside the mesh"):
        plot.field_map(equilibrium, "potential", window=(1.0, 2.0, 0.0, 1.0))
    with pytest.raises(InputError, match="at least one solution"):
        plot.comparison({}, "potential")


def test_overview_has_four_lettered_panels_on_common_axes(equilibrium):
    figure = plot.overview(equilibrium)
    titles = [ax.get_title(loc="left") for ax in figure.axes]
    assert [title[:4] for title in titles] == ["(a) ", "(b) ", "(c) ", "(d) "]
    assert [ax.get_xlabel() for ax in figure.axes] == ["", "", "x (nm)", "x (nm)"]
    assert [ax.get_ylabel() for ax in figure.axes] == ["y (nm)", "", "y (nm)", ""]
    assert len({ax.get_xlim() for ax in figure.axes}) == 1
    words = ("Potential (V)", "Electric field", "Li site fraction", "Charge density")
    assert all(word in title for word, title in zip(words, titles, strict=True))
    assert bar_labels(figure) == []


def test_both_ends_of_every_scale_are_labelled(steady):
    figure = plot.overview(steady)
    for ax, norm in zip(figure.axes, map_norms(figure), strict=True):
        bar = ax.child_axes[0]
        places = bar.get_yticks()
        assert (places[0], places[-1]) == pytest.approx((norm.vmin, norm.vmax))
        at = [float(norm(place)) for place in places]
        assert min(b - a for a, b in pairwise(at)) > 0.07  # or labels overlap


@pytest.mark.parametrize(
    ("value", "logit", "text"),
    [
        (0.0692, True, "0.069"),
        (1.0 - 8e-5, True, "1−8×10⁻⁵"),
        (1.0 - 1e-3, True, "1−10⁻³"),
        (0.99, True, "0.99"),
        (0.9, True, "0.9"),
        (6.93e7, False, "6.9×10⁷"),
        (-1e-5, False, "−10⁻⁵"),
        (693.0, False, "693"),
    ],
)
def test_ends_of_scales_have_two_digits(value, logit, text):
    assert number(value, logit=logit) == text


def test_thin_strip_is_stretched_with_the_colour_bar_above(thin):
    figure = plot.overview(thin)
    ax = figure.axes[0]
    box = ax.get_window_extent()
    assert 0.1 < box.height / box.width < 0.5
    assert ax.child_axes[0].get_window_extent().y0 > box.y1


def test_comparison_has_one_common_scale(equilibrium, steady):
    runs = {"at rest": equilibrium, "driven": steady}
    figure = plot.comparison(runs, "potential")
    first, second = map_norms(figure)
    assert (first.vmin, first.vmax) == (second.vmin, second.vmax)
    phi = np.concatenate([s.potential for s in runs.values()])
    assert (first.vmin, first.vmax) == pytest.approx((phi.min(), phi.max()))
    titles = [ax.get_title(loc="left") for ax in figure.axes if ax.get_title(loc="left")]
    assert titles == ["(a) at rest", "(b) driven"]
    assert bar_labels(figure) == ["Potential (V)"]


def test_comparison_of_four_takes_two_rows(equilibrium):
    figure = plot.comparison(dict.fromkeys("abcd", equilibrium), "electric_field", component="y")
    assert len(map_norms(figure)) == 4
    assert figure.axes[3].get_subplotspec().rowspan.start == 1


def test_axisymmetric_maps_name_r_and_z():
    mesh = strip(np.linspace(0.0, 4e-9, 9), width=4e-9, layers=4)
    model = pyscl.Model(
        mesh, {"electrolyte": conductor(0.0)}, contacts=CONTACTS, coordinates="axisymmetric"
    )
    ax = plot.field_map(model.equilibrium(), "potential").axes[0]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("r (nm)", "z (nm)")


def test_region_map_has_every_region_in_its_colour(model):
    figure = plot.region_map(model.mesh)
    (ax,) = figure.axes
    names = [t.get_text() for t in ax.get_legend().get_texts()]
    assert names == list(model.mesh.region_names)
    colours = plot.region_colours(names)
    assert [mpl.colors.to_hex(p.get_facecolor()).upper() for p in ax.patches] == [
        colours[name] for name in names
    ]


def test_tall_geometry_fits_a_page():
    mesh = strip(np.linspace(0.0, 1e-9, 3), width=6e-9, layers=9)
    figure = plot.region_map(mesh)
    assert figure.get_figheight() <= 9.01
    assert figure.axes[0].get_legend().get_texts()[0].get_text() == "electrolyte"


def test_region_without_triangles_is_no_obstacle(model):
    mesh = replace(model.mesh, region_names=(*model.mesh.region_names, "nowhere"))
    assert "nowhere" in [
        t.get_text() for t in plot.region_map(mesh).axes[0].get_legend().get_texts()
    ]


def test_region_colours_are_distinct_and_stay_with_their_name():
    names = ["active", "a", "b", "electrolyte", "inclusion", "pore"]
    colours = plot.region_colours(names)
    assert len(set(colours.values())) == len(names)
    assert colours["pore"] == plot.region_colours(["pore"])["pore"]
    assert len(plot.region_colours([str(k) for k in range(30)])) == 30


@pytest.mark.parametrize("window", [(3e-9, 7e-9, 2e-9, 4e-9), "electrolyte|active"])
def test_mesh_map_enlarges_a_window(model, window):
    whole, enlarged = plot.mesh_map(model.mesh, window).axes
    assert whole.get_xlim() == pytest.approx((0.0, 20.0))
    x0, x1 = enlarged.get_xlim()
    assert x0 < 5.0 < x1
    assert x1 - x0 < 6.0
    assert len(plot.mesh_map(model.mesh).axes) == 1


def test_cut_is_drawn_in_three_panels_with_named_bands(equilibrium):
    figure = plot.cut_plot(equilibrium.cut((0.0, 5e-9), (20e-9, 5e-9)), equilibrium)
    assert [ax.get_ylabel().replace("\n", " ") for ax in figure.axes] == [
        "Potential (V)",
        "Li site fraction",
        "Charge density (MC/m³)",
    ]
    assert figure.axes[-1].get_xlabel() == "Distance (nm)"
    assert figure.axes[1].get_yscale() == "log"
    names = [t.get_text() for t in figure.axes[0].texts]
    assert names[:3] == ["active", "electrolyte", "inclusion"]


def test_cut_curves_end_at_the_interfaces(equilibrium):
    figure = plot.cut_plot(equilibrium.cut((0.0, 5e-9), (20e-9, 5e-9), 100))
    ends = [line.get_xdata()[[0, -1]] for line in figure.axes[1].lines]
    assert len(ends) == 3  # active, electrolyte left and right of the inclusion
    assert ends[0][1] < 5.0 < ends[1][0]


def test_cut_through_many_narrow_regions_has_a_legend():
    ends = np.linspace(1e-9, 20e-9, 20)
    names = ["active", "electrolyte"] * 10
    mesh = strip(np.linspace(0.0, 20e-9, 81), regions=list(zip(names, ends, strict=True)))
    materials = {"active": conductor(0.1), "electrolyte": conductor(0.0)}
    solution = pyscl.Model(mesh, materials, contacts=CONTACTS).equilibrium()
    figure = plot.cut_plot(solution.cut((0.0, 0.5e-9), (20e-9, 0.5e-9), 400))
    (legend,) = figure.legends
    assert [t.get_text() for t in legend.get_texts()] == ["active", "electrolyte"]
    assert not figure.axes[0].texts


def test_cut_that_leaves_the_mesh_is_drawn_inside_only(equilibrium):
    figure = plot.cut_plot(equilibrium.cut((-5e-9, 5e-9), (30e-9, 5e-9)))
    assert "" not in [t.get_text() for t in figure.axes[0].texts]


def test_cut_scale_is_logit_near_one(filled):
    figure = plot.cut_plot(filled.cut((0.0, 0.5e-9), (40e-9, 0.5e-9)))
    assert figure.axes[1].get_yscale() == "logit"


def test_cut_outside_the_mesh_is_refused(equilibrium):
    cut = equilibrium.cut((0.0, 5e-9), (20e-9, 5e-9), 5)
    with pytest.raises(InputError, match="outside the mesh"):
        plot.cut_plot(replace(cut, region=np.full(5, "")))


def test_convergence_is_semilogarithmic_in_the_iterations(steady):
    (ax,) = plot.convergence_plot(steady.history).axes
    assert ax.get_yscale() == "log"
    assert ax.get_xlabel() == "Newton iteration"
    assert ax.get_ylabel() == "Largest update (kT/e)"
    np.testing.assert_allclose(
        ax.lines[0].get_ydata(), [i.potential_update for i in steady.history.iterations]
    )


def test_convergence_marks_damped_iterations_and_omits_zeros():
    def step(phi, damping):
        return Iteration(phi, 0.0, 1.0, damping, "phi", (0.0, 0.0), 0.0, 0.0, 0.0)

    history = NewtonHistory("steady", (step(3.0, 0.5), step(0.1, 1.0)), 2, converged=False)
    (ax,) = plot.convergence_plot(history).axes
    labels = [t.get_text() for t in ax.get_legend().get_texts()]
    assert labels == ["electric potential", "damped"]
    assert ax.get_title(loc="left") == "steady, not converged, 2 bias steps"
    plot.convergence_plot(NewtonHistory("equilibrium", ()))


@pytest.mark.parametrize("suffix", [".png", ".pdf", ".svg"])
def test_same_figure_gives_the_same_file(equilibrium, tmp_path, suffix):
    for folder in ("first", "second"):
        plot.save(
            plot.field_map(equilibrium, "site_fraction_Li"), tmp_path / folder / f"map{suffix}"
        )
    first, second = (tmp_path / f / f"map{suffix}" for f in ("first", "second"))
    assert first.read_bytes() == second.read_bytes()


def test_png_has_200_dpi(equilibrium, tmp_path):
    figure = plot.field_map(equilibrium, "potential")
    plot.save(figure, tmp_path / "map.png")
    width = int.from_bytes((tmp_path / "map.png").read_bytes()[16:20], "big")
    assert width == int(figure.get_figwidth() * 200)


def test_other_suffixes_are_refused(equilibrium, tmp_path):
    with pytest.raises(InputError, match=r"no figure format '\.jpg'.*\.png"):
        plot.save(Figure(), tmp_path / "map.jpg")


def test_style_of_the_caller_is_left_alone(equilibrium, tmp_path):
    before = dict(mpl.rcParams)
    plot.save(plot.field_map(equilibrium, "charge_density"), tmp_path / "map.png")
    assert dict(mpl.rcParams) == before


def test_pyplot_is_not_touched():
    import matplotlib.pyplot as plt

    assert plt.get_fignums() == []
    code = "import sys, pyscl.plot; assert 'matplotlib.pyplot' not in sys.modules"
    subprocess.run([sys.executable, "-P", "-c", code], check=True)


@pytest.mark.parametrize(
    ("largest", "unit", "expected"),
    [
        (0.3, "V", (1.0, "V")),
        (0.02, "V", (1e-3, "mV")),
        (6e6, "C/m^3", (1e6, "MC/m³")),
        (12.0, "1", (1.0, "")),
        (0.0, "A/m^2", (1.0, "A/m²")),
        (1e-12, "V", (1e-9, "nV")),
    ],
)
def test_units_get_the_prefix_that_suits_the_values(largest, unit, expected):
    assert prefixed(largest, unit) == expected


@pytest.mark.parametrize(("extent", "unit"), [(4e-7, "nm"), (5e-5, "µm"), (0.02, "mm")])
def test_lengths_get_the_unit_that_suits_the_extent(extent, unit):
    assert length_unit(extent)[1] == unit
