// Parts of a carrier that exchange with the rest of the model only by rounding errors of their own
// conductance, such as a well-conducting particle behind a depleted coating.
//
// The Jacobian adds the conductances g of a node's edges on the diagonal. If a part conducts g = 1
// inside and 1e-17 to the rest, that sum loses the 1e-17, and with it the level of mu in the part.
// The sum of all equations of the part contains the edges that cross its border only; put in place
// of one of them, it keeps the level to full relative accuracy and changes nothing else.
//
// In time amounts are anchored in their past, but over long steps the level of phi, with all mu
// behind it, is not: a conductor exchanges charge with the rest only by displacement, eps/dt, and
// through weak contacts. There the balance is that of the total current: sum_k z_k (mu rows) +
// (phi rows), in which storage cancels.
#pragma once

#include "assembly.hpp"

namespace pyscl
{

/// A weakly coupled part and the equation that its balance replaces.
struct WeakPart
{
  Index row;                   ///< free unknown whose equation is replaced
  std::vector<Index> crossing; ///< edges across the border, numbers in the list of couplings
  bool operator==(const WeakPart&) const = default;
};

/// The weakly coupled parts at a state, nested ones included.
class WeakParts
{
public:
  /// Finds the parts from the fluxes along all edges. Parts that hold a reservoir or a
  /// prescribed amount are anchored and need nothing.
  WeakParts(const Assembly& assembly, const std::vector<EdgeFlux>& fluxes);

  bool empty() const { return _parts.empty(); }
  /// Whether the same equations are replaced by balances over the same edges.
  bool same_pattern(const WeakParts& other) const { return _parts == other._parts; }
  /// Puts the balances of the parts into a residual and its Jacobian of the same fluxes.
  void replace(const Assembly& assembly, const std::vector<EdgeFlux>& fluxes, Vector& residual,
               SparseMatrix& jacobian) const;

private:
  std::vector<WeakPart> _parts;
  std::vector<std::vector<double>> _signs; ///< +1 where end i of a crossing edge lies inside
  // In time:
  std::vector<EdgeFlux> _currents;          ///< carried and displaced, along all edges
  std::vector<std::vector<Index>> _members; ///< free unknowns inside each part
  std::vector<double> _direction;           ///< change of every free unknown with the level
};

} // namespace pyscl
