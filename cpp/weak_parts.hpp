// Parts of a carrier that exchange with the rest of the model only by rounding errors of their own
// conductance, such as a well-conducting particle behind a depleted coating.
//
// The Jacobian adds the conductances g of a node's edges on the diagonal. If a part conducts g = 1
// inside and 1e-17 to the rest, that sum loses the 1e-17, and with it the level of mu in the part.
// The sum of all equations of the part contains the edges that cross its border only; put in place
// of one of them, it keeps the level to full relative accuracy and changes nothing else.
#pragma once

#include "assembly.hpp"

namespace pyscl
{

/// A weakly coupled part and the equation that its balance replaces.
struct WeakPart
{
  Index row;                   ///< free unknown whose equation is replaced
  std::vector<Index> crossing; ///< edges across the border, numbers in the list of fluxes
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
};

} // namespace pyscl
