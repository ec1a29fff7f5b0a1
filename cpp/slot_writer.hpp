// Adds local derivatives to their places in the Jacobian, one after the other.
#pragma once

#include "mesh.hpp"

namespace pyscl
{

class SlotWriter
{
public:
  /// `factors` may be null: all are 1 then.
  SlotWriter(const Index* slot, const double* factor, double* values)
      : _slot(slot), _factor(factor), _values(values)
  {
  }

  void operator()(double derivative)
  {
    if (*_slot >= 0)
      _values[*_slot] += _factor ? *_factor * derivative : derivative;
    ++_slot;
    if (_factor)
      ++_factor;
  }

  /// Goes on in another matrix of the same pattern.
  SlotWriter with_values(double* values) const { return {_slot, _factor, values}; }

private:
  const Index* _slot;
  const double* _factor;
  double* _values;
};

} // namespace pyscl
