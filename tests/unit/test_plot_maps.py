"""Maps and cuts of one solution: arrows, lines, pieces, comparisons; labels of all pictures."""

import re

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.colors import LogNorm, Normalize
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch
from matplotlib.quiver import Quiver
from test_plot import CONTACTS, INSULATOR, along, bar_labels, box, conductor, every_axes, map_norms

import pyscl
from pyscl import plot
from pyscl.errors import InputError
from pyscl.mesh import from_delaunay
from pyscl.plot.ends import number
from pyscl.plot.places import line_across, spot_of, window_at
from pyscl.plot.style import COLUMN, PAGE, STYLE
from pyscl.plot.ticks import plain

NM = 1e-9
UNIT = re.compile(r"\((.*[A-Za-zΩ°µ%²³/].*)\)$")
PURE = ("site fraction", "Newton iteration")  # numbers without a unit


def solved(step, mesh=None):
    materials = {
        "active": conductor(step),
        "electrolyte": conductor(0.0, 0.1),
        "inclusion": INSULATOR,
    }
    return pyscl.Model(mesh or box(), materials, contacts=CONTACTS)


@pytest.fixture(scope="module")
def equilibrium():
    return solved(0.2).equilibrium()


@pytest.fixture(scope="module")
def steady(equilibrium):
    return equilibrium.model.steady({"right": 0.01}, start=equilibrium)


@pytest.fixture(scope="module")
def weaker():
    return solved(0.1).equilibrium()


def quiver_of(ax):
    (arrows,) = [c for c in ax.collections if isinstance(c, Quiver)]
    return arrows


def angles(vectors):
    return np.arctan2(vectors[:, 1], vectors[:, 0])


# Arrows and lines.


@pytest.mark.parametrize("name", ["electric_field", "current_density_Li"])
def test_arrows_point_along_the_field(steady, name):
    ax = plot.field_map(steady, name, arrows=True).axes[0]
    arrows = quiver_of(ax)
    assert len(arrows.U) > 50
    places = np.asarray(arrows.get_offsets()) * NM
    found = np.array([_triangle_at(steady.model.mesh, place) for place in places])
    own = steady[name].values[found]
    size = np.hypot(*own.T)
    turned = np.angle(np.exp(1j * (angles(np.stack([arrows.U, arrows.V], 1)) - angles(own))))
    large = size > 0.1 * size.max()
    assert large.sum() > 10
    assert np.abs(turned[large]).max() < np.radians(30.0)  # one triangle against the mean of some
    assert np.abs(turned[large]).mean() < np.radians(5.0)


def _triangle_at(mesh, point):
    centres = mesh.points[mesh.triangles].mean(axis=1)
    return int(np.argmin(((centres - point) ** 2).sum(axis=1)))


def test_arrows_over_a_scalar_are_those_of_the_electric_field(equilibrium):
    over = quiver_of(plot.field_map(equilibrium, "potential", arrows=True).axes[0])
    own = quiver_of(plot.field_map(equilibrium, "electric_field", arrows=True).axes[0])
    np.testing.assert_allclose(over.U, own.U)
    np.testing.assert_allclose(over.V, own.V)


def test_arrows_are_longer_where_the_field_is_larger_by_decades(equilibrium):
    arrows = quiver_of(plot.field_map(equilibrium, "electric_field", arrows=True).axes[0])
    length = np.hypot(arrows.U, arrows.V)
    assert length.max() == pytest.approx(1.0)
    assert 0.15 <= length.min() < 0.8


def test_arrows_below_the_map_name_their_field_and_the_longest(equilibrium):
    ax = plot.field_map(equilibrium, "potential", arrows=True).axes[0]
    (text,) = [t.get_text() for t in ax.texts if t.get_text().startswith("arrows")]
    words = r"arrows: E, longest ([\d.]+) (.*), 17 % shorter per decade"
    value, unit = re.match(words, text).groups()
    size = np.hypot(*equilibrium["electric_field"].values.T).max()
    assert float(value) * {"MV/m": 1e6, "kV/m": 1e3}[unit] == pytest.approx(size, rel=0.3)


