// Newton's method for the problems of the core: the convex equilibrium, the coupled steady state
// and the time step. None throws on non-convergence: the result says what happened and where.
#pragma once

#include "assembly.hpp"
#include "linear_solver.hpp"
#include "weak_parts.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace pyscl
{

struct NewtonControl
{
  double tolerance = 1e-9; ///< on the largest change of phi, of eta and of P [kT/e, kT, scale]
  int max_iterations = 100;
  double outward_limit = 5.0; ///< largest change of eta away from half filling per step [kT]
  double phi_tolerance = 0.0; ///< on phi alone, if its rounding is larger than the tolerance
};

/// What one Newton iteration did.
struct NewtonStep
{
  double phi_update;   ///< largest change of phi [kT/e]
  double eta_update;   ///< largest undamped change of mu - z phi [kT]
  double polar_update; ///< largest change of the polarization as an unknown, over its scale
  double residual;     ///< largest residual of the free equations before the step
  double damping;      ///< accepted share of the step (equilibrium), or the share of the carrier
                       ///< sites that were not damped (steady)
  Index worst_dof;     ///< dof of the largest change
  bool factorized;     ///< whether the Jacobian was factorised, not an earlier one used
  SolvedBy solved_by;  ///< whose factors served in the end
  double assembly_seconds;
  double factor_seconds;
  double solve_seconds;
};

struct NewtonResult
{
  Vector u; ///< last state
  bool converged = false;
  std::string reason; ///< why it stopped, empty when converged
  std::vector<NewtonStep> steps;
  std::int64_t factor_entries = 0;
};

/// Called between iterations; throws to interrupt.
using Poll = std::function<void(const NewtonStep&)>;

/// Newton's method; keeps the symbolic factorisation between solves with one pattern.
class NewtonIteration
{
public:
  /// `node_rank` is the order of elimination of the nodes. Without a back end the built-in solver
  /// factorises.
  explicit NewtonIteration(std::vector<Index> node_rank,
                           std::shared_ptr<const BackEnd> back_end = nullptr)
      : _node_rank(std::move(node_rank)), _back_end(std::move(back_end))
  {
  }

  /// By `solve_convex` in equilibrium, else by `solve_damped`.
  NewtonResult solve(const Assembly& assembly, const Vector& u, const NewtonControl& control,
                     const Poll& poll);
  /// A monotone problem (the equilibrium): line search on the slope along the step.
  NewtonResult solve_convex(const Assembly& assembly, const Vector& u, const NewtonControl& control,
                            const Poll& poll);
  /// Coupled transport: phi undamped, eta = mu - z phi - mu0 damped like a density towards half
  /// filling and clipped away from it.
  NewtonResult solve_damped(const Assembly& assembly, const Vector& u, const NewtonControl& control,
                            const Poll& poll);

  /// One damped step from u, whose fixed values move to those of `assembly` in it: the equations
  /// are linearised where u is smooth, not where its fixed values jump. A guess for `solve`; u with
  /// the moved values alone if there is none.
  NewtonResult follow(const Assembly& assembly, const Vector& u, const NewtonControl& control,
                      const Poll& poll);

  const BackEnd* back_end() const { return _back_end.get(); }
  Index n_nodes() const { return static_cast<Index>(_node_rank.size()); }
  /// Rank of the node of a free unknown.
  Index rank(const Discretization& discretization, const Constraints& constraints,
             Index unknown) const
  {
    return _node_rank[discretization.dof_node()[constraints.representative()[unknown]]];
  }

private:
  template <class Advance>
  NewtonResult iterate(const Assembly& assembly, const Vector& u, const NewtonControl& control,
                       const Poll& poll, Advance advance);

  void prepare(const Assembly& assembly);
  Vector linearize(const Assembly& assembly, const Vector& u, bool looks);
  bool has_pattern(const SparseMatrix& pattern) const;
  bool is_weak() const { return _weak && !_weak->empty(); }

  std::vector<Index> _node_rank, _order;
  std::shared_ptr<const BackEnd> _back_end;
  SparseMatrix _jacobian, _balanced; ///< as assembled; with the balances of weak parts, if any
  std::unique_ptr<LinearSolver<double>> _solver;
  std::optional<WeakParts> _weak; ///< of the last Jacobian, if they were looked for
};

} // namespace pyscl
