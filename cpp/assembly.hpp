// Assembly of the discrete balance laws: the only loops over the mesh.
//
// Rows (one per dof) of residual F(u):
//   phi_i:  sum_ij w eps (phi_i - phi_j) - sum_sites V (sum_k z_k c_k y_k + background) - charge_i
//   mu_i :  sum_ij w c D N_ij                     (outflow of the carrier from the site)
// An inventory replaces one mu row of a closed component by  sum V c y - amount.
#pragma once

#include "constraints.hpp"

#include <Eigen/SparseCore>

#include <memory>

namespace pyscl
{

using SparseMatrix = Eigen::SparseMatrix<double>;

/// A closed set of one carrier: the amount on the sites of these mu dofs is prescribed.
struct Inventory
{
  int carrier;
  std::vector<Index> dofs;
  double amount;
};

/// Which equations the carriers obey.
enum class Balance
{
  equilibrium, ///< mu is uniform in every connected component: fixed, or tied to an inventory
  steady       ///< div(flux) = 0
};

/// Density state of one carrier on the sites of one region.
template <class T>
using SiteStates = std::vector<TransportState<T>>;

/// The flux of a carrier along an edge: outflow from end i and its derivatives in
/// (phi_i, mu_i, phi_j, mu_j).
struct EdgeFlux
{
  Index mu_i, mu_j; ///< dofs of the two ends
  Dual<4> flux;
};

class Assembly
{
public:
  /// Throws std::invalid_argument if an inventory has no free unknown, or if in an equilibrium a
  /// free mu belongs to no inventory.
  Assembly(std::shared_ptr<const Discretization> discretization, Constraints constraints,
           std::vector<Inventory> inventories, Balance balance);

  const Discretization& discretization() const { return *_discretization; }
  const Constraints& constraints() const { return _constraints; }
  Balance balance() const { return _balance; }
  /// Free unknowns whose equation couples to a whole component (their rows are dense).
  const std::vector<Index>& inventory_rows() const { return _inventory_rows; }

  /// F(u), one row per dof, without the inventory rows.
  Vector rows(const Vector& u) const;
  /// The equations of the free unknowns, T^T F(u) with the inventory rows put in.
  Vector residual(const Vector& u) const;
  /// The same, the Jacobian d residual / d z with its fixed sparsity pattern, and the fluxes along
  /// all edges (none in equilibrium).
  Vector residual_and_jacobian(const Vector& u, SparseMatrix& jacobian,
                               std::vector<EdgeFlux>& fluxes) const;
  /// The Poisson part on the full sparsity pattern of the Jacobian.
  const SparseMatrix& pattern() const { return _stiffness; }

private:
  template <class Visit>
  void visit_carriers(Visit visit) const;
  template <class Scalar>
  std::vector<SiteStates<Scalar>> site_states(const Vector& u) const;
  template <class Scalar>
  void accumulate(const Vector& u, Vector& rows, Vector& amounts, double* values,
                  std::vector<EdgeFlux>* fluxes) const;
  Vector close(const Vector& rows, const Vector& amounts) const;
  void build_pattern();

  std::shared_ptr<const Discretization> _discretization;
  Constraints _constraints;
  std::vector<Inventory> _inventories;
  Balance _balance;
  std::vector<Index> _inventory_rows;
  std::vector<Index> _inventory_of_dof; ///< -1 where no inventory holds the dof
  SparseMatrix _stiffness;              ///< the constant Poisson part on the full pattern
  std::vector<Index> _slots;            ///< where each local derivative is added, in visiting order
};

} // namespace pyscl
