"""The sparse LU of the core against another one: shapes of graphs, scaling, pivoting, reuse."""

import os
import threading

import numpy as np
import pytest
import scipy.sparse as sp
from scipy.sparse.linalg import splu

from pyscl import _core

SCALARS = {"real": (_core.LinearSolver, float), "complex": (_core.ComplexLinearSolver, complex)}
both_scalars = pytest.mark.parametrize("scalar", SCALARS)


def grid(nx, ny, unknowns=1, rng=None):
    """Return the pattern of a grid with full blocks of unknowns at neighbouring nodes."""
    lines = [sp.diags([1.0, 1.0, 1.0], [-1, 0, 1], shape=(n, n)) for n in (nx, ny)]
    nodes = sp.kronsum(*lines) if rng is None else sp.kron(*lines)
    return sp.kron(nodes, np.ones((unknowns, unknowns))).tocsc()


def filled(pattern, rng, kind=float, diagonal=0.0):
    """Return the pattern with random values, some multiple of 1 added to the diagonal."""
    matrix = pattern.tocsc().astype(kind)
    matrix.data = rng.normal(size=matrix.nnz).astype(kind)
    if kind is complex:
        matrix.data += 1j * rng.normal(size=matrix.nnz)
    return (matrix + diagonal * sp.identity(matrix.shape[0])).tocsc()


def nested(nx, ny, unknowns=1):
    """Return an order of elimination of a grid by nested dissection."""

    def dissect(x0, x1, y0, y1):
        if (x1 - x0) * (y1 - y0) <= 4:
            return [(x, y) for x in range(x0, x1) for y in range(y0, y1)]
        if x1 - x0 >= y1 - y0:
            cut = (x0 + x1) // 2
            middle = [(cut, y) for y in range(y0, y1)]
            return dissect(x0, cut, y0, y1) + dissect(cut + 1, x1, y0, y1) + middle
        cut = (y0 + y1) // 2
        middle = [(x, cut) for x in range(x0, x1)]
        return dissect(x0, x1, y0, cut) + dissect(x0, x1, cut + 1, y1) + middle

    nodes = [x * ny + y for x, y in dissect(0, nx, 0, ny)]
    return np.array([n * unknowns + k for n in nodes for k in range(unknowns)], np.int32)


def solver_of(matrix, order=None, scalar="real"):
    """Return a solver for the pattern of a matrix."""
    n = matrix.shape[0]
    order = np.arange(n, dtype=np.int32) if order is None else order
    return SCALARS[scalar][0](
        matrix.indices.astype(np.int32), matrix.indptr.astype(np.int32), order
    )


def check(matrix, order=None, scalar="real", tolerance=1e-12):
    """Solve with a random right-hand side; the backward error is that of rounding."""
    solver = solver_of(matrix, order, scalar)
    assert solver.factorize(matrix.data)
    b = np.random.default_rng(1).normal(size=matrix.shape[0]).astype(SCALARS[scalar][1])
    x = solver.solve(b)
    scale = abs(matrix) @ np.abs(x) + np.abs(b)
    assert np.all(np.abs(matrix @ x - b) <= tolerance * scale)
    return solver, x, b


@both_scalars
@pytest.mark.parametrize("unknowns", [1, 2, 3])
@pytest.mark.parametrize("size", [(1, 1), (1, 7), (5, 4), (23, 17)])
def test_grids_are_solved_like_by_another_solver(scalar, unknowns, size, rng):
    """Blocks of the unknowns of a node, ordered by nested dissection."""
    kind = SCALARS[scalar][1]
    matrix = filled(grid(*size, unknowns), rng, kind, diagonal=6.0)
    _, x, b = check(matrix, nested(*size, unknowns), scalar)
    assert np.abs(x - splu(matrix).solve(b)).max() < 1e-9 * np.abs(x).max()


