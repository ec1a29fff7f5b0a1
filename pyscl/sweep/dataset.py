"""The results of a study as one `xarray.Dataset`: axes, outputs, units, status of every case."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pyscl.errors import InputError, unknown_name
from pyscl.sweep.axes import SAMPLE
from pyscl.sweep.outputs import QUANTITY, RECORDS, FloatArray, Numbers, Output, evaluate
from pyscl.units import QUANTITIES, parse

if TYPE_CHECKING:
    import xarray

_UNITS = {"seconds": "s", "memory": "B"}
_LABELS = {"seconds": "Time of the case", "memory": "Largest memory of the case"}


@dataclass(frozen=True)
class Coordinate:
    """The values of an axis, one of every case.

    Attributes:
        name: of the axis.
        values: numbers or texts (n cases,).
        unit: of the numbers, "1" for pure ones; None for texts.
        label: for axes of figures.
        path: into the run file.
    """

    name: str
    values: np.ndarray
    unit: str | None
    label: str
    path: str

    @property
    def attributes(self) -> dict[str, str]:
        """Attributes of the coordinate in the dataset."""
        unit = {} if self.unit is None else {"units": self.unit}
        return {**unit, "long_name": self.label, "path": self.path}


def load(
    source: str | PathLike[str],
    outputs: Mapping[str, Any] | None = None,
    *,
    partial: bool = False,
) -> "xarray.Dataset":
    """Return the results of a study.

    Dimensions are the axes (zipped ones have that of the first) and "sample" for all that is
    sampled. Coordinates and outputs carry
    "units" and "long_name"; `status` ("done", "failed", ..., "missing" if it was not run yet) and
    `reason` say what became of every case, outputs are NaN of all that are not "done". The
    attributes say where it comes from: versions, hash and contents of the base input.
    `dataset.to_dataframe()` is the pandas view.

    Args:
        source: the folder of a study, also while it runs, or a file written by `save`.
        outputs: by name, a path into the numbers of the cases or an expression, or a mapping with
            value, unit and label; instead of those of the study, so that a forgotten one costs
            nothing. `paths` lists what there is. The unit of an expression is not worked out:
            "units" is empty unless it is given.
        partial: whether outputs also show the numbers that cases had before they failed, of the
            studies of a run that came to their end for instance; not for analysis.

    Raises:
        InputError: no study in the folder, or an output that no case has.
    """
    xr = _xarray()
    path = Path(source)
    if path.suffix in (".nc", ".zarr") and path.exists():
        if outputs is not None or partial:
            raise InputError(f"{path} holds the outputs it was written with; load the folder")
        if path.suffix == ".zarr":
            opened = xr.open_zarr(path, consolidated=False)
        else:
            opened = xr.open_dataset(path, engine="h5netcdf")
        with opened:
            return opened.load()
    study, results = read_study(path)
    return assemble(study, results, outputs, partial=partial)


def save(dataset: "xarray.Dataset", path: str | PathLike[str]) -> None:
    """Write a dataset as NetCDF (.nc) or Zarr (.zarr).

    Raises:
        InputError: another suffix, or it cannot be written.
    """
    path = Path(path)
    if path.suffix not in (".nc", ".zarr"):
        raise unknown_name("format", path.suffix, (".nc", ".zarr"), f"for '{path}'")
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".zarr":
        try:
            dataset.to_zarr(path, mode="w", consolidated=False, zarr_format=2)
        except ImportError:
            raise InputError("Zarr needs the package zarr: pip install zarr") from None
        return
    from pyscl.storage.atomic import replaced

    with replaced(path) as partial:
        dataset.to_netcdf(partial, engine="h5netcdf")


def write_table(dataset: "xarray.Dataset", path: str | PathLike[str]) -> None:
    """Write a dataset as CSV, one row per case, units in the heads.

    Raises:
        InputError: it cannot be written.
    """
    from pyscl.storage.atomic import replaced

    frame = dataset.to_dataframe().reset_index()
    columns = [*map(str, dataset.coords), *map(str, dataset.data_vars)]
    units = {name: dataset[name].attrs.get("units", "") for name in columns}
    heads = {name: f"{name} [{unit}]" for name, unit in units.items() if unit not in ("", "1")}
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with replaced(path) as partial:
        frame[columns].rename(columns=heads).to_csv(partial, index=False)


def paths(folder: str | PathLike[str]) -> list[str]:
    """Return all paths to numbers that cases of a study have, to choose outputs from."""
    _, results = read_study(Path(folder))
    return sorted({path for result in results.values() for path in result.get("numbers") or {}})


def read_study(folder: Path) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """Return study.json of a folder, and the result of every case that has one, by key.

    A case whose result cannot be read has the status "unreadable".

    Raises:
        InputError: no study in the folder.
    """
    try:
        study = json.loads((folder / "study.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(
            f"no study in {folder}: {error}. `pyscl sweep study.yaml --folder {folder}` makes one."
        ) from None
    results = {}
    for key in study["cases"]:
        place = folder / "cases" / key / "result.json"
        try:
            text = place.read_text(encoding="utf-8")
        except FileNotFoundError:
            continue
        except OSError as error:
            results[key] = {"status": "unreadable", "reason": str(error)}
            continue
        try:
            result = json.loads(text)
            if not isinstance(result, dict) or "status" not in result:
                raise ValueError("it has no status")
        except ValueError as error:
            result = {"status": "unreadable", "reason": f"{place}: {error}"}
        results[key] = result
    return study, results


def assemble(
    study: Mapping[str, Any],
    results: Mapping[str, Mapping[str, Any]],
    outputs: Mapping[str, Any] | None = None,
    *,
    partial: bool = False,
) -> "xarray.Dataset":
    """Return the dataset of what `read_study` gives; `outputs` and `partial` as in `load`."""
    xr = _xarray()
    entries = _entries(study)
    keys, places = [key for _, key, _ in entries], [place for _, _, place in entries]
    records = [results.get(key, {"status": "missing", "reason": "not run yet"}) for key in keys]
    coordinates = [_coordinate(axis, places) for axis in study["axes"]]
    given = study.get("outputs") or {} if outputs is None else outputs
    wanted = [Output.of(name, value) for name, value in given.items()]
    _check_names(wanted, coordinates)
    numbers = Numbers([_numbers_of(record, partial) for record in records], places)
    numeric = {c.name: c.values.astype(float) for c in coordinates if c.unit is not None}
    found = evaluate(wanted, numbers, numeric)

    dims, shape, along = _dimensions(study["axes"])
    index = [np.unravel_index(number, shape) for number, _, _ in entries]

    def spread(values: Iterable[Any], empty: Any, kind: Any = None) -> np.ndarray:
        array = np.full(shape, empty, dtype=kind)
        for place, value in zip(index, values, strict=True):
            array[place] = value
        return array

    variables: dict[str, Any] = {}
    for output in wanted:
        values, unit = found[output.name]
        attributes = {
            "units": unit,
            "long_name": output.label or output.name.replace("_", " "),
            "value": output.value,
        }
        variables[output.name] = (dims, spread(values, np.nan, float), attributes)
    for name in RECORDS:
        text = name in ("status", "reason", "key")
        if name == "key":
            column: list[Any] = keys
        elif name == "number":
            column = [number for number, _, _ in entries]
        else:
            column = [record.get(name) for record in records]
        filled = [("" if text else np.nan) if value is None else value for value in column]
        empty: Any = "" if text else np.nan
        values = spread(filled, "missing" if name == "status" else empty, object if text else float)
        attributes = {"units": _UNITS[name]} if name in _UNITS else {}
        attributes |= {"long_name": _LABELS[name]} if name in _LABELS else {}
        variables[name] = (dims, values.astype(str) if text else values, attributes)
    coords = {
        c.name: (along[c.name], _along(c, dims.index(along[c.name]), index, shape), c.attributes)
        for c in coordinates
    }
    provenance = _provenance(study, records) | _design(study)
    return xr.Dataset(variables, coords, provenance)


def _numbers_of(record: Mapping[str, Any], partial: bool) -> Mapping[str, float]:
    """Return the numbers of a case, none of one that failed unless they are wanted."""
    return record.get("numbers") or {} if partial or record["status"] == "done" else {}


def _coordinate(axis: Mapping[str, Any], places: Sequence[Mapping[str, Any]]) -> Coordinate:
    """Return the values of an axis as numbers in one unit, or as texts."""
    name = axis["name"]
    given = [place[name] for place in places]
    numbers, unit = _numbers(given, axis.get("unit"))
    if numbers is None:
        values, unit = np.array([_text(value) for value in given]), None
    else:
        values = numbers
    path = axis.get("path") or ""
    return Coordinate(
        name,
        values,
        unit,
        axis.get("label") or name.replace("_", " "),
        path if isinstance(path, str) else ", ".join(path),
    )


def _numbers(given: Sequence[Any], unit: str | None) -> tuple[FloatArray | None, str | None]:
    """Return numbers and their unit, or None where the values are not of one quantity."""
    if all(isinstance(v, int | float) and not isinstance(v, bool) for v in given):
        return np.array(given, dtype=float), unit or "1"
    if not all(isinstance(v, str) for v in given):
        return None, None
    found = [QUANTITY.fullmatch(v) for v in given]
    units = {match[2] for match in found if match}
    if all(found) and len(units) == 1:
        numbers = np.array([float(match[1]) for match in found if match])
        return numbers, units.pop() or unit or "1"
    for known in QUANTITIES:
        try:
            return np.array([parse(v, known) for v in given]), known
        except InputError:
            continue
    return None, None


def _text(value: Any) -> str:
    """Return the name of a value that is not a number."""
    if isinstance(value, Mapping):
        for key in ("name", "law", "card", "kind"):
            if isinstance(value.get(key), str):
                return str(value[key])
    return value if isinstance(value, str) else json.dumps(value)


def _check_names(outputs: Sequence[Output], coordinates: Sequence[Coordinate]) -> None:
    taken = {
        **dict.fromkeys(RECORDS, "always there"),
        SAMPLE: "a dimension",
    }
    taken |= {c.name: "an axis" for c in coordinates}
    for output in outputs:
        if output.name in taken:
            raise InputError(
                f"output '{output.name}' needs another name: it is {taken[output.name]}"
            )


def _entries(study: Mapping[str, Any]) -> list[tuple[int, str, Mapping[str, Any]]]:
    """Return (number, key, coordinates) of all cases, also of those with the input of another."""
    found = []
    for key, case in study["cases"].items():
        for entry in (case, *case.get("also", ())):
            found.append((entry["number"], key, entry["coordinates"]))
    if not found:
        raise InputError("the study has no cases")
    return sorted(found, key=lambda entry: entry[0])


def _dimensions(
    axes: Sequence[Mapping[str, Any]],
) -> tuple[tuple[str, ...], tuple[int, ...], dict[str, str]]:
    """Return names and sizes of the dimensions, and the dimension of every axis.

    Cases are numbered along them, the last one first. Zipped axes have that of their first one.
    """
    sizes: dict[str, int] = {}
    names: dict[str, str] = {}
    along = {}
    for axis in axes:
        dimension = axis.get("dimension") or axis["name"]
        name = names.setdefault(dimension, SAMPLE if dimension == SAMPLE else axis["name"])
        sizes[name] = len(axis["samples"] if "samples" in axis else axis["values"])
        along[axis["name"]] = name
    return tuple(sizes), tuple(sizes.values()), along


def _along(
    coordinate: Coordinate, position: int, index: Sequence[Any], shape: tuple[int, ...]
) -> np.ndarray:
    """Return the values of an axis along its dimension."""
    values = np.empty(shape[position], dtype=coordinate.values.dtype)
    for place, value in zip(index, coordinate.values, strict=True):
        values[place[position]] = value
    return values


def _design(study: Mapping[str, Any]) -> dict[str, str]:
    """Return how the samples were drawn, for the analysis of their sensitivity."""
    axes = {
        axis["name"]: {key: axis.get(key) for key in ("range", "scale", "group")}
        for axis in study["axes"]
        if "samples" in axis
    }
    method = (study.get("sampling") or {}).get("method", "")
    return {"design": json.dumps({"method": method, "axes": axes})} if axes else {}


def _provenance(study: Mapping[str, Any], records: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return attributes of the dataset: only texts and numbers, which every format can store."""
    versions = {json.dumps(r["versions"], sort_keys=True) for r in records if r.get("versions")}
    base = study.get("base") or {}
    counts: dict[str, int] = {}
    for record in records:
        counts[record["status"]] = counts.get(record["status"], 0) + 1
    return {
        "title": str(study.get("title") or base.get("title") or ""),
        "source": "pyscl",
        "hash": str(study.get("hash", "")),
        "base": json.dumps(base),
        "versions": "\n".join(sorted(versions)),
        "cases": len(records),
        "counts": json.dumps(counts),
    }


def _xarray() -> Any:
    try:
        import xarray
    except ImportError:
        raise InputError("studies need xarray: pip install 'pyscl[sweep]'") from None
    return xarray
