"""Strip of 200 nm, electrolyte before an electrode, fine at their interface: half_cell.msh."""

import numpy as np
from rings import save

from pyscl.mesh import graded, strip


def main() -> None:
    """Write the mesh."""
    electrolyte = graded(100e-9, first=0.05e-9, growth=1.1, max_step=0.5e-9, fine="right")
    active = graded(100e-9, first=0.02e-9, growth=1.1, max_step=0.5e-9)
    x = np.concatenate([electrolyte, 100e-9 + active[1:]])
    mesh = strip(x, 0.1e-9, layers=1, regions=[("electrolyte", 100e-9), ("active", 200e-9)])
    save(mesh, "half_cell")


if __name__ == "__main__":
    main()