@pytest.mark.parametrize("order", ["natural", "reversed", "random", "nested"])
def test_any_order_gives_the_solution(order, rng):
    """Only fill and time depend on it."""
    size = (30, 29)
    matrix = filled(grid(*size, 2), rng, diagonal=6.0)
    n = matrix.shape[0]
    orders = {
        "natural": np.arange(n, dtype=np.int32),
        "reversed": np.arange(n, dtype=np.int32)[::-1].copy(),
        "random": rng.permutation(n).astype(np.int32),
        "nested": nested(*size, 2),
    }
    solver, x, b = check(matrix, orders[order])
    assert x == pytest.approx(splu(matrix).solve(b), rel=1e-9, abs=1e-12)
    best, _, _ = check(matrix, orders["nested"])
    assert best.fill <= solver.fill


def test_pattern_need_not_be_symmetric(rng):
    """Rows and columns of the update are those of the symmetrised pattern."""
    matrix = filled(grid(12, 9, 2), rng, diagonal=6.0).tolil()
    for i, j in rng.integers(0, matrix.shape[0], (300, 2)):
        if i != j:
            matrix[i, j] = 0.0
    matrix = matrix.tocsc()
    matrix.eliminate_zeros()
    assert (matrix != 0).astype(int).sum() != (matrix.T.multiply(matrix) != 0).astype(int).sum()
    check(matrix, nested(12, 9, 2))


def test_parts_without_connection_and_lonely_unknowns(rng):
    """A forest instead of a tree."""
    blocks = [
        filled(grid(5, 4), rng, diagonal=6.0),
        sp.identity(3),
        filled(grid(7, 1), rng, diagonal=6.0),
    ]
    check(sp.block_diag(blocks, format="csc"), rng.permutation(30).astype(np.int32))


@both_scalars
def test_dense_rows_and_columns_at_the_end(scalar, rng):
    """An amount or a terminal couples to everything."""
    kind = SCALARS[scalar][1]
    inner = filled(grid(13, 9), rng, kind, diagonal=6.0)
    n = inner.shape[0]
    row, column = rng.normal(size=(2, n)).astype(kind)
    matrix = sp.bmat([[inner, column[:, None]], [row[None, :], None]], format="csc")
    order = np.append(nested(13, 9), np.int32(n)).astype(np.int32)
    solver, _, _ = check(matrix, order, scalar)
    assert solver.solved_by == _core.SolvedBy.multifrontal


@pytest.mark.parametrize("decades", [10, 100, 280])
def test_rows_and_columns_of_any_size(decades, rng):
    """Depleted regions have rows that are smaller by hundreds of decades."""
    matrix = filled(grid(15, 12, 2), rng, diagonal=6.0)
    n = matrix.shape[0]
    rows = 10.0 ** rng.uniform(-0.5 * decades, 0.5 * decades, n)
    scaled = (sp.diags(rows) @ matrix).tocsc()
    solver = solver_of(scaled, nested(15, 12, 2))
    assert solver.factorize(scaled.data)
    x = rng.normal(size=n)
    assert solver.solve(rows * (matrix @ x)) == pytest.approx(x, rel=1e-9)


def test_zero_diagonals_are_exchanged_within_their_node(rng):
    """Swapped rows of every node leave zero on the diagonal; pivots of the block mend it."""
    matrix = filled(grid(15, 12, 2), rng, diagonal=6.0)
    n = matrix.shape[0]
    swapped = np.arange(n).reshape(-1, 2)[:, ::-1].reshape(-1)
    solver, _, _ = check(matrix[swapped].tocsc(), nested(15, 12, 2))
    assert solver.solved_by == _core.SolvedBy.multifrontal


def test_pivots_from_elsewhere_are_found_where_the_block_has_none():
    """Rows of different nodes exchanged: the block is singular, the matrix is not."""
    n = 40
    ring = sp.csc_matrix((np.ones(n), (np.roll(np.arange(n), 1), np.arange(n))), shape=(n, n))
    weak = (ring + 1e-300 * sp.identity(n)).tocsc()
    solver, _, _ = check(weak)
    assert solver.solved_by == _core.SolvedBy.free_pivots


