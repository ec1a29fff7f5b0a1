// Constraints on the unknowns as one affine map u = T z + g: every dof is fixed, or an affine
// function of one free unknown (periodic sides and equipotentials tie, electrodes follow their
// voltage, which is fixed or free).
#pragma once

#include "discretization.hpp"
#include "union_find.hpp"

#include <Eigen/Core>

namespace pyscl
{

using Vector = Eigen::VectorXd;

struct FixedDof
{
  Index dof;
  double value;
};

/// u[second] = relation(u[first]).
struct Tie
{
  Index first, second;
  Affine relation;
};

class Constraints
{
public:
  /// Free unknowns are numbered node by node (dof_node), the potential first.
  /// Throws std::invalid_argument if ties and fixed values contradict each other.
  Constraints(const Discretization& discretization, const std::vector<FixedDof>& fixed,
              const std::vector<Tie>& ties);

  Index n_free() const { return _n_free; }
  Index n_dofs() const { return static_cast<Index>(_free.size()); }
  /// The free unknown behind a dof, or -1 if it is fixed.
  Index free(Index dof) const { return _free[dof]; }
  const std::vector<Index>& free_of_dof() const { return _free; }
  /// d u / d z of a free dof.
  double factor(Index dof) const { return _relation[dof].factor; }
  /// Whether a factor other than 1 occurs among the free dofs.
  bool has_factors() const { return _has_factors; }
  /// One dof that represents each free unknown.
  const std::vector<Index>& representative() const { return _representative; }

  /// Gives a fixed dof, and all that is tied to it, a new value.
  /// Throws std::invalid_argument if the dof is free.
  void set_value(Index dof, double value);

  /// u = T z + g.
  Vector expand(const Vector& z) const;
  /// T z: the change of u for a change of z.
  Vector expand_update(const Vector& dz) const;
  /// z of a state u that satisfies the constraints or is to be made to.
  Vector restrict_state(const Vector& u) const;
  /// T^T rows: the equations of the free unknowns.
  Vector reduce(const Vector& rows) const;

private:
  Index _n_free = 0;
  bool _has_factors = false;
  std::vector<Index> _free;
  std::vector<Index> _root;      ///< dof to which each dof is tied
  std::vector<Affine> _relation; ///< value of each dof as a function of that of its root
  Vector _fixed;                 ///< values of the fixed roots
  std::vector<Index> _representative;
};

} // namespace pyscl
