// Disjoint sets, and disjoint sets whose members are affine functions of each other.
#pragma once

#include "mesh.hpp"

#include <cmath>
#include <numeric>

namespace pyscl
{

/// value = factor * (another value) + offset.
struct Affine
{
  double factor = 1.0;
  double offset = 0.0;

  double operator()(double value) const { return factor * value + offset; }
  double inverse(double value) const { return (value - offset) / factor; }
};

/// Disjoint sets of 0 ... n-1 whose members satisfy value(i) = relation(i)(value(root(i))).
class UnionFind
{
public:
  explicit UnionFind(Index n) : _parent(n), _relation(n)
  {
    std::iota(_parent.begin(), _parent.end(), 0);
  }

  Index root(Index i)
  {
    compress(i);
    return _parent[i];
  }

  /// value(i) as a function of value(root(i)).
  Affine relation(Index i)
  {
    compress(i);
    return _relation[i];
  }

  /// Imposes value(b) = relation(value(a)). False if that contradicts earlier joins.
  bool join(Index a, Index b, Affine relation = {})
  {
    const Index ra = root(a), rb = root(b);
    const Affine to_a = this->relation(a), to_b = this->relation(b);
    // value(rb) = across(value(ra))
    const Affine across{relation.factor * to_a.factor / to_b.factor,
                        to_b.inverse(relation(to_a.offset))};
    if (ra == rb)
      return across.factor == 1.0 &&
             std::fabs(across.offset) <= 1e-9 * (1.0 + std::fabs(relation.offset));
    // The smaller root survives: dofs of set keep the lowest number as representative.
    if (ra < rb)
      _parent[rb] = ra, _relation[rb] = across;
    else
      _parent[ra] = rb, _relation[ra] = {1.0 / across.factor, -across.offset / across.factor};
    return true;
  }

private:
  /// Hangs i and all its ancestors directly below their root.
  void compress(Index i)
  {
    Index top = i;
    Affine total;
    while (_parent[top] != top)
      total = {total.factor * _relation[top].factor, total(_relation[top].offset)},
      top = _parent[top];
    while (_parent[i] != top && i != top)
    {
      const Index next = _parent[i];
      const Affine own = _relation[i];
      _parent[i] = top, _relation[i] = total;
      // total = own after rest, so rest = own^-1 after total
      total = {total.factor / own.factor, own.inverse(total.offset)}, i = next;
    }
  }

  std::vector<Index> _parent;
  std::vector<Affine> _relation; ///< value(i) as a function of value(parent(i))
};

} // namespace pyscl
