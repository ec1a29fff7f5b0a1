// One function in front of the sparse direct solvers, real or complex: scaling, ordering,
// factorisation, solution with iterative refinement and a check of the residual. The symbolic
// analysis is kept while the pattern stays the same. A back end from outside may factorise; where
// it finds a matrix singular or misses the residual, the built-in solver does it once more.
#pragma once

#include "multifrontal.hpp"
#include "threads.hpp"

#include <Eigen/SparseLU>

#include <algorithm>
#include <complex>
#include <cstdint>
#include <memory>
#include <vector>

namespace pyscl
{

using SparseMatrix = Eigen::SparseMatrix<double>;
using ComplexSparseMatrix = Eigen::SparseMatrix<std::complex<double>>;
using Vector = Eigen::VectorXd;
using ComplexVector = Eigen::VectorXcd;

/// When a solution is corrected by a second one. Within an iteration that evaluates its residual
/// anew it needs to be only where the first one is worse than rounding, or, without a look at it,
/// where the last one with the same factors was.
enum class Refinement
{
  always,
  where_needed,
  as_before
};

/// Whose factors serve: those of the back end from outside, of the multifrontal LU with pivots
/// within its supernodes, or of the LU with pivots from the whole column.
enum class SolvedBy
{
  back_end,
  multifrontal,
  free_pivots
};

/// Scalar is double or std::complex<double>.
template <class Scalar>
class LinearSolver
{
public:
  using Matrix = Eigen::SparseMatrix<Scalar>;
  using Column = Eigen::Matrix<Scalar, Eigen::Dynamic, 1>;

  /// `order` lists the unknowns in the order of elimination. Throws std::invalid_argument if it is
  /// no permutation. Without a back end the built-in solver factorises.
  LinearSolver(const Matrix& pattern, std::vector<std::int32_t> order,
               const BackEnd* back_end = nullptr);

  /// At most so many threads factorise, also more than there are processors; without this call as
  /// many as available_threads() says. They change no digit. Throws std::invalid_argument below 1.
  void use_threads(int most);
  /// In how many threads the last factorisation within supernodes ran: 1 for a small matrix.
  int threads_run() const { return _multifrontal ? _multifrontal->threads_run() : 1; }
  /// Numerical factorisation. False if the matrix is singular or not finite. Throws
  /// std::invalid_argument if it has not as many rows and entries as the pattern.
  bool factorize(const Matrix& matrix);
  /// Solution with one step of iterative refinement; not a number if no factors give one.
  Column solve(const Column& right_hand_side, Refinement refinement = Refinement::always);
  /// Entries of the factors.
  std::int64_t fill() const;
  /// Whose factors of the last matrix serve.
  SolvedBy solved_by() const { return _solved_by; }

private:
  using PivotedLU = Eigen::SparseLU<Matrix, Eigen::NaturalOrdering<int>>;

  bool equilibrate(const Matrix& matrix);
  bool pivot_within_supernodes();
  bool pivot_freely();
  double find_solution(const Column& b, Refinement refinement, Column& x);

  std::vector<std::int32_t> _order;   ///< permuted -> original
  Matrix _permuted;                   ///< scaled and permuted matrix
  std::vector<std::int32_t> _source;  ///< value of _permuted <- value of the original matrix
  Vector _row_scale, _column_scale;   ///< in original numbering
  BackEnd::Factors<Scalar> _back_end; ///< if one was chosen
  std::unique_ptr<MultifrontalLU<Scalar>> _multifrontal; ///< with a back end: once it is needed
  std::unique_ptr<PivotedLU> _pivoted;                   ///< of the last matrix, if it needed it
  SolvedBy _solved_by = SolvedBy::multifrontal;
  bool _refines = true; ///< whether the last solution with these factors needed it
  int _threads = available_threads();
};

extern template class LinearSolver<double>;
extern template class LinearSolver<std::complex<double>>;

} // namespace pyscl
