// One function in front of the sparse direct solvers: scaling, ordering, factorisation, solution
// with iterative refinement. The symbolic analysis is kept while the pattern stays the same.
#pragma once

#include <Eigen/SparseCore>

#include <cstdint>
#include <memory>
#include <vector>

namespace pyscl
{

using SparseMatrix = Eigen::SparseMatrix<double>;
using Vector = Eigen::VectorXd;

class LinearSolver
{
public:
  enum class Kind
  {
    symmetric, ///< LDL^T of a symmetric positive definite matrix
    general    ///< LU with partial pivoting
  };

  /// `order` lists the unknowns in the order of elimination.
  LinearSolver(Kind kind, const SparseMatrix& pattern, std::vector<std::int32_t> order);
  ~LinearSolver();

  /// Numerical factorisation. False if the matrix is singular or not finite.
  bool factorize(const SparseMatrix& matrix);
  /// Solution with one step of iterative refinement.
  Vector solve(const Vector& right_hand_side);
  /// Entries of the factors.
  std::int64_t fill() const;

private:
  class Factors;
  class SymmetricFactors;
  class GeneralFactors;

  void equilibrate(const SparseMatrix& matrix);

  Kind _kind;
  std::vector<std::int32_t> _order;  ///< permuted -> original
  SparseMatrix _permuted;            ///< scaled and permuted matrix
  std::vector<std::int32_t> _source; ///< value of _permuted <- value of the original matrix
  Vector _row_scale, _column_scale;  ///< in original numbering
  std::unique_ptr<Factors> _factors;
};

} // namespace pyscl
