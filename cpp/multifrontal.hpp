// Sparse LU by the multifrontal method: the elimination tree of the given order is cut into
// supernodes, whose fronts are factorised as dense matrices. Pivots are exchanged within the block
// of a supernode only, so that the structure is known in advance; the caller checks the residual.
// Structures as in T. A. Davis, Direct Methods for Sparse Linear Systems (SIAM 2006), amalgamation
// as in C. Ashcraft and R. Grimes, ACM Trans. Math. Softw. 15 (1989) 291.
#pragma once

#include "dense_front.hpp"
#include "factorization.hpp"
#include "supernodes.hpp"
#include "uninitialized.hpp"

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

  /// Symbolic analysis; the matrix comes in the order of elimination. Throws std::length_error if a
  /// front has more entries than an index can count.
  explicit MultifrontalLU(const Matrix& pattern);

  /// At most so many threads factorise; they change no digit of the factors.
  void use_threads(int most) { _threads = most; }
  /// In how many threads the last factorisation ran.
  int threads_run() const { return _threads_run; }
  /// Numerical factorisation of a matrix with the same pattern. False if a pivot is zero or not
  /// finite.
  bool factorize(const Matrix& matrix) override;
  Column solve(const Column& right_hand_side) const override;
  /// Entries of the factors.
  std::int64_t fill() const override { return static_cast<std::int64_t>(_factor_begins.back()); }

private:
  using Index = std::int32_t;
  /// A value of the matrix and its place in the front of a supernode.
  struct Entry
  {
    Index source, place;
  };
  /// Supernodes that are eliminated one after the other: a subtree, or one above all of these.
  struct Unit
  {
    Index first, last;
    double work;
    bool above;
  };
  /// What a thread needs: the front, and the updates within a subtree that wait for their parents.
  struct Workspace
  {
    Uninitialized<Scalar> front, stack;
  };
  struct Elimination;

  void place_entries(const Matrix& pattern);
  void place_updates();
  Index place_of(Index unknown, Index supernode) const;
  void find_units();
  std::size_t update_size(Index k) const
  {
    const std::size_t rest = _supernodes.rest(k).size();
    return rest * static_cast<std::size_t>(DenseFront<Scalar>::padded(static_cast<Index>(rest)));
  }
  DenseFront<Scalar> front_of(Index k, Scalar* memory) const;
  void keep_factors(const DenseFront<Scalar>& front, Index k);

  Supernodes _supernodes;
  std::vector<Index> _children, _child_begins;
  std::vector<Index> _places; ///< of the rest of a supernode in the front of its parent
  std::vector<Entry> _entries;
  std::vector<std::size_t> _entry_begins, _factor_begins; ///< by supernode
  std::vector<Unit> _units;
  std::vector<std::size_t> _update_begins; ///< of the update of a supernode in the stack
  std::size_t _front_size = 0, _stack_size = 0;
  Index _largest_rest = 0;

  Uninitialized<Scalar> _factors;
  std::vector<Index> _pivot_rows; ///< row exchanges, by new number
  std::vector<Workspace> _workspaces;
  int _threads = 1, _threads_run = 1;
};

extern template class MultifrontalLU<double>;
extern template class MultifrontalLU<std::complex<double>>;

} // namespace pyscl
