// Sparse LU by the multifrontal method: the elimination tree of the given order is cut into
// supernodes, whose dense fronts are factorised with the dense kernels of the library. Pivots are
// exchanged within the block of a supernode only, so that the structure is known in advance; the
// caller checks the residual. Structures as in T. A. Davis, Direct Methods for Sparse Linear
// Systems (SIAM 2006), amalgamation as in C. Ashcraft and R. Grimes, ACM Trans. Math. Softw. 15
// (1989) 291.
#pragma once

#include "factorization.hpp"

#include <Eigen/Core>
#include <Eigen/SparseCore>

#include <cstdint>
#include <vector>

namespace pyscl
{

/// Scalar is double or std::complex<double>.
template <class Scalar>
class MultifrontalLU final : public Factorization<Scalar>
{
public:
  using Matrix = Eigen::SparseMatrix<Scalar>;
  using Column = Eigen::Matrix<Scalar, Eigen::Dynamic, 1>;

  /// Symbolic analysis; the matrix comes in the order of elimination.
  explicit MultifrontalLU(const Matrix& pattern);

  /// Numerical factorisation of a matrix with the same pattern. False if a pivot is zero or not
  /// finite.
  bool factorize(const Matrix& matrix) override;
  Column solve(const Column& right_hand_side) const override;
  /// Entries of the factors.
  std::int64_t fill() const override { return static_cast<std::int64_t>(_factors.size()); }

private:
  using Index = std::int32_t;
  using Dense = Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic>;

  /// Unknowns are numbered anew, supernode after supernode.
  struct Supernode
  {
    Index first, pivots;     ///< its unknowns
    std::vector<Index> rest; ///< later unknowns in its front, ascending
    std::vector<Index> children;
    std::size_t factor; ///< where its factors begin: L11 U11 over L21, then U12
    std::size_t entry;  ///< where its entries of the matrix begin
    Index size() const { return pivots + static_cast<Index>(rest.size()); }
  };
  /// A value of the matrix and its place in the front of a supernode.
  struct Entry
  {
    Index source, place;
  };

  void number_unknowns(const Matrix& pattern);
  void place_entries(const Matrix& pattern);
  bool eliminate(const Supernode& supernode, const Matrix& matrix);

  std::vector<Supernode> _supernodes; ///< children before parents
  std::vector<Index> _number;         ///< given unknown -> new number
  std::vector<Entry> _entries;
  // Aligned, so that the order of summation in the kernels and the last digit do not depend on
  // where the memory happens to lie.
  Column _factors;
  Column _front;
  Column _stack;                  ///< updates that wait for their parents
  std::vector<Index> _pivot_rows; ///< row exchanges, by new number
  std::vector<std::size_t> _stack_begins;
  std::vector<Index> _local; ///< new number -> place in the present front
};

extern template class MultifrontalLU<double>;
extern template class MultifrontalLU<std::complex<double>>;

} // namespace pyscl
