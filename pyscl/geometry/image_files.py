"""Reading pixels from PNG and TIFF files, and looking up which region their values stand for."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pyscl.errors import GeometryError, InputError, suggestion

LARGEST = 64_000_000
"""Most pixels of an image."""

_FEW = 8  # values listed in a message

Pixels = NDArray[np.float64] | NDArray[np.int64]


def read_pixels(file: str | Path) -> tuple[NDArray[np.generic], bool]:
    """Read an image.

    Args:
        file: PNG or TIFF: grey (8, 16, 32 bit), palette, RGB, or RGBA without transparency.

    Returns:
        (rows, columns) grey values, palette indices or colours 0xRRGGBB; whether they are colours.

    Raises:
        InputError: no image, several pages, transparent pixels, too large, or of another kind.
    """
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(file) as image:
            _check(image, file)
            values = np.asarray(image)
    except (UnidentifiedImageError, Image.DecompressionBombError) as error:
        raise InputError(f"{file} is not an image that can be read: {error}") from None
    except (OSError, SyntaxError) as error:  # Pillow raises SyntaxError for broken files
        raise InputError(f"cannot read the image {file}: {error}") from None
    if values.ndim == 3 and values.shape[2] in (2, 4):
        if values[..., -1].min() < 255:
            raise InputError(f"{file} has transparent pixels; save it without an alpha channel.")
        values = values[..., :-1]
    if values.ndim == 3 and values.shape[2] == 1:
        values = values[..., 0]
    if values.ndim == 2:
        return values + np.uint8(0) if values.dtype == bool else values, False
    red, green, blue = np.moveaxis(values.astype(np.int64), 2, 0)
    return (red << 16) | (green << 8) | blue, True


def _check(image: object, file: str | Path) -> None:
    """Refuse images that would be misunderstood or fill the memory."""
    width, height = image.size  # type: ignore[attr-defined]
    if width * height > LARGEST:
        raise InputError(
            f"{file} has {width} x {height} pixels, more than {LARGEST:,}; crop it or reduce it."
        )
    mode = image.mode  # type: ignore[attr-defined]
    if mode not in ("1", "L", "LA", "P", "RGB", "RGBA", "F") and not mode.startswith("I"):
        raise InputError(
            f"{file} is of the kind {mode}; allowed are grey, palette and RGB. Save it as PNG."
        )
    pages = getattr(image, "n_frames", 1)
    if pages != 1:
        raise InputError(f"{file} has {pages} pages; save the wanted one as a file of its own.")


def labels_of(
    values: NDArray[np.generic], colours: bool, regions: Mapping[int | str, str], where: str
) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """Turn pixel values into labels.

    Args:
        values: (rows, columns) grey values, palette indices or colours 0xRRGGBB.
        colours: whether they are colours.
        regions: value, or colour as "#rrggbb" -> name of the region; several may share a name.
        where: name of the image in messages.

    Returns:
        (rows, columns) labels, and the names of the regions by label.

    Raises:
        InputError: a key is no value or colour, or there are pixels of another value.
        GeometryError: no pixel has the value of a region.
    """
    names = tuple(dict.fromkeys(regions.values()))
    present, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    codes = {_code(key, colours): name for key, name in regions.items()}
    unmapped = [k for k, value in enumerate(present.tolist()) if value not in codes]
    if unmapped:
        raise _unmapped(present, counts, unmapped, list(codes), colours, where)
    for name in names:
        if not any(code in present for code, of in codes.items() if of == name):
            keys = ", ".join(str(key) for key, of in regions.items() if of == name)
            raise GeometryError(
                f"region '{name}' is empty: no pixel of {where} has the value {keys}. "
                f"There are: {_listing(present, counts, range(len(present)), colours)}."
            )
    label = np.array([names.index(codes[value]) for value in present.tolist()], np.int64)
    return label[inverse].reshape(values.shape), names


def _code(key: int | str, colours: bool) -> int:
    """Return the pixel value of a key of the mapping."""
    text = str(key).strip()
    if text.isdigit() and not colours:
        return int(text)
    digits = text.removeprefix("#")
    if len(digits) == 6 and text != digits and all(d in "0123456789abcdefABCDEF" for d in digits):
        code = int(digits, 16)
        if colours:
            return code
        if digits[:2] == digits[2:4] == digits[4:]:
            return int(digits[:2], 16)  # a grey one
    wanted = "a colour, e.g. '#ff0000'" if colours else "a grey value or palette index, e.g. 128"
    raise InputError(f"'{key}' is no pixel value of this image; expected {wanted}.")


def _unmapped(
    present: NDArray[np.generic],
    counts: NDArray[np.int64],
    unmapped: Sequence[int],
    codes: Sequence[int],
    colours: bool,
    where: str,
) -> InputError:
    """Build the error for pixels of values that no region has."""
    listing = _listing(present, counts, unmapped, colours)
    share = counts[list(unmapped)].sum() / counts.sum()
    mapped = ", ".join(_text(code, colours) for code in codes)
    close = suggestion(
        _text(present[unmapped[0]], colours), [_text(code, colours) for code in codes]
    )
    return InputError(
        f"{where} has {len(unmapped)} pixel value(s) without a region ({100 * share:.3g} % of the "
        f"pixels): {listing}. Mapped: {mapped}.{close if colours else ''} Map them too; if they "
        "are blends at the borders of regions, save the image without smoothing, as PNG; for a "
        "grey picture give 'thresholds'."
    )


def _listing(
    present: NDArray[np.generic], counts: NDArray[np.int64], which: Sequence[int], colours: bool
) -> str:
    """Return "0 (52 %), 128 (48 %)", the most frequent first."""
    order = sorted(which, key=lambda k: -counts[k])
    total = counts.sum()
    texts = [f"{_text(present[k], colours)} ({100 * counts[k] / total:.2g} %)" for k in order]
    more = f", and {len(order) - _FEW} more" if len(order) > _FEW else ""
    return ", ".join(texts[:_FEW]) + more


def _text(value: object, colours: bool) -> str:
    return f"#{int(value):06x}" if colours else f"{float(value):g}"  # type: ignore[call-overload,arg-type]