def test_rounding_has_no_arrows_and_no_lines(steady):
    """As the current of rest, whose directions look like those of a current."""
    field = steady["current_density_Li"].values
    before = field.copy()
    try:
        field *= 1e-16 / np.abs(field).max()
        figure = plot.overview(steady, window="strongest", arrows=True)
        lines = plot.field_map(steady, "current_density_Li", streamlines=True).axes[0]
    finally:
        field[:] = before
    arrows = [any(isinstance(c, Quiver) for c in ax.collections) for ax in figure.axes[:4]]
    assert arrows == [True, False, False, False]
    assert not [c for c in lines.collections if c.get_zorder() == 2.5]


def test_between_lines_of_a_current_flow_equal_currents(steady):
    """At x = 8.03 nm, counted against the integral of the current."""
    ax = plot.field_map(steady, "current_density_Li", streamlines=True).axes[0]
    (lines,) = [c for c in ax.collections if c.get_zorder() == 2.5]
    crossings = []
    for x, y in (np.asarray(segment).T for segment in lines.get_segments()):
        for k in np.flatnonzero(np.diff(np.sign(x - 8.03))):
            share = (8.03 - x[k]) / (x[k + 1] - x[k])
            crossings.append(y[k] + share * (y[k + 1] - y[k]))
    cut = steady.cut((8.03 * NM, 0.0), (8.03 * NM, 10 * NM), 4001)
    current = cut.fields["current_density_Li"][:, 0]
    flown = np.concatenate([[0.0], np.cumsum(0.5 * (current[1:] + current[:-1]))])
    shares = np.interp(np.sort(crossings), cut.distance / NM, flown / flown[-1])
    assert len(shares) > 15
    np.testing.assert_allclose(np.diff(shares), 1.0 / len(shares), rtol=0.25)


def test_arrows_on_stretched_axes_have_the_true_direction():
    """A field that is nearly along a thin strip, which is drawn higher than it is."""
    x, y = np.meshgrid(np.linspace(0.0, 40 * NM, 41), np.linspace(0.0, 2 * NM, 5))
    mesh = from_delaunay(
        np.column_stack([x.ravel(), y.ravel()]), lambda c: np.full(len(c), "electrolyte")
    )
    model = pyscl.Model(mesh, {"electrolyte": conductor(0.0)}, contacts=CONTACTS)
    solution = model.equilibrium()
    field = solution["electric_field"].values
    field[:] = [1.0, 0.05]
    ax = plot.field_map(solution, "electric_field", arrows=True).axes[0]
    arrows = quiver_of(ax)
    np.testing.assert_allclose(arrows.V / arrows.U, 0.05, rtol=1e-9)
    assert ax.get_ylabel() == "stretched\ny (nm)"
    assert ax.get_xlabel() == "x (nm)"


def test_lines_stay_where_the_field_exists(steady):
    ax = plot.field_map(steady, "current_density_Li", streamlines=True).axes[0]
    drawn = [c for c in ax.collections if type(c).__name__ == "LineCollection"]
    (lines,) = [c for c in drawn if c.get_zorder() == 2.5]
    places = np.concatenate(lines.get_segments())
    inside = (np.abs(places - [13.0, 5.0]) < 2.3).all(axis=1)
    assert len(places) > 100
    assert not inside.any()
    assert [p for p in ax.patches if isinstance(p, FancyArrowPatch)]


# Pieces.


def test_the_strongest_layer_is_where_the_field_is_largest(equilibrium):
    spot = spot_of(equilibrium)
    assert spot.interface == "active|electrolyte"
    assert spot.point[0] == pytest.approx(5 * NM)
    np.testing.assert_allclose(spot.normal, [1.0, 0.0], atol=1e-12)
    size = np.hypot(*equilibrium["electric_field"].values.T)
    strongest = equilibrium.model.mesh.points[equilibrium.model.mesh.triangles[size.argmax()]].mean(
        axis=0
    )
    assert np.abs(spot.point - strongest).max() < 1 * NM
    x0, x1, y0, y1 = window_at(equilibrium)
    assert x0 < strongest[0] < x1
    assert y0 <= strongest[1] <= y1


