// Disjoint sets, and disjoint sets whose members differ by known offsets.
#pragma once

#include "mesh.hpp"

#include <cmath>
#include <numeric>

namespace pyscl
{

/// Disjoint sets of 0 ... n-1 whose members satisfy value(i) = value(root(i)) + offset(i).
class UnionFind
{
public:
  explicit UnionFind(Index n) : _parent(n), _offset(n, 0.0)
  {
    std::iota(_parent.begin(), _parent.end(), 0);
  }

  Index root(Index i)
  {
    compress(i);
    return _parent[i];
  }

  /// value(i) - value(root(i)).
  double offset(Index i)
  {
    compress(i);
    return _parent[i] == i ? 0.0 : _offset[i];
  }

  /// Imposes value(b) = value(a) + offset. False if that contradicts earlier joins.
  bool join(Index a, Index b, double offset = 0.0)
  {
    const Index ra = root(a), rb = root(b);
    const double shift = this->offset(a) + offset - this->offset(b);
    if (ra == rb)
      return std::fabs(shift) <= 1e-9 * (1.0 + std::fabs(offset));
    // The smaller root survives: dofs of set keep the lowest number as representative.
    if (ra < rb)
      _parent[rb] = ra, _offset[rb] = shift;
    else
      _parent[ra] = rb, _offset[ra] = -shift;
    return true;
  }

private:
  /// Hangs i and all its ancestors directly below their root.
  void compress(Index i)
  {
    Index top = i;
    double total = 0.0;
    while (_parent[top] != top)
      total += _offset[top], top = _parent[top];
    while (_parent[i] != top && i != top)
    {
      const Index next = _parent[i];
      const double own = _offset[i];
      _parent[i] = top, _offset[i] = total;
      total -= own, i = next;
    }
  }

  std::vector<Index> _parent;
  std::vector<double> _offset; ///< value(i) - value(parent(i))
};

} // namespace pyscl