@both_scalars
def test_factors_of_one_pattern_serve_many_matrices(scalar, rng):
    """Symbolic analysis once, also after a matrix that needed other pivots."""
    kind = SCALARS[scalar][1]
    pattern = grid(9, 8, 2)
    matrices = [filled(pattern, rng, kind, diagonal=6.0) for _ in range(3)]
    solver = solver_of(matrices[0], nested(9, 8, 2), scalar)
    b = rng.normal(size=pattern.shape[0]).astype(kind)
    for matrix in matrices:
        assert solver.factorize(matrix.data)
        assert np.abs(matrix @ solver.solve(b) - b).max() < 1e-10


def bits(scalar, matrix, order, threads):
    """Return the bits of the solution, the same for the second factorisation as for the first."""
    solver = solver_of(matrix, order, scalar)
    solver.use_threads(threads)
    b = np.random.default_rng(2).normal(size=matrix.shape[0]).astype(SCALARS[scalar][1])
    solutions = []
    for _ in range(threads):
        assert solver.factorize(matrix.data)
        assert solver.threads_run == threads
        solutions.append(solver.solve(b).tobytes())
    assert len(set(solutions)) == 1
    return solutions[0]


@pytest.mark.parametrize(
    ("scalar", "shape"),
    [("complex", "grid")]
    + [("real", s) for s in ("grid", "weak diagonal", "badly scaled", "forest", "dense end")],
)
def test_threads_change_no_digit(scalar, shape, rng, monkeypatch):
    """Large enough that subtrees and large fronts are shared between threads."""
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    kind, size = SCALARS[scalar][1], (110, 110)
    matrix, order = filled(grid(*size, 3), rng, kind, diagonal=8.0), nested(*size, 3)
    n = matrix.shape[0]
    if shape == "weak diagonal":
        matrix = matrix[np.arange(n).reshape(-1, 3)[:, [1, 2, 0]].reshape(-1)].tocsc()
    elif shape == "badly scaled":
        matrix = (sp.diags(10.0 ** rng.uniform(-100, 100, n)) @ matrix).tocsc()
    elif shape == "forest":
        matrix = sp.block_diag([matrix, sp.identity(5), 2.0 * matrix], format="csc")
        order = np.concatenate([order, n + np.arange(5), order + n + 5]).astype(np.int32)
    elif shape == "dense end":
        row, column = rng.normal(size=(2, n)).astype(kind)
        matrix = sp.bmat([[matrix, column[:, None]], [row[None, :], np.ones((1, 1))]], format="csc")
        order = np.append(order, n).astype(np.int32)
    matrix.sort_indices()
    one = bits(scalar, matrix, order, 1)
    assert bits(scalar, matrix, order, 2) == one
    x = np.frombuffer(one, kind)
    b = np.random.default_rng(2).normal(size=matrix.shape[0])
    assert np.all(np.abs(matrix @ x - b) <= 1e-12 * (abs(matrix) @ np.abs(x) + np.abs(b)))


def test_two_threads_report_a_singular_matrix_and_end(rng):
    """A zero pivot in one of them stops both; a regular matrix is solved afterwards."""
    size = (110, 110)
    matrix, order = filled(grid(*size, 3), rng, diagonal=8.0), nested(*size, 3)
    solver = solver_of(matrix, order)
    solver.use_threads(2)
    # Two rows of a node have their only value in the same column, which has no other ones: whatever
    # is eliminated first leaves one of the two zero.
    spoilt = matrix.data.copy()
    first, second = order[699], order[700]
    columns = np.repeat(np.arange(matrix.shape[1]), np.diff(matrix.indptr))
    own = np.isin(matrix.indices, (first, second))
    spoilt[own | (columns == first)] = 0.0
    spoilt[own & (columns == first)] = 1.0
    assert not solver.factorize(spoilt)
    assert solver.threads_run == 2
    with pytest.raises(RuntimeError, match="no factors"):
        solver.solve(np.ones(matrix.shape[0]))
    before = threading.active_count(), len(os.listdir("/proc/self/task"))
    assert solver.factorize(matrix.data)
    assert (threading.active_count(), len(os.listdir("/proc/self/task"))) == before
    b = rng.normal(size=matrix.shape[0])
    assert np.abs(matrix @ solver.solve(b) - b).max() < 1e-10


