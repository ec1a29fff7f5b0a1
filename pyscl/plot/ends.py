"""Ticks of colour bars: both ends are labelled, and what stands too near to them is not."""

from math import ceil, floor, log10

import numpy as np
from matplotlib.colorbar import Colorbar
from matplotlib.colors import LogNorm, Normalize
from matplotlib.ticker import MaxNLocator, NullFormatter

from pyscl.plot.scales import LogitNorm, Scale
from pyscl.plot.ticks import power

_ROOM = {"vertical": 0.075, "horizontal": 0.15}  # between labels, over the length of a bar
_PLAIN = (1e-2, 1e4)  # sizes that are written without a power of ten
_SIGNS = str.maketrans("-", "−")


def label_ends(bar: Colorbar, scale: Scale) -> None:
    """Label the least and the largest value of a bar, and round ones between them."""
    norm = scale.norm
    low, high = float(norm.vmin or 0.0), float(norm.vmax or 0.0)
    labels = _ends(norm, low, high)
    used = [0.0, 1.0]
    for value, text in (scale.ticks or _round(norm, low, high)).items():
        place = float(norm(value)) if low < value < high else 0.0
        if min(abs(place - other) for other in used) >= _ROOM[bar.orientation]:
            labels[value] = text
            used.append(place)
    order = sorted(labels)
    bar.set_ticks(order, labels=[labels[value] for value in order])
    axis = bar.ax.yaxis if bar.orientation == "vertical" else bar.ax.xaxis
    axis.set_minor_formatter(NullFormatter())


def _ends(norm: Normalize, low: float, high: float) -> dict[float, str]:
    if type(norm) is Normalize and high > low:
        decimals = max(2 - floor(log10(high - low)), 0)
        return {v: _fixed(v, decimals) for v in (low, high)}
    return {v: number(v, logit=isinstance(norm, LogitNorm)) for v in (low, high)}


def _round(norm: Normalize, low: float, high: float) -> dict[float, str]:
    """Return round values of a scale and their labels, the most important first."""
    if isinstance(norm, LogitNorm):
        ends = [10.0**-n for n in range(1, 13)]
        values = [0.5, *(v for e in ends for v in (1.0 - e, e))]
        more = [0.2, 0.8, 0.3, 0.7, 0.4, 0.6]
        return {v: number(v, logit=True) for v in (*values, *more)}
    if isinstance(norm, LogNorm):
        exponents = range(ceil(log10(low)), floor(log10(high)) + 1)
        values = [10.0**n for n in exponents]
        if len(values) < 2:
            values += [m * 10.0**n for n in (*exponents, floor(log10(low))) for m in (2, 5)]
        return {v: _decade(v) for v in values}
    values = [float(v) for v in MaxNLocator(7, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high)]
    step = values[1] - values[0]
    decimals = max(-floor(log10(step)), 0)
    if abs(round(step, decimals) - step) > 1e-6 * step:
        decimals += 1  # of steps of 0.25
    return {v: f"{v + 0.0:.{decimals}f}".translate(_SIGNS) for v in values}


def _fixed(value: float, decimals: int) -> str:
    """Return a number with no more decimals than some, and without a needless zero or sign."""
    text = np.format_float_positional(round(value, decimals), trim="-")
    return "0" if text in ("-0", "0") else text.translate(_SIGNS)


def number(value: float, *, logit: bool = False) -> str:
    """Return a number of two digits: "0.31", "−1.5×10⁶", and "1−6×10⁻⁵" on a logit scale."""
    size = abs(value)
    if logit and value > 0.99 + 1e-9:
        return f"1−{_powered(1.0 - value, 0)}"
    if size == 0.0 or _PLAIN[0] * 0.999 <= size < _PLAIN[1]:
        decimals = max(1 - floor(log10(size)), 0) if size else 0
        if logit and value > 0.9:
            decimals = 3
        return _fixed(value, decimals)
    return ("−" if value < 0.0 else "") + _powered(size, 1)


def _powered(size: float, decimals: int) -> str:
    """Return "6×10⁻⁵", with so many decimals at most."""
    mantissa, exponent = f"{size:.{decimals}e}".split("e")
    mantissa = mantissa.removesuffix(".0")
    return power(int(exponent)) if mantissa == "1" else f"{mantissa}×{power(int(exponent))}"


def _decade(value: float) -> str:
    """Return "10⁵", and numbers from 0.01 to 100 as they are."""
    exponent = round(log10(value))
    return power(exponent) if value == 10.0**exponent and exponent > 2 else number(value)