def test_a_window_holds_the_named_interface(equilibrium):
    x0, x1, y0, y1 = window_at(equilibrium, "inclusion|electrolyte")
    spot = spot_of(equilibrium, "electrolyte|inclusion")
    assert x0 <= spot.point[0] <= x1
    assert y0 <= spot.point[1] <= y1
    inside = np.abs(spot.point - np.array([13.0, 5.0]) * NM)
    assert inside.max() == pytest.approx(2.5 * NM)


def test_a_line_across_an_interface_is_normal_to_it_and_ends_in_the_mesh(equilibrium):
    start, end, _ = line_across(equilibrium, "active|electrolyte")
    assert start[1] == pytest.approx(end[1])
    assert start[0] < 5 * NM < end[0]
    cut = equilibrium.cut(start, end, 50)
    assert (cut.region != "").all()
    assert [cut.region[0], cut.region[-1]] == ["active", "electrolyte"]


def test_an_unknown_interface_is_refused_with_the_nearest(equilibrium):
    with pytest.raises(InputError, match=r"Did you mean 'active\|electrolyte'"):
        window_at(equilibrium, "active|electrolite")


def test_a_mesh_without_interfaces_has_no_strongest_layer():
    mesh = from_delaunay(
        np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]) * NM,
        lambda c: np.full(len(c), "electrolyte"),
    )
    model = pyscl.Model(mesh, {"electrolyte": conductor(0.0)}, contacts=CONTACTS)
    with pytest.raises(InputError, match="no interface"):
        spot_of(model.equilibrium())


def test_the_inset_shows_the_layer_on_the_scale_of_the_whole(equilibrium):
    figure = plot.field_map(equilibrium, "potential", inset="active|electrolyte")
    whole, piece = figure.axes[:2]
    assert whole.get_xlim() == pytest.approx((0.0, 20.0))
    x0, x1 = piece.get_xlim()
    assert x0 < 5.0 < x1
    assert x1 - x0 < 10.0
    first, second = map_norms(figure)
    assert (first.vmin, first.vmax) == (second.vmin, second.vmax)
    assert figure.get_figwidth() == pytest.approx(PAGE)
    assert bar_labels(figure) == ["Potential (V)"]
    phi = equilibrium.potential
    assert (first.vmin, first.vmax) == pytest.approx((phi.min(), phi.max()))
    figure = plot.field_map(equilibrium, "potential", inset=(15 * NM, 19 * NM, 1 * NM, 4 * NM))
    assert map_norms(figure)[1].vmax == pytest.approx(phi.max())  # not that of the piece


def test_a_single_column_has_the_inset_below(equilibrium):
    figure = plot.field_map(equilibrium, "potential", inset="strongest", width="single")
    whole, piece = (ax.get_window_extent() for ax in figure.axes[:2])
    assert figure.get_figwidth() == pytest.approx(COLUMN)
    assert piece.y1 < whole.y0


def test_a_marked_cut_line_is_where_the_cut_is(equilibrium):
    ends = ((1 * NM, 2 * NM), (15 * NM, 8 * NM))
    ax = plot.field_map(equilibrium, "potential", line=ends).axes[0]
    np.testing.assert_allclose(ax.lines[1].get_xydata(), [[1.0, 2.0], [15.0, 8.0]])


def test_an_overview_of_a_layer_has_the_scale_of_what_is_seen(equilibrium):
    figure = plot.overview(equilibrium, window="inclusion|electrolyte", arrows=True)
    norm = map_norms(figure)[0]
    assert (norm.vmax - norm.vmin) * 1e-3 < 0.5 * np.ptp(equilibrium.potential)
    assert quiver_of(figure.axes[0]).N > 10
    assert len({ax.get_xlim() for ax in figure.axes}) == 1


# Comparisons.


