"""Fill-reducing order of the mesh nodes for the direct solvers."""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array


def nested_dissection_rank(triangles: NDArray[np.int32], n_nodes: int) -> NDArray[np.int32]:
    """Return the rank (n_nodes,) of every node in a nested dissection of the mesh by METIS.

    Args:
        triangles: (m, 3) node numbers.
        n_nodes: number of nodes.
    """
    import pymetis

    pairs = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])
    i = np.concatenate([pairs[:, 0], pairs[:, 1]])
    j = np.concatenate([pairs[:, 1], pairs[:, 0]])
    graph = coo_array((np.ones(len(i), np.int8), (i, j)), shape=(n_nodes, n_nodes)).tocsr()
    _, position = pymetis.nested_dissection(pymetis.CSRAdjacency(graph.indptr, graph.indices))
    return np.asarray(position, dtype=np.int32)
