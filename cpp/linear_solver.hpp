// One function in front of the sparse direct solvers, real or complex: scaling, ordering,
// factorisation, solution with iterative refinement. The symbolic analysis is kept while the
// pattern stays the same.
#pragma once

#include <Eigen/SparseCore>

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

enum class MatrixKind
{
  symmetric, ///< LDL^T without pivoting, for matrices that need none: positive definite ones, and
             ///< complex ones whose real and imaginary parts are positive semidefinite
  general    ///< LU with partial pivoting
};

/// Scalar is double or std::complex<double>.
template <class Scalar>
class LinearSolver
{
public:
  using Matrix = Eigen::SparseMatrix<Scalar>;
  using Column = Eigen::Matrix<Scalar, Eigen::Dynamic, 1>;

  /// `order` lists the unknowns in the order of elimination. Throws std::invalid_argument for
  /// another order than a permutation, and for a complex matrix that is not `general`.
  LinearSolver(MatrixKind kind, const Matrix& pattern, std::vector<std::int32_t> order);
  ~LinearSolver();

  /// Numerical factorisation. False if the matrix is singular or not finite.
  bool factorize(const Matrix& matrix);
  /// Solution with one step of iterative refinement.
  Column solve(const Column& right_hand_side);
  /// Entries of the factors.
  std::int64_t fill() const;

private:
  class Factors;
  class SymmetricFactors;
  class GeneralFactors;

  void equilibrate(const Matrix& matrix);

  MatrixKind _kind;
  std::vector<std::int32_t> _order;  ///< permuted -> original
  Matrix _permuted;                  ///< scaled and permuted matrix
  std::vector<std::int32_t> _source; ///< value of _permuted <- value of the original matrix
  Vector _row_scale, _column_scale;  ///< in original numbering
  std::unique_ptr<Factors> _factors;
};

extern template class LinearSolver<double>;
extern template class LinearSolver<std::complex<double>>;

} // namespace pyscl
