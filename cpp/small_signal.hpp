// The response of a state to small alternating voltages of its terminals: for changes x e^(i w t)
// of the unknowns
//   (flow + i w storage) x = currents into the terminals, 0 in all other rows,
// with the analytic derivatives of the transient balance. Gauss's law stands in it as its time
// derivative, so that the rows of a terminal add up to its total current, displacement included,
// and the matrix is symmetric around an equilibrium (Onsager).
#pragma once

#include "assembly.hpp"
#include "linear_solver.hpp"

#include <array>
#include <memory>
#include <mutex>

namespace pyscl
{

class SmallSignal
{
public:
  using Matrix = Eigen::MatrixXcd;

  struct Response
  {
    Matrix unknowns;   ///< change of every dof for a unit voltage of each driven group
    Matrix admittance; ///< current into every group for a unit voltage of each driven one
  };

  /// `assembly` is a transient balance in which the voltages of all terminals are free. Terminals
  /// that are tied to each other form one group. Throws std::invalid_argument if there is none,
  /// or if one holds a closed amount.
  SmallSignal(const Assembly& assembly, const Vector& u, const std::vector<Index>& node_rank,
              std::shared_ptr<const BackEnd> back_end = nullptr);
  ~SmallSignal();

  /// Group of every terminal.
  const std::vector<Index>& group() const { return _group; }
  Index n_groups() const { return static_cast<Index>(_terminals.size()); }
  const Linearization& linearization() const { return _linearization; }

  /// The response to voltages ~ e^(rate t) of some groups of terminals, rate = i w or real and
  /// positive for slow growth. May be called from several threads. Throws std::runtime_error if the
  /// matrix is singular, std::invalid_argument for a group that does not exist.
  Response solve(std::complex<double> rate, const std::vector<Index>& driven) const;
  /// Change of every dof that the flows of the state itself make within a time, to first order (one
  /// step of backward Euler); 0 in a steady state.
  Vector change_within(double time) const;
  /// Factorisations so far, by whose factors served.
  std::array<int, 3> count() const;

private:
  using Solver = LinearSolver<std::complex<double>>;
  std::unique_ptr<Solver> factorized(std::complex<double> rate) const;
  void give_back(std::unique_ptr<Solver> solver) const;
  ComplexVector solve_inner(Solver& solver, const ComplexVector& rows) const;

  std::shared_ptr<const BackEnd> _back_end;
  Constraints _constraints;
  Linearization _linearization;
  std::vector<Index> _group;
  std::vector<Index> _terminals;       ///< free unknown of every group
  std::vector<double> _voltage_factor; ///< voltage of every group over its free unknown
  std::vector<Index> _inner;           ///< free unknown -> number among the others, or -1
  std::vector<Index> _order;           ///< of elimination of these
  ComplexSparseMatrix _pattern;        ///< of the equations between them
  std::vector<Index> _source;          ///< value of _pattern <- value of flow and storage
  mutable std::array<int, 3> _count{}; ///< of factorisations, by `SolvedBy`
  mutable std::mutex _mutex;
  mutable std::vector<std::unique_ptr<Solver>> _idle; ///< solvers that no thread uses
};

} // namespace pyscl
