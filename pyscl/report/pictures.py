"""The pictures of a run, small enough for a page."""

import base64
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pyscl.report.runs import Column, Run

_WORDS = {
    "overview": "Overview",
    "current_density": "Current density",
    "cut": "Along the line",
    "convergence": "Convergence of the solver",
    "nyquist": "Nyquist plot",
    "bode": "Bode plot",
    "contributions": "Parts of the impedance",
    "series": "Time series",
    "interface": "Interface",
    "polarization": "Polarization",
    "potential": "Electric potential",
    "loop": "Hysteresis loop",
    "permittivity": "Permittivity",
    "layer": "Layer",
    "mesh": "Mesh",
    "comparison": "Comparison",
}
_QUALITY = 82


def pictures(
    runs: Sequence[Run], columns: Sequence[Column], warnings: list[str]
) -> list[dict[str, Any]]:
    """Return groups of pictures: {"label", "items": [{"title", "alt", "source", "wide"}]}.

    Args:
        runs: the runs; their own pictures compare cases.
        columns: the studies with theirs.
        warnings: receives a sentence for every file that is no picture.
    """
    places = [
        ("all cases" if len(runs) == 1 else f"{run.label}, all cases", run.folder.path)
        for run in runs
    ] + [(column.label, column.folder) for column in columns]
    groups: list[dict[str, Any]] = []
    for label, folder in places:
        items: list[dict[str, Any]] = []
        for file in sorted(folder.glob("*.png")):
            title = _title(file.stem)
            try:
                source, width, height = _small(file)
            except (OSError, ValueError, SyntaxError) as error:
                warnings.append(f"the picture {file} cannot be read and is left out: {error}")
                continue
            items.append(
                {
                    "title": title,
                    "alt": f"{title}, {label}",
                    "source": source,
                    "width": width,
                    "height": height,
                    "wide": width > 1000,
                }
            )
        if items:
            groups.append({"label": label, "items": sorted(items, key=lambda i: not i["wide"])})
    return groups


def _title(stem: str) -> str:
    """Return a title from a file name: "cut_across" is "Along the line across"."""
    for start, words in _WORDS.items():
        if stem == start or stem.startswith(start + "_"):
            rest = stem.removeprefix(start).strip("_").replace("_", " ")
            return f"{words}: {rest}" if rest else words
    return stem.replace("_", " ").capitalize()


def _small(file: Path) -> tuple[str, int, int]:
    """Return a data URL (WebP, where that is smaller) and the size [px] of a picture."""
    from PIL import Image, features

    given = file.read_bytes()
    with Image.open(io.BytesIO(given)) as image:
        image.load()
        size = image.size
        best, kind = given, "png"
        if features.check("webp"):
            packed = io.BytesIO()
            image.convert("RGB").save(packed, "WEBP", quality=_QUALITY, method=4)
            if len(packed.getvalue()) < len(given):
                best, kind = packed.getvalue(), "webp"
    return f"data:image/{kind};base64,{base64.b64encode(best).decode('ascii')}", *size
