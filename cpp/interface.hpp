// Laws for the flux of a carrier across an interface that is not in equilibrium. Each is one
// struct with its formula; all vanish with the driving force A = mu_i - mu_j and have its sign, so
// that they heat and never cool.
#pragma once

#include "special_functions.hpp"

#include <variant>

namespace pyscl
{

/// What a law needs to know of the carrier on one side.
template <class T>
struct InterfaceSide
{
  T mu;      ///< electrochemical potential [kT]
  T share;   ///< occupied share of the sites, 1 at a terminal
  T vacancy; ///< empty share, 1 at a terminal
};

/// N = conductance A.
struct ContactResistance
{
  double conductance = 0.0;

  template <class T>
  T operator()(const InterfaceSide<T>& i, const InterfaceSide<T>& j) const
  {
    return conductance * (i.mu - j.mu);
  }
};

/// N = rate P (exp(symmetry A) - exp(-(1 - symmetry) A)). The prefactor P is 1, or that of hops
/// from occupied to empty sites, P = (y_i v_j)^(1-symmetry) (y_j v_i)^symmetry, which follows from
/// detailed balance; see J. Newman and K. E. Thomas-Alyea, Electrochemical Systems (2004) ch. 8.
struct ButlerVolmer
{
  double rate = 0.0;
  double symmetry = 0.5;
  bool occupancy = false; ///< whether P follows the occupation; rate then counts per unit of P

  template <class T>
  T operator()(const InterfaceSide<T>& i, const InterfaceSide<T>& j) const
  {
    using std::exp;
    using std::expm1;
    using std::log;
    const T drive = i.mu - j.mu;
    // exp(aA) - exp(-(1-a)A) without cancellation and with the larger exponential in front
    const T net = value_of(drive) >= 0.0 ? -exp(symmetry * drive) * expm1(-drive)
                                         : exp((symmetry - 1.0) * drive) * expm1(drive);
    if (!occupancy)
      return rate * net;
    const T hops = exp((1.0 - symmetry) * (log(i.share) + log(j.vacancy)) +
                       symmetry * (log(j.share) + log(i.vacancy)));
    return rate * hops * net;
  }
};

using InterfaceLaw = std::variant<ContactResistance, ButlerVolmer>;

} // namespace pyscl
