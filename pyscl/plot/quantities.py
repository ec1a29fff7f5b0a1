"""Outputs and axes of studies as they stand on the axes of figures: labels, prefixes, scales."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from pyscl.errors import InputError, unknown_name
from pyscl.plot.scales import FloatArray
from pyscl.plot.style import legend_columns, prefixed, raised, text_width, with_unit

if TYPE_CHECKING:
    import xarray

MARKERS = "osD^vP"

_TICKS = 6  # most values of an axis that are all named
_DECADES = 30.0  # span of positive values from which on their axis is logarithmic


@dataclass(frozen=True)
class Quantity:
    """How the values of an output or axis are shown.

    Attributes:
        label: with the unit.
        factor: values per unit of the label.
        logarithmic: whether its axis is.
    """

    label: str
    factor: float = 1.0
    logarithmic: bool = False

    @classmethod
    def of(
        cls, values: "xarray.DataArray", scale: Literal["auto", "linear", "log"] = "auto"
    ) -> "Quantity":
        """Choose prefix and scale for values.

        Raises:
            InputError: nothing can be drawn: no value, or none above zero on a logarithmic scale.
        """
        if scale not in ("auto", "linear", "log"):
            raise unknown_name("scale", scale, ("auto", "linear", "log"))
        found = values.values[np.isfinite(values.values)]
        name = str(values.attrs.get("long_name", values.name))
        if not found.size:
            raise InputError(f"'{values.name}' has no values; no case is done")
        positive = bool((found > 0.0).all())
        if scale == "log" and not positive:
            raise InputError(f"'{values.name}' is not positive everywhere; take a linear scale")
        wide = positive and found.max() > _DECADES * found.min()
        unit = str(values.attrs.get("units", "1"))
        factor, shown = 1.0, "" if unit == "1" else raised(unit)
        if unit in ("m", "s", "V", "A", "eV", "F", "C", "Ohm"):
            factor, shown = prefixed(float(np.abs(found).max()), unit)
        return cls(
            with_unit(_capital(name), shown), factor, scale == "log" or (scale == "auto" and wide)
        )

    def apply(self, axis: Any) -> None:
        """Give label and scale to an axis of matplotlib."""
        axis.set_label_text(self.label)
        if self.logarithmic:
            axis._set_axes_scale("log")
            plain_decades(axis)


@dataclass(frozen=True)
class Levels:
    """The levels of an axis of a study, as places on an axis of a figure.

    Attributes:
        label: with the unit.
        places: of the levels [unit of the axis] (n,); for texts 0, 1, 2, ...
        names: of the levels.
        numeric: whether they are numbers.
        logarithmic: whether they go up by factors.
    """

    label: str
    places: FloatArray
    names: tuple[str, ...]
    numeric: bool
    logarithmic: bool = False

    @classmethod
    def of(cls, axis: "xarray.DataArray") -> "Levels":
        """Return the levels of an axis."""
        values, name = axis.values, _capital(str(axis.attrs.get("long_name", axis.name)))
        if values.dtype.kind not in "fiu":
            return cls(name, np.arange(len(values), dtype=float), tuple(map(str, values)), False)
        unit = str(axis.attrs.get("units", "1"))
        label = with_unit(name, "" if unit == "1" else raised(unit))
        by_factors = _goes_by_factors(np.sort(values.astype(float)))
        names = tuple(f"{value:.4g}".replace("-", "−") for value in values)
        return cls(label, values.astype(float), names, True, by_factors)

    def apply(self, ax: Axes) -> None:
        """Give label, scale and ticks to the x axis."""
        ax.set_xlabel(self.label)
        if self.logarithmic:
            ax.set_xscale("log")
            plain_decades(ax.xaxis)
        elif not self.numeric:
            self._name(ax)
            ax.set_xlim(-0.5, len(self.names) - 0.5)
        elif len(self.places) <= _TICKS:
            ax.set_xticks(self.places, self.names)

    def _name(self, ax: Axes) -> None:
        figure = ax.get_figure(root=True)
        assert figure is not None
        room = figure.get_figwidth() / max(len(figure.axes), 1) / max(len(self.names), 1)
        ax.set_xticks(self.places, self.names)
        if max(map(text_width, self.names)) > 0.75 * room:
            for text in ax.get_xticklabels():
                text.set(rotation=35.0, ha="right", rotation_mode="anchor")


def plain_decades(axis: Any) -> None:
    """Write the ticks of a logarithmic axis of matplotlib as plain numbers, 0.1, 1, 10.

    Less than two decades get 2 and 5 as well; numbers far from 1 stay powers of ten.
    """
    low, high = sorted(axis.get_view_interval())
    if not 1e-4 < low < high < 1e6:
        return
    subs = (1.0, 2.0, 5.0) if high < 100.0 * low else (1.0,)
    axis.set_major_locator(LogLocator(subs=subs, numticks=12))
    axis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:g}"))
    axis.set_minor_formatter(NullFormatter())


def add_legend(figure: Figure, levels: Levels) -> None:
    """Put the legend of the curves of an axis above a figure, in even rows."""
    columns = legend_columns(levels.names, 0.68 * figure.get_figwidth())
    rows = -(-len(levels.names) // columns)
    figure.legend(
        loc="outside upper center",
        ncols=-(-len(levels.names) // rows),
        title=levels.label if levels.numeric else None,
        title_fontsize=7.0,
        handlelength=1.5,
        columnspacing=1.2,
    )


def _capital(text: str) -> str:
    """Return a label with a capital letter, but symbols and units as they are."""
    return text[:1].upper() + text[1:] if text[1:2].islower() else text


def _goes_by_factors(ordered: FloatArray) -> bool:
    """Return whether increasing levels are more even on a logarithmic axis than on a linear one."""
    if len(ordered) < 3 or not 0.0 < 5.0 * ordered[0] < ordered[-1]:
        return False
    steps, factors = np.diff(ordered), np.diff(np.log(ordered))
    return bool(factors.std() / factors.mean() < steps.std() / steps.mean())