def test_differences_have_one_symmetric_scale_and_the_right_sign(equilibrium, weaker):
    figure = plot.comparison({"strong": equilibrium, "weak": weaker}, "potential", reference="weak")
    titles = [ax.get_title(loc="left") for ax in figure.axes if ax.get_title(loc="left")]
    assert titles == ["(a) strong", "(b) weak", "(c) strong − weak"]
    norms = map_norms(figure)
    assert (norms[0].vmin, norms[0].vmax) == (norms[1].vmin, norms[1].vmax)
    assert norms[2].vmin == pytest.approx(-norms[2].vmax)
    largest = np.abs(equilibrium.potential - weaker.potential).max()
    factor = 1e-3 if "(mV)" in bar_labels(figure)[1] else 1.0
    assert norms[2].vmax * factor == pytest.approx(largest)
    maps = [c for ax in figure.axes for c in ax.collections if type(c).__name__ == "TriMesh"]
    expected = equilibrium["potential"].values - weaker["potential"].values
    np.testing.assert_allclose(np.asarray(maps[2].get_array()) * factor, expected)
    assert [text.split(" (")[0] for text in bar_labels(figure)] == ["Potential", "Δ Potential"]


def test_three_cases_stand_over_their_differences_and_the_reference_over_the_geometry(
    equilibrium, weaker
):
    cases = {"strong": equilibrium, "weak": weaker, "same": equilibrium}
    figure = plot.comparison(cases, "potential", reference="weak")
    maps = [ax for ax in figure.axes if ax.get_subplotspec() is not None]
    assert [ax.get_title(loc="left") for ax in maps] == [
        "(a) weak",
        "(b) strong",
        "(c) same",
        "(d) regions of the mesh",
        "(e) strong − weak",
        "(f) same − weak",
    ]
    assert [bool(ax.get_xlabel()) for ax in maps] == [False] * 3 + [True] * 3
    names = [text.get_text() for text in maps[3].get_legend().get_texts()]
    assert names == list(equilibrium.model.mesh.region_names)
    bars = [ax.get_position().x0 for ax in figure.axes if ax.get_subplotspec() is None]
    assert bars[0] == pytest.approx(bars[1])
    assert bars[0] > max(ax.get_position().x1 for ax in maps)


def test_differences_need_one_mesh_and_a_known_reference(equilibrium):
    x, y = np.meshgrid(np.linspace(0.0, 20 * NM, 21), np.linspace(0.0, 10 * NM, 11))

    def region_of(c):
        return np.where(c[:, 0] < 5 * NM, "active", "electrolyte")

    mesh = from_delaunay(np.column_stack([x.ravel(), y.ravel()]), region_of)
    materials = {"active": conductor(0.2), "electrolyte": conductor(0.0, 0.1)}
    other = pyscl.Model(mesh, materials, contacts=CONTACTS).equilibrium()
    with pytest.raises(InputError, match="different meshes"):
        plot.comparison({"a": equilibrium, "b": other}, "potential", reference="b")
    with pytest.raises(InputError, match="no reference 'c'"):
        plot.comparison({"a": equilibrium, "b": equilibrium}, "potential", reference="c")


def test_many_cases_have_labels_at_the_outer_maps_only(equilibrium):
    cases = dict.fromkeys("abcd", equilibrium)
    figure = plot.comparison(cases, "potential", reference="d")
    maps = [ax for ax in figure.axes if ax.get_subplotspec() is not None]
    assert len(maps) == 4 + 3
    spots = [
        (ax.get_subplotspec().rowspan.start, ax.get_subplotspec().colspan.start) for ax in maps
    ]
    assert spots == [(0, 0), (0, 1), (0, 2), (1, 0), (2, 0), (2, 1), (2, 2)]
    assert [bool(ax.get_xlabel()) for ax in maps] == [False] * 4 + [True] * 3
    assert [bool(ax.get_ylabel()) for ax in maps] == [c == 0 for _, c in spots]


def test_a_row_of_a_comparison_shares_its_bar(equilibrium, weaker):
    figure = plot.comparison({"a": equilibrium, "b": weaker}, "charge_density", reference="b")
    maps = [ax for ax in figure.axes if ax.get_subplotspec() is not None]
    bars = [ax for ax in figure.axes if ax.get_subplotspec() is None]
    assert (len(maps), len(bars)) == (3, 2)
    upper = bars[0].get_position()
    assert upper.x0 > max(ax.get_position().x1 for ax in maps[:2])
    assert upper.height == pytest.approx(maps[1].get_position().height)


# Scales.


