"""What every HDF5 file of pyscl says about itself."""

from collections.abc import Mapping
from os import PathLike
from typing import TYPE_CHECKING, Any

from pyscl.errors import InputError

if TYPE_CHECKING:
    import h5py

SOLUTION, TRAJECTORY = "pyscl solution", "pyscl trajectory"
_VERSIONS = {SOLUTION: 1, TRAJECTORY: 1}
_READERS = {SOLUTION: "Solution.load", TRAJECTORY: "Trajectory.load"}


def write_header(file: "h5py.File", kind: str) -> None:
    """Write kind, version of the format, and version of pyscl."""
    import pyscl

    file.attrs["format"] = kind
    file.attrs["format_version"] = _VERSIONS[kind]
    file.attrs["pyscl_version"] = pyscl.__version__


def check_header(attributes: Mapping[str, Any], kind: str) -> None:
    """Refuse a file of another program, of another kind, or of another version.

    Raises:
        InputError: says what the file is instead.
        LookupError: the version is missing.
    """
    found = attributes.get("format")
    if found != kind:
        if found in _READERS:
            raise InputError(f"it holds a {found.removeprefix('pyscl ')}; use {_READERS[found]}")
        raise InputError("it is an HDF5 file of something else")
    version = attributes["format_version"]
    if version != _VERSIONS[kind]:
        raise InputError(
            f"it has format version {version}, this pyscl reads {_VERSIONS[kind]}; it was written "
            f"by pyscl {attributes['pyscl_version']}"
        )


def kind_of(path: str | PathLike[str]) -> str | None:
    """Return `SOLUTION`, `TRAJECTORY`, or None for any other file or none at all."""
    import h5py

    try:
        with h5py.File(path, "r") as file:
            found = file.attrs.get("format")
    except OSError:
        return None
    return found if found in _VERSIONS else None
