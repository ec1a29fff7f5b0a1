"""Figures of studies: what is drawn is what was computed; lost cases and wrong names are said."""

import numpy as np
import pytest
import xarray as xr
from matplotlib.collections import QuadMesh
from matplotlib.colors import LogNorm, Normalize

from pyscl.errors import InputError
from pyscl.plot.ensembles import (
    distribution_plot,
    pair_plot,
    pareto_plot,
    sensitivity_plot,
)
from pyscl.plot.quantities import Levels, Quantity
from pyscl.plot.sweeps import heat_map, main_effects_plot, response_plot
from pyscl.sweep.analysis import confidence, ensemble, paired
from pyscl.sweep.sensitivity import Sensitivity

COVERAGE, SIZE, KINDS = np.array([0.1, 0.3, 0.5]), np.array([4.0, 8.0, 16.0, 32.0]), ("bare", "hot")


@pytest.fixture
def dataset():
    """Return resistances R = 2 + coverage * size (bare), half of it (hot), over 5 seeds."""
    seed = np.arange(5)
    c, s, k, n = np.meshgrid(COVERAGE, SIZE, [1.0, 0.5], seed, indexing="ij")
    values = k * (2.0 + c * s) * (1.0 + 0.01 * n)
    dims = ("coverage", "size", "kind", "seed")
    about = {"units": "Ohm cm2", "long_name": "resistance"}
    return xr.Dataset(
        {
            "R": (dims, values, about),
            "loss": (dims, c * s, {"units": "1", "long_name": "loss"}),
            "status": (dims, np.full(values.shape, "done")),
        },
        {
            "coverage": ("coverage", COVERAGE, {"units": "1", "long_name": "coverage"}),
            "size": ("size", SIZE, {"units": "nm", "long_name": "island size"}),
            "kind": ("kind", list(KINDS), {"long_name": "kind"}),
            "seed": ("seed", seed, {"units": "1", "long_name": "seed"}),
        },
    )


def legend(figure):
    found = [*figure.legends, *(ax.get_legend() for ax in figure.axes)]
    return [text.get_text() for one in found if one for text in one.get_texts()]


def curves(ax):
    return [line for line in ax.lines if len(line.get_xdata()) > 1]


# --- axes -------------------------------------------------------------------------------------


def test_levels_that_go_up_by_factors_have_a_logarithmic_axis(dataset):
    assert Levels.of(dataset["size"]).logarithmic
    assert not Levels.of(dataset["coverage"]).logarithmic
    for values, logarithmic in (([1, 2, 3, 4, 6, 9, 14, 20], True), (np.arange(1, 11), False)):
        levels = xr.DataArray(np.array(values, dtype=float), name="x")
        assert Levels.of(levels).logarithmic == logarithmic
    kinds = Levels.of(dataset["kind"])
    assert (kinds.numeric, kinds.names, kinds.places.tolist()) == (False, KINDS, [0.0, 1.0])


def test_a_quantity_chooses_prefix_and_scale():
    drop = xr.DataArray([0.2e-3, 0.3e-3], name="drop", attrs={"units": "V", "long_name": "drop"})
    found = Quantity.of(drop)
    assert (found.label, found.factor, found.logarithmic) == ("Drop (mV)", 1e-3, False)
    wide = xr.DataArray([1.0, 100.0], name="R", attrs={"units": "Ohm m", "long_name": "R/R0"})
    assert (Quantity.of(wide).label, Quantity.of(wide).logarithmic) == ("R/R0 (Ω m)", True)
    assert not Quantity.of(wide, "linear").logarithmic
    with pytest.raises(InputError, match="not positive everywhere"):
        Quantity.of(wide - 1.0, "log")
    with pytest.raises(InputError, match="has no values; no case is done"):
        Quantity.of(wide * np.nan)
    with pytest.raises(InputError, match="no scale 'logarithmic'"):
        Quantity.of(wide, "logarithmic")


# --- products of axes -------------------------------------------------------------------------


