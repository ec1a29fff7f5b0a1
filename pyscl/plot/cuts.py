"""Fields along a cut, over bands in the colours of the regions."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from pyscl.errors import InputError, unknown_name
from pyscl.plot.scales import FloatArray, split_name, words_of
from pyscl.plot.style import (
    INK,
    LINES,
    STYLE,
    Width,
    halved,
    inches,
    legend_columns,
    length_unit,
    prefixed,
    region_colours,
    styled,
    text_width,
    with_unit,
)
from pyscl.postprocess.cut import Cut
from pyscl.solution import Solution

_DECADES_SHOWN = 12
_ZERO: dict[str, Any] = {"color": INK, "linewidth": 0.5, "linestyle": (0, (4, 3)), "zorder": 1}


@styled
def cut_plot(
    cut: Cut,
    solution: Solution | None = None,
    *,
    fields: Sequence[str] | None = None,
    width: Width = "single",
) -> Figure:
    """Draw fields along a cut, one above the other.

    The regions are shaded and named at the top. Curves of what jumps end at the interfaces. Site
    fractions have a logarithmic axis, and one that shows both ends where sites are nearly full. Of
    vectors the component along the cut is drawn solid and the one across, to the left, dashed.

    Args:
        cut: from `Solution.cut`.
        solution: the solution of the cut, only so that its regions have the same colours as in
            the maps; regions with a well-known name have them anyway.
        fields: names of what is drawn; default: potential, site fractions and charge density.
        width: "single" or "double" column.

    Raises:
        InputError: the cut lies outside the mesh, or an unknown field or width.
    """
    bands = _bands(cut)
    if not bands:
        raise InputError("the cut lies outside the mesh; there is nothing to draw")
    rows = _rows(cut, fields)
    along, length = length_unit(float(cut.distance[-1]))
    distance = cut.distance / along
    figure = Figure((inches(width), 1.25 * len(rows) + 0.75), layout="constrained")
    axes = list(figure.subplots(len(rows), 1, sharex=True, squeeze=False)[:, 0])
    for ax, names in zip(axes, rows, strict=True):
        if names[0].startswith("site_fraction_"):
            _site_fractions(ax, cut, distance, names, bands)
        elif cut.fields[names[0]].ndim == 2:
            _vector(ax, cut, distance, names[0], bands)
        else:
            _scalar(ax, cut, distance, names[0], bands)
    axes[-1].set_xlabel(f"Distance ({length})")
    axes[-1].set_xlim(distance[0], distance[-1])
    regions = cut.region[cut.region != ""] if solution is None else solution.model.mesh.region_names
    _shade(figure, axes, distance, bands, region_colours(list(dict.fromkeys(map(str, regions)))))
    figure.align_ylabels(axes)
    return figure


def _rows(cut: Cut, fields: Sequence[str] | None) -> list[list[str]]:
    """Return the names of the fields of every row; site fractions share theirs."""
    usual = [n for n in cut.fields if n.startswith("site_fraction_")]
    wanted = ["potential", *usual, "charge_density"] if fields is None else list(fields)
    rows: dict[str, list[str]] = {}
    for name in wanted:
        if name not in cut.fields:
            raise unknown_name("field", name, cut.fields, "along the cut")
        row = "site_fraction" if name.startswith("site_fraction_") else name
        rows.setdefault(row, []).append(name)
    return list(rows.values())


Bands = list[tuple[int, int, str]]


def _bands(cut: Cut) -> Bands:
    """Return (first sample, one past the last, region) of every stretch inside the mesh."""
    starts = np.flatnonzero(np.concatenate([[True], cut.region[1:] != cut.region[:-1]]))
    ends = np.append(starts[1:], len(cut.region))
    return [
        (int(a), int(b), str(cut.region[a]))
        for a, b in zip(starts, ends, strict=True)
        if cut.region[a] != ""
    ]


def _pieces(values: FloatArray, bands: Bands) -> Iterator[slice]:
    """Yield the stretches of regions in which a field exists."""
    for first, last, _ in bands:
        if np.isfinite(values[first:last]).any():
            yield slice(first, last)


def _scalar(ax: Axes, cut: Cut, distance: FloatArray, name: str, bands: Bands) -> None:
    values = cut.fields[name]
    factor, unit = prefixed(_largest(values), cut.units[name])
    for part in [slice(None)] if name == "potential" else _pieces(values, bands):
        ax.plot(distance[part], values[part] / factor, color=INK)
    if name.endswith("charge_density"):
        ax.axhline(0.0, **_ZERO)
    ax.set_ylabel(with_unit(_broken(words_of(name)), unit))


def _vector(ax: Axes, cut: Cut, distance: FloatArray, name: str, bands: Bands) -> None:
    """Draw the components along and across a cut."""
    direction = (cut.points[-1] - cut.points[0]) / np.linalg.norm(cut.points[-1] - cut.points[0])
    vectors = cut.fields[name]
    along, across = vectors @ direction, vectors @ [-direction[1], direction[0]]
    factor, unit = prefixed(_largest(vectors), cut.units[name])
    for label, values, style in (("along", along, "-"), ("across", across, "--")):
        words: str | None = label
        for part in _pieces(values, bands):
            ax.plot(distance[part], values[part] / factor, color=INK, linestyle=style, label=words)
            words = None
    ax.axhline(0.0, **_ZERO)
    ax.legend()
    ax.set_ylabel(with_unit(_broken(words_of(name)), unit))


def _site_fractions(
    ax: Axes, cut: Cut, distance: FloatArray, names: Sequence[str], bands: Bands
) -> None:
    values = [cut.fields[name] for name in names]
    for colour, name, y in zip(LINES * len(names), names, values, strict=False):
        label: str | None = split_name(name)[1]
        for part in _pieces(y, bands):
            ax.plot(distance[part], y[part], color=colour, label=label)
            label = None
    data = np.concatenate([y[np.isfinite(y)] for y in values])
    if data.size and data.min() > 0.0:
        ax.set_yscale("logit" if 0.9 < data.max() < 1.0 else "log")
        ax.set_ylim(bottom=max(ax.get_ylim()[0], 10.0**-_DECADES_SHOWN))
    if len(names) > 1:
        ax.legend()
        ax.set_ylabel("Site\nfraction")
    else:
        ax.set_ylabel(f"{split_name(names[0])[1]} site\nfraction")


def _broken(words: str) -> str:
    """Return a label in two lines if it is long; its unit stands in the last."""
    return f"{words}\n" if text_width(words, 8.0) < 0.9 else f"{halved(words)}\n"


def _shade(
    figure: Figure,
    axes: Sequence[Axes],
    distance: FloatArray,
    bands: Bands,
    colours: dict[str, str],
) -> None:
    """Shade the regions and name them above the first axes, or in a legend if names collide."""
    span = distance[-1] - distance[0]
    per_unit = 0.78 * figure.get_figwidth() / span

    def fits(width: float, name: str) -> bool:
        return width * per_unit > text_width(name) + 0.03

    edges = []
    labelled = set()
    for first, last, name in bands:
        x0 = distance[0] if first == 0 else 0.5 * (distance[first - 1] + distance[first])
        x1 = distance[-1] if last == len(distance) else 0.5 * (distance[last - 1] + distance[last])
        edges.append((x0, x1, name))
        if fits(x1 - x0, name):
            labelled.add(name)
    direct = all(name in labelled for _, _, name in edges)
    for x0, x1, name in edges:
        for ax in axes:
            ax.axvspan(x0, x1, facecolor=colours[name], alpha=0.35, linewidth=0.0, zorder=0)
        if direct and fits(x1 - x0, name):
            axes[0].text(
                0.5 * (x0 + x1),
                1.03,
                name,
                transform=axes[0].get_xaxis_transform(),
                ha="center",
                va="bottom",
                fontsize=STYLE["xtick.labelsize"],
            )
    if not direct:
        seen = list(dict.fromkeys(name for _, _, name in edges))
        figure.legend(
            handles=[
                Patch(facecolor=to_rgba(colours[n], 0.35), edgecolor=INK, linewidth=0.4, label=n)
                for n in seen
            ],
            loc="outside upper center",
            ncols=legend_columns(seen),
            handlelength=1.2,
            columnspacing=1.4,
        )


def _largest(values: FloatArray) -> float:
    return float(np.nanmax(np.abs(values)))
