// Assembly of the discrete balance laws: the only loops over the mesh.
//
// Rows (one per dof) of residual F(u):
//   phi_i:  sum_ij w eps (phi_i - phi_j) - sum_sites V (sum_k z_k c_k y_k + background) - charge_i
//           and what the polarization adds (assembly_polarization.cpp)
//   mu_i :  sum_sites d(V c y)/dt + sum_ij w c D N_ij + sum_junctions A N
//           (gain of the carrier and outflow from the site; no gain in a steady state)
//   P_i  :  the balance of the forces on a polarization that is an unknown
// An inventory replaces one mu row of a closed component by  sum V c y - amount.
// A terminal with a given current has the row  d(sum of its phi rows)/dt + sum z (mu rows) - I: the
// displacement current and the carriers that enter the mesh through it.
#pragma once

#include "constraints.hpp"

#include <Eigen/SparseCore>

#include <functional>
#include <memory>

namespace pyscl
{

class SlotWriter;

using SparseMatrix = Eigen::SparseMatrix<double>;

/// A closed set of one carrier: the amount on the sites of these mu dofs is prescribed.
struct Inventory
{
  int carrier;
  std::vector<Index> dofs;
  double amount;
};

/// A terminal whose voltage is free and whose current into the mesh is given.
struct DrivenTerminal
{
  Index dof; ///< of its voltage
  double current;
};

/// Which equations the carriers obey.
enum class Balance
{
  equilibrium, ///< mu is uniform in every connected component: fixed, or tied to an inventory
  steady,      ///< div(flux) = 0
  transient    ///< d(amount)/dt + div(flux) = 0
};

/// The time derivative dq/dt = rate (q - q_n) - carry of every amount q = V c y, by carrier law
/// (in the order of the regions and their carriers) and site of the region, and of the charges.
///
/// Backward Euler: rate = 1/dt, carry = 0; BDF2: see transient.cpp.
struct TimeDerivative
{
  struct Past
  {
    double share, vacancy; ///< at t_n
    double carry;
  };
  double rate = 0.0;
  std::vector<std::vector<Past>> amounts;
  Vector charge; ///< rate Q_n + carry of every phi row
  /// u_n, whose polarization and memory the step starts from, in every balance; may be empty.
  Vector state;
  Vector polarization_carry; ///< of every dof of P; empty: 0
};

/// Density state of one carrier on the sites of one region.
template <class T>
using SiteStates = std::vector<TransportState<T>>;

/// The flux of a carrier along an edge or across a junction: outflow from end i and its
/// derivatives in (phi_i, mu_i, phi_j, mu_j).
struct EdgeFlux
{
  Index phi_i, mu_i, phi_j, mu_j; ///< dofs of the two ends
  Dual<4> flux;
};

/// The derivative of a transient balance, split by what the rate d/dt multiplies: for small changes
/// x e^(i w t) of the unknowns the equations are (flow + i w storage) x = 0. Both matrices have
/// the pattern of the Jacobian.
struct Linearization
{
  SparseMatrix flow, storage;
  Vector outflow;                              ///< of the carriers from every dof in the state
  std::vector<EdgeFlux> fluxes;                ///< along all edges, then across all junctions
  std::vector<std::vector<double>> capacities; ///< V c dy/deta by carrier law and site
};

class Assembly
{
public:
  /// Throws std::invalid_argument if an inventory has no free unknown, if in an equilibrium a
  /// free mu belongs to no inventory, or if the voltage of a driven terminal is fixed.
  Assembly(std::shared_ptr<const Discretization> discretization, Constraints constraints,
           std::vector<Inventory> inventories, std::vector<DrivenTerminal> terminals,
           Balance balance);

  /// Moves a fixed value, e.g. the voltage of a terminal.
  void set_fixed(Index dof, double value) { _constraints.set_value(dof, value); }
  void set_current(std::size_t terminal, double current) { _terminals[terminal].current = current; }
  /// Past amounts and charges of a transient balance; the past and the rate of the polarization in
  /// any.
  void set_time_derivative(TimeDerivative time);

  /// What the time derivative multiplies new amounts with, 1/dt at first order.
  double rate() const { return _time.rate; }

  const Discretization& discretization() const { return *_discretization; }
  const Constraints& constraints() const { return _constraints; }
  Balance balance() const { return _balance; }
  /// Free unknowns whose equation couples to a whole component (their rows are dense).
  const std::vector<Index>& inventory_rows() const { return _inventory_rows; }
  const std::vector<Inventory>& inventories() const { return _inventories; }
  /// Free unknowns that are the voltage of a terminal (their rows are dense, too).
  const std::vector<Index>& terminal_rows() const { return _terminal_rows; }