def test_main_effects_have_a_panel_per_axis_with_the_means(dataset):
    figure = main_effects_plot(dataset.isel(seed=[0]), "R")
    assert [ax.get_xlabel() for ax in figure.axes] == ["Coverage", "Island size (nm)", "Kind"]
    assert figure.axes[0].get_ylabel() == "Resistance (Ω cm²)"
    x, y = figure.axes[1].lines[0].get_data()
    assert x == pytest.approx(SIZE)
    assert y == pytest.approx(0.75 * (2.0 + COVERAGE.mean() * SIZE))
    assert [t.get_text() for t in figure.axes[2].get_xticklabels()] == list(KINDS)
    (ax,) = main_effects_plot(dataset, "R", axes=["size"]).axes
    assert ax.get_xscale() == "log"
    with pytest.raises(InputError, match="no axis with several levels 'sise'"):
        main_effects_plot(dataset, "R", axes=["sise"])


def test_a_map_has_a_panel_per_level_and_lost_cases_are_grey(dataset):
    one = dataset.isel(seed=0)
    one["R"][0, 0, 0] = np.nan
    figure = heat_map(one, "R", "coverage", "size", panels="kind")
    maps = [ax for ax in figure.axes if ax.get_title(loc="left")]
    assert [ax.get_title(loc="left") for ax in maps] == list(KINDS)
    (mesh,) = [c for c in maps[1].collections if isinstance(c, QuadMesh)]
    expected = 0.5 * (2.0 + COVERAGE[None, :] * SIZE[:, None])
    assert np.asarray(mesh.get_array()) == pytest.approx(expected)
    assert [t.get_text() for t in maps[0].get_yticklabels()] == ["4", "8", "16", "32"]
    assert figure.axes[-1].get_ylabel() == "Resistance (Ω cm²)"
    assert legend(figure) == ["no result"]


def test_values_of_both_signs_have_colours_about_zero(dataset):
    one = dataset.isel(seed=0, kind=0)
    one["R"] = one["R"].copy(data=one["R"].values - 6.0)
    figure = heat_map(one, "R", "coverage", "size", numbers=True)
    mesh = figure.axes[0].collections[0]
    assert mesh.get_cmap().name == "RdBu_r"
    assert type(mesh.norm) is Normalize
    assert mesh.norm.vmax == -mesh.norm.vmin == pytest.approx(12.0)
    assert len(figure.axes[0].texts) == 12
    wide = dataset.isel(seed=0, kind=0)
    assert (
        type(heat_map(wide, "R", "coverage", "size", scale="log").axes[0].collections[0].norm)
        is LogNorm
    )


def test_a_map_of_a_table_with_other_axes_is_refused(dataset):
    with pytest.raises(InputError, match=r"also depends on kind, seed: select a level"):
        heat_map(dataset, "R", "coverage", "size")
    with pytest.raises(InputError, match="no axis 'sizes' of 'R'"):
        heat_map(dataset, "R", "coverage", "sizes")


def test_curves_of_an_ensemble_have_its_means_and_bands(dataset):
    figure = response_plot(dataset.sel(coverage=0.3), "R", "size", by="kind", over="seed")
    (ax,) = figure.axes
    assert legend(figure) == list(KINDS)
    found = ensemble(dataset.sel(coverage=0.3), "R", "seed")
    for line, kind in zip(curves(ax), KINDS, strict=True):
        assert line.get_ydata() == pytest.approx(found["mean"].sel(kind=kind).values)
    assert len(ax.collections) == 4
    top = max(path.vertices[:, 1].max() for path in ax.collections[0].get_paths())
    assert top == pytest.approx(float(found["upper"].sel(kind="bare").max()))


def test_curves_refuse_axes_that_are_not_drawn(dataset):
    with pytest.raises(InputError, match=r"also depends on kind, seed: select a level"):
        response_plot(dataset, "R", "size", by="coverage")
    with pytest.raises(InputError, match="no axis 'length'"):
        response_plot(dataset.isel(coverage=0, kind=0, seed=0), "R", "length")


