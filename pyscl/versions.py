"""Versions of pyscl, its compiled core and what it stands on."""

import platform
import sys
from importlib.metadata import version

from pyscl import _core

_PACKAGES = ("numpy", "scipy", "pymetis", "meshio", "h5py")


def versions() -> dict[str, str]:
    """Return name -> version."""
    return {
        "pyscl": _core.__version__,
        "python": sys.version.split()[0],
        "platform": platform.platform(),
        **{name: version(name) for name in _PACKAGES},
        **{f"core {key}": value for key, value in _core.build_information().items()},
    }