def test_a_uniform_magnitude_is_not_magnified(equilibrium):
    field = equilibrium["electric_field"].values.copy()
    try:
        equilibrium["electric_field"].values[:] = [1e6, 1e3]
        (norm,) = map_norms(plot.field_map(equilibrium, "electric_field"))
    finally:
        equilibrium["electric_field"].values[:] = field
    assert type(norm) is Normalize
    assert norm.vmin == 0.0
    (norm,) = map_norms(plot.field_map(equilibrium, "electric_field"))
    assert isinstance(norm, LogNorm)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (r"$\mathdefault{10^{-3}}$", "10⁻³"),
        (r"$\mathdefault{1-10^{-4}}$", "1−10⁻⁴"),
        (r"$\mathdefault{-10^{12}}$", "−10¹²"),
        (r"$\mathdefault{2\times10^{3}}$", "2×10³"),
        (r"$\mathdefault{\frac{1}{2}}$", "0.5"),
        (r"$\mathdefault{10^{-1}}$", "10⁻¹"),
        ("0.25", "0.25"),
    ],
)
def test_labels_of_ticks_are_plain_text(text, expected):
    assert plain(text) == expected


def test_both_ends_of_a_site_fraction_are_labelled():
    solution = along(-0.7)  # empties one side and fills the other
    y = solution.site_fraction("Li")
    assert y.min() < 0.1
    assert y.max() > 0.99
    figure = plot.field_map(solution, "site_fraction_Li")
    bar = figure.axes[0].child_axes[-1]
    labels = [t.get_text() for t in bar.get_xticklabels()]  # above a thin strip
    assert labels[0] == number(y.min())
    assert labels[-1].startswith("1−") or labels[-1] == f"{y.max():.3f}"
    assert "0.5" in labels
    assert not any("$" in text for text in labels)


# All pictures.


@pytest.mark.parametrize(
    "draw",
    [
        lambda s: plot.overview(s),
        lambda s: plot.overview(s, window="strongest", arrows=True),
        lambda s: plot.overview(s, width="single"),
        lambda s: plot.field_map(s, "current_density_Li", streamlines=True),
        lambda s: plot.field_map(s, "concentration_Li", inset="strongest"),
        lambda s: plot.comparison({"a": s, "b": s}, "electric_field", reference="b"),
        lambda s: plot.cut_plot(s.cut((0.0, 5 * NM), (20 * NM, 5 * NM)), s),
        lambda s: plot.cut_plot(
            s.cut((0.0, 5 * NM), (20 * NM, 5 * NM)),
            fields=[n for n in s.field_names if n != "potential"],
        ),
        lambda s: plot.convergence_plot(s.history),
        lambda s: plot.mesh_map(s.model.mesh, "active|electrolyte"),
        lambda s: plot.region_map(s.model.mesh),
    ],
)
def test_every_axis_with_numbers_has_a_label_with_a_unit(steady, draw):
    figure = draw(steady)
    found = 0
    for ax in every_axes(figure):
        if hasattr(ax, "_colorbar"):
            titles = [a.get_title(loc="left") for a in every_axes(figure) if ax in a.child_axes]
            written = (ax.get_xlabel(), ax.get_ylabel(), ax.get_title(loc="left"), *titles)
            labels = [text for text in written if text]
            assert labels, "a colour bar without a label"
        else:
            labels = [
                label
                for label, axis in zip((ax.get_xlabel(), ax.get_ylabel()), "xy", strict=True)
                if _numbered(ax, axis)
            ]
        for text in (label.replace("\n", " ") for label in labels):
            found += 1
            assert UNIT.search(text) or any(word in text for word in PURE), text
    assert found


def _numbered(ax, axis):
    texts = ax.get_xticklabels() if axis == "x" else ax.get_yticklabels()
    return any(text.get_visible() and text.get_text() for text in texts)