def test_a_legend_of_many_curves_stays_inside_the_figure():
    sizes = ("size", 1000.0 + np.arange(9.0), {"units": "nm", "long_name": "island size"})
    many = xr.Dataset(
        {"R": (("x", "size"), np.ones((2, 9)))}, {"x": ("x", [1.0, 2.0]), "size": sizes}
    )
    figure = response_plot(many, "R", "x", by="size")
    box = figure.legends[0].get_window_extent()
    assert 0.0 <= box.x0 < box.x1 <= figure.bbox.width
    assert figure.legends[0].get_title().get_text() == "Island size (nm)"


# --- ensembles and samples --------------------------------------------------------------------


def test_pairs_show_every_pair_and_the_interval(dataset):
    pairs = paired(dataset, "R", "kind", "hot", "bare")
    figure = pair_plot({"hot against bare": pairs})
    (ax,) = figure.axes
    assert sorted(ax.lines[1].get_xdata()) == pytest.approx([0.5] * 60)
    assert np.ptp(ax.lines[1].get_ydata()) > 0.1  # beside each other
    assert ax.get_xlabel() == "Promotion"
    difference = paired(dataset, "R", "kind", "hot", "bare", kind="difference")
    (ax,) = pair_plot({"hot - bare": difference}).axes
    assert ax.get_xlabel() == "Difference (Ω cm²)"
    mean = confidence(difference.values)
    assert ax.lines[2].get_xdata() == pytest.approx([mean.low, mean.high])
    with pytest.raises(InputError, match="several of one kind"):
        pair_plot({"a": pairs, "b": difference})


def test_a_distribution_adds_up_to_all_cases_and_marks_the_median(dataset):
    figure = distribution_plot(dataset, "R", by="kind")
    (ax,) = figure.axes
    bars = [patch for patch in ax.patches if hasattr(patch, "get_height")]
    assert sum(bar.get_height() for bar in bars) == pytest.approx(2.0)
    medians = [line.get_xdata()[0] for line in ax.lines if line.get_marker() == "o"]
    assert medians == pytest.approx([float(dataset["R"].sel(kind=k).median()) for k in KINDS])
    assert legend(figure) == list(KINDS)


def test_a_tornado_has_a_bar_per_parameter_with_its_interval():
    first, total = np.array([0.6, 0.1]), np.array([0.7, 0.3])
    error = np.array([0.05, 0.02])
    found = Sensitivity("R", "sobol", ("step", "sites"), first, error, total, error, 100, 0)
    figure = sensitivity_plot(found, {"step": "step of mu0"})
    (ax,) = figure.axes
    assert [bar.get_width() for bar in ax.patches] == pytest.approx([0.6, 0.1, 0.7, 0.3])
    assert [t.get_text() for t in ax.get_yticklabels()] == ["step of mu0", "sites"]
    assert legend(figure) == ["first order", "total"]
    morris = Sensitivity("R", "morris", ("step",), first[:1], error[:1], total[:1], None, 9, 0, "V")
    assert sensitivity_plot(morris).axes[0].get_xlabel() == "Elementary effect (V)"
    with pytest.raises(InputError, match="several of one method"):
        sensitivity_plot([found, morris])


def test_the_front_goes_through_what_nothing_beats(dataset):
    figure = pareto_plot(dataset.isel(seed=0), "loss", "R", by="kind", goals=("max", "min"))
    (ax,) = figure.axes
    x, y = ax.lines[0].get_data()
    hot = dataset.isel(seed=0, kind=1)
    assert set(np.round(x, 9)) <= set(np.round(hot["loss"].values.ravel(), 9))
    assert y == pytest.approx(0.5 * (2.0 + x))
    assert len(x) == len(np.unique(np.round(hot["loss"].values, 9)))
    assert legend(figure) == list(KINDS)
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("Loss", "Resistance (Ω cm²)")