@pytest.mark.parametrize("spoil", ["empty row", "empty column", "nan", "infinite", "equal rows"])
def test_singular_matrices_are_reported(spoil, rng):
    """False, not an exception nor a wrong solution."""
    matrix = filled(grid(6, 5), rng, diagonal=6.0)
    dense = matrix.toarray()
    if spoil == "empty row":
        dense[7] = 0.0
    elif spoil == "empty column":
        dense[:, 7] = 0.0
    elif spoil == "equal rows":
        dense[7], dense[:, 3] = dense[8], dense[:, 4]
    else:
        dense[7, 7] = np.nan if spoil == "nan" else np.inf
    values = dense.T[matrix.toarray().T != 0.0]
    if spoil == "equal rows":
        full = sp.csc_matrix(np.where(dense == 0.0, 1e-30, dense))
        solver, values = solver_of(full), dense.T.reshape(-1)
        x = solver.solve(np.ones(30)) if solver.factorize(values.copy()) else np.array([np.nan])
        assert not np.all(np.abs(x) < 1e8)
        return
    assert not solver_of(matrix).factorize(values)


@both_scalars
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_single_value_that_is_not_finite_is_refused(value, scalar, rng):
    """Wherever it is, also where others of its row and column are finite."""
    matrix = filled(grid(4, 3), rng, SCALARS[scalar][1], diagonal=6.0)
    solver = solver_of(matrix, scalar=scalar)
    for k in range(matrix.nnz):
        values = matrix.data.copy()
        values[k] = value
        assert not solver.factorize(values)
    assert solver.factorize(matrix.data)


@both_scalars
def test_solving_needs_factors(scalar, rng):
    """Not before the first factorisation, nor after one that failed."""
    kind = SCALARS[scalar][1]
    matrix = filled(grid(4, 3), rng, kind, diagonal=6.0)
    solver, b = solver_of(matrix, scalar=scalar), np.ones(12, kind)
    with pytest.raises(RuntimeError, match=r"call factorize\(\) first"):
        solver.solve(b)
    assert solver.factorize(matrix.data)
    solver.solve(b)
    assert not solver.factorize(0.0 * matrix.data)
    with pytest.raises(RuntimeError, match="only where it returned True"):
        solver.solve(b)
    assert solver.factorize(matrix.data)
    assert np.abs(matrix @ solver.solve(b) - b).max() < 1e-12


def test_fronts_too_large_for_an_index_are_refused():
    """A star whose centre is eliminated first: the rest becomes one dense block."""
    n = 47_000
    star = sp.identity(n, format="lil")
    star[0, :], star[:, 0] = 1.0, 1.0
    with pytest.raises(ValueError, match=r"more than 2\^31 - 1 entries"):
        solver_of(star.tocsc())


def test_threads_are_as_many_as_asked_for_and_at_least_one(rng):
    """Zero threads would do no work."""
    with pytest.raises(ValueError, match="at least one thread"):
        solver_of(filled(grid(3, 3), rng)).use_threads(0)


def test_order_must_be_a_permutation(rng):
    """Of all unknowns."""
    matrix = filled(grid(3, 3), rng)
    for order, says in (([0, 1], "wrong length"), ([0] * 9, "not a permutation")):
        with pytest.raises(ValueError, match=says):
            solver_of(matrix, np.array(order, np.int32))
    solver = solver_of(matrix)
    with pytest.raises(ValueError, match="one value per entry"):
        solver.factorize(np.ones(3))
    with pytest.raises(ValueError, match="one value per row"):
        solver.solve(np.ones(3))