@pytest.mark.parametrize(
    "draw",
    [
        lambda s: plot.overview(s),
        lambda s: plot.overview(s, width="single"),
        lambda s: plot.field_map(s, "site_fraction_Li", inset="strongest", width="single"),
        lambda s: plot.comparison({"a": s, "b": s, "c": s}, "potential", reference="c"),
        lambda s: plot.mesh_map(s.model.mesh, "active|electrolyte"),
        lambda s: plot.cut_plot(s.cut((0.0, 5 * NM), (20 * NM, 5 * NM)), s),
    ],
)
def test_nothing_is_cut_off_or_written_on_top_of_each_other(steady, draw):
    figure = draw(steady)
    figure.draw_without_rendering()
    inside = figure.bbox
    boxes = []
    for ax in every_axes(figure):
        for text in (ax.xaxis.label, ax.yaxis.label, ax.title, ax._left_title):
            if text.get_text() and text.get_visible():
                boxes.append((text.get_text(), text.get_window_extent()))
    for words, place in boxes:
        assert place.x0 >= inside.x0 - 0.5, words
        assert place.x1 <= inside.x1 + 0.5, words
        assert place.y0 >= inside.y0 - 0.5, words
        assert place.y1 <= inside.y1 + 0.5, words
    for k, (words, place) in enumerate(boxes):
        for other, there in boxes[:k]:
            assert not place.overlaps(there), (words, other)


@pytest.mark.parametrize(("width", "inches"), [("single", 89 / 25.4), ("double", 183 / 25.4)])
def test_widths_are_those_of_journals(equilibrium, width, inches):
    cut = equilibrium.cut((0.0, 5 * NM), (20 * NM, 5 * NM))
    for figure in (
        plot.field_map(equilibrium, "potential", width=width),
        plot.overview(equilibrium, width=width),
        plot.cut_plot(cut, width=width),
        plot.comparison({"a": equilibrium, "b": equilibrium}, "potential", width=width),
    ):
        assert figure.get_figwidth() == pytest.approx(inches, rel=5e-3)


def test_texts_are_readable_in_print(equilibrium):
    figure = plot.overview(equilibrium)
    texts = [t for t in figure.findobj(mpl.text.Text) if t.get_text()]
    assert min(t.get_fontsize() for t in texts) >= 7.0


def test_the_style_sheet_is_one_file_that_matplotlib_knows():
    import matplotlib.style

    with mpl.rc_context():
        matplotlib.style.use("pyscl.plot.pyscl")
        for key, value in STYLE.items():
            assert mpl.rcParams[key] == value, key


def test_fields_of_a_vector_file_are_pixels_and_all_else_is_lines(equilibrium, tmp_path):
    plot.save(plot.field_map(equilibrium, "potential"), tmp_path / "map.svg")
    text = (tmp_path / "map.svg").read_text()
    assert text.count("<image") == 2  # the map and the colours of its bar
    assert text.count("<path") > 20


def test_axes_that_were_given_keep_the_layout_of_their_figure(equilibrium):
    figure = Figure(layout="constrained")
    for ax in figure.subplots(1, 2):
        plot.field_map(equilibrium, "potential", ax=ax)
    assert type(figure.get_layout_engine()).__name__ == "ConstrainedLayoutEngine"


def test_cut_of_a_vector_shows_the_component_along_it(steady):
    cut = steady.cut((0.0, 5 * NM), (20 * NM, 5 * NM), 80)
    (ax,) = plot.cut_plot(cut, fields=["electric_field"]).axes
    drawn = np.concatenate([line.get_ydata() for line in ax.lines if line.get_linestyle() == "-"])
    label = ax.get_ylabel().replace("\n", " ")
    factor = {"M": 1e6, "k": 1e3}[UNIT.search(label)[1][0]]
    np.testing.assert_allclose(drawn * factor, cut.fields["electric_field"][:, 0])
    with pytest.raises(InputError, match="no field 'electric_feld' along the cut"):
        plot.cut_plot(cut, fields=["electric_feld"])


def test_depleted_and_full_ends_are_both_on_the_axis_of_a_cut():
    solution = along(-0.7)
    figure = plot.cut_plot(solution.cut((0.0, 0.5 * NM), (40 * NM, 0.5 * NM), 200))
    ax = figure.axes[1]
    assert ax.get_yscale() == "logit"
    low, high = ax.get_ylim()
    y = np.concatenate([line.get_ydata() for line in ax.lines])
    assert low < y.min()
    assert y.max() < high < 1.0