  /// F(u), one row per dof, without the rows of inventories and terminals.
  Vector rows(const Vector& u) const;
  /// Displacement out of every dof of phi by the permittivities alone, linear in u.
  Vector displacement(const Vector& u) const;
  /// Change of the displacement out of every dof of phi, polarization included, for a small change
  /// of the state u.
  Vector displacement_change(const Vector& u, const Vector& change) const;
  /// A state that still has the memory of its past, with that which it leaves behind.
  Vector remember(Vector u) const;
  /// The phi rows alone: the charge at every dof of phi that the mesh does not balance.
  Vector rows_of_charge(const Vector& u) const;
  /// The rows with the time derivatives of the phi rows: the currents that enter at every dof.
  Vector currents(const Vector& u) const;
  /// Site and vacant fractions as the past of a time derivative, without carry.
  std::vector<std::vector<TimeDerivative::Past>> past(const Vector& u) const;
  /// Gain of every amount since `past`, V c (y - y_n), in the same order.
  std::vector<std::vector<double>> gains(const std::vector<std::vector<TimeDerivative::Past>>& past,
                                         const Vector& u) const;
  /// The equations of the free unknowns, T^T F(u) with the rows of inventories and terminals.
  Vector residual(const Vector& u) const;
  /// The same, the Jacobian d residual / d z with its fixed sparsity pattern, and, if they are
  /// asked for, the fluxes along all edges (none in equilibrium).
  Vector residual_and_jacobian(const Vector& u, SparseMatrix& jacobian,
                               std::vector<EdgeFlux>* fluxes = nullptr) const;
  /// Storage and flow of a transient balance at a state, whatever its time derivative.
  Linearization linearize(const Vector& u) const;
  /// The Poisson part on the full sparsity pattern of the Jacobian.
  const SparseMatrix& pattern() const { return _stiffness; }

private:
  template <class Visitor>
  void visit_carriers(Visitor visit) const;
  template <class Scalar>
  std::vector<SiteStates<Scalar>> site_states(const Vector& u) const;
  void add_displacement(const Vector& u, Vector& rows) const;
  template <class Scalar>
  void add_gauss(const Vector& u, const std::vector<SiteStates<Scalar>>& states,
                 Vector& rows) const;
  template <class Scalar>
  void add_storage(const Vector& u, const std::vector<SiteStates<Scalar>>& states, Vector& rows,
                   Vector& amounts, SlotWriter& add) const;
  template <class Scalar>
  void add_flow(const Vector& u, const std::vector<SiteStates<Scalar>>& states, Vector& rows,
                SlotWriter& add, std::vector<EdgeFlux>* fluxes) const;
  template <class Scalar>
  void add_polarization_charge(const Vector& u, Vector& rows, SlotWriter& add) const;
  template <class Scalar>
  void add_polarization_rates(const Vector& u, Vector& rows, SlotWriter& add) const;
  template <class Scalar>
  void add_polarization_forces(const Vector& u, Vector& rows, SlotWriter& add) const;
  using Visit = std::function<void(Index row, Index column)>;
  void visit_polarization_charge(const Visit& push) const;
  void visit_polarization_rates(const Visit& push) const;
  void visit_polarization_forces(const Visit& push) const;
  template <class Scalar>
  void accumulate(const Vector& u, Vector& rows, Vector& amounts, double* values,
                  std::vector<EdgeFlux>* fluxes) const;
  Vector close(Vector rows, const Vector& amounts) const;
  /// Factor of the phi rows: the transient takes their time derivative, which makes the charge on
  /// a terminal a current and the Jacobian of the storage symmetric.
  double gauss_scale() const { return _balance == Balance::transient ? _time.rate : 1.0; }
  /// Whether a charge counts in the equation of a free unknown: steady currents have none.
  bool counts(Index row_dof) const;
  void build_pattern();

  std::shared_ptr<const Discretization> _discretization;
  Constraints _constraints;
  std::vector<Inventory> _inventories;
  std::vector<DrivenTerminal> _terminals;
  Balance _balance;
  TimeDerivative _time;
  std::vector<Index> _inventory_rows, _terminal_rows;
  std::vector<char> _is_terminal_row;
  std::vector<Index> _inventory_of_dof; ///< -1 where no inventory holds the dof
  SparseMatrix _stiffness;              ///< the constant Poisson part on the full pattern
  std::vector<Index> _slots;            ///< where each local derivative is added, in visiting order
  std::vector<double> _slot_factors;    ///< the factor of each slot; empty if all are 1
  /// Number of the law and charge number, by region and carrier.
  std::vector<std::pair<std::size_t, double>> _pair_of;
};

/// Calls visit(graph, carrier law, number of the (region, carrier) pair).
template <class Visitor>
void Assembly::visit_carriers(Visitor visit) const
{
  std::size_t pair = 0;
  for (std::size_t r = 0; r < _discretization->regions().size(); ++r)
    for (const CarrierLaw& law : _discretization->regions()[r].carriers)
      visit(_discretization->graphs()[r], law, pair++);
}

/// Mean polarization of every triangle in the plane; 0 where there is no law.
std::vector<std::array<double, 2>> polarization_density(const Discretization& d, const Vector& u);

/// Its change for a small change of the state u.
std::vector<std::array<double, 2>> polarization_change(const Discretization& d, const Vector& u,
                                                       const Vector& change);

/// Energy of the polarization as an unknown, per region; `surface` that of extrapolation lengths.
struct LandauEnergy
{
  std::vector<double> bulk, gradient, surface;
};
LandauEnergy landau_energy(const Discretization& d, const Vector& u);

/// How the polarization as an unknown has moved between two states.
struct Switching
{
  double change = 0.0; ///< the largest, over the scale of the law
  Index dof = 0;       ///< where
  double rate = 0.0; ///< of growth of an instability on the way of what moved: -min f'' / viscosity
};
Switching switching(const Discretization& d, const Vector& before, const Vector& after);

} // namespace pyscl
