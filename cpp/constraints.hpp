// Constraints on the unknowns as one affine map u = T z + g: every dof is fixed, or equal to a free
// unknown plus an offset (reservoirs and electrodes fix; periodic sides and equipotentials tie).
#pragma once

#include "discretization.hpp"

#include <Eigen/Core>

namespace pyscl
{

using Vector = Eigen::VectorXd;

struct FixedDof
{
  Index dof;
  double value;
};

/// u[second] = u[first] + offset.
struct Tie
{
  Index first, second;
  double offset;
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
  /// One dof that represents each free unknown.
  const std::vector<Index>& representative() const { return _representative; }

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
  std::vector<Index> _free;
  std::vector<double> _offset;
  std::vector<Index> _representative;
};

} // namespace pyscl
