"""Two-region strip of 20 nm, graded at the interface and at both ends: graded_strip.msh."""

import numpy as np
from rings import save

from pyscl.mesh import graded, strip


def main() -> None:
    """Write the mesh."""
    half = graded(10e-9, first=0.1e-9, growth=1.2, max_step=0.8e-9, fine="both")
    x = np.concatenate([half, 10e-9 + half[1:]])
    mesh = strip(x, 2e-9, layers=5, regions=[("cathode", 10e-9), ("electrolyte", 20e-9)])
    save(mesh, "graded_strip")


if __name__ == "__main__":
    main()
