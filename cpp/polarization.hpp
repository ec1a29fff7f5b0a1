// Laws of dielectric polarization that a constant isotropic permittivity does not have. A region
// has
//   D = permittivity E + P,
// and P, a function of the field of a triangle (and of a memory), is what these laws give, in the
// frame of the crystal and in the scaled units of the core. Ferroelectrics whose P is an unknown of
// its own are in ferroelectric.hpp.
#pragma once

#include "dual.hpp"
#include "ferroelectric.hpp"

#include <variant>
#include <vector>

namespace pyscl
{

template <class T>
using Planar = std::array<T, 2>; ///< components along the first and the second crystal axis

/// Different permittivities along the two axes, as what they have beyond that of the region.
struct AnisotropicPolarization
{
  Planar<double> excess;

  template <class T>
  Planar<T> operator()(const Planar<T>& field) const
  {
    return {excess[0] * field[0], excess[1] * field[1]};
  }
};

/// eps(E) = eps0 / (1 + 3 b eps0^3 E^2)^(1/3) as the chord D/E; eps0 is that of the region.
/// K. M. Johnson, J. Appl. Phys. 33, 2826 (1962).
struct JohnsonPolarization
{
  double permittivity;
  double coefficient; ///< b of E = P/eps0 + b P^3

  template <class T>
  Planar<T> operator()(const Planar<T>& field) const
  {
    using std::expm1, std::log;
    const double strength = 3.0 * coefficient * permittivity * permittivity * permittivity;
    const T square = field[0] * field[0] + field[1] * field[1];
    const T excess = permittivity * expm1((-1.0 / 3.0) * log(1.0 + strength * square));
    return {excess * field[0], excess * field[1]};
  }
};

/// P = P_s L(3 chi E / P_s) of freely turning dipoles, less its linear part chi E, which the region
/// has. L(x) = coth x - 1/x. P. Langevin, J. Phys. Theor. Appl. 4, 678 (1905).
struct LangevinPolarization
{
  double saturation;
  double susceptibility; ///< chi, at zero field

  template <class T>
  Planar<T> operator()(const Planar<T>& field) const
  {
    const double turning = 3.0 * susceptibility / saturation;
    const T square = turning * turning * (field[0] * field[0] + field[1] * field[1]);
    const T excess = susceptibility * reduction(square);
    return {excess * field[0], excess * field[1]};
  }

private:
  /// 3 L(x) / x - 1 as a function of x^2.
  static double reduction(double square)
  {
    if (square < series_end)
      return square * (-1.0 / 15.0 +
                       square * (2.0 / 315.0 + square * (-1.0 / 1575.0 + square * 2.0 / 31185.0)));
    const double x = std::sqrt(square);
    return 3.0 * (1.0 / std::tanh(x) - 1.0 / x) / x - 1.0;
  }
  template <int N>
  static Dual<N> reduction(const Dual<N>& square)
  {
    const double s = square.value;
    double slope;
    if (s < series_end)
      slope = -1.0 / 15.0 + s * (4.0 / 315.0 + s * (-3.0 / 1575.0 + s * 8.0 / 31185.0));
    else
    {
      const double x = std::sqrt(s), sinh = std::sinh(std::fmin(x, 300.0));
      // d/dx of L(x)/x, over 2x
      const double cothx = 1.0 / std::tanh(x);
      slope = 3.0 * (-1.0 / (x * sinh * sinh) - cothx / (x * x) + 2.0 / (x * x * x)) / (2.0 * x);
    }
    return chain(square, reduction(s), slope);
  }
  static constexpr double series_end = 0.01;
};

/// An empirical hysteresis along the first crystal axis: cells whose memory m follows the field
/// like a play, m in [E - pinning, E + pinning], and P = saturation sum weight tanh(m / field).
/// Its saturated loop with one cell is that of S. L. Miller et al., J. Appl. Phys. 68, 6463 (1990).
struct HystereticPolarization
{
  double saturation;
  double field; ///< over which P saturates
  std::vector<double> weight, pinning;

  std::size_t n_cells() const { return weight.size(); }

  /// The memory of a cell after the field has come from where it was `before`.
  template <class T>
  T remembered(std::size_t cell, double before, const T& along) const
  {
    const double distance = value_of(along) - before;
    // A field that has just arrived here turns back on the reversible branch.
    const double free_play = pinning[cell] * (1.0 + 1e-9);
    if (std::fabs(distance) <= free_play)
      return T(before);
    return along - std::copysign(pinning[cell], distance);
  }

  template <class T>
  Planar<T> operator()(const Planar<T>& along, const double* memory) const
  {
    T sum(0.0);
    for (std::size_t k = 0; k < n_cells(); ++k)
      sum = sum + weight[k] * tanh_of(remembered(k, memory[k], along[0]) * (1.0 / field));
    return {saturation * sum, T(0.0)};
  }

private:
  static double tanh_of(double x) { return std::tanh(x); }
  template <int N>
  static Dual<N> tanh_of(const Dual<N>& x)
  {
    const double t = std::tanh(x.value);
    return chain(x, t, 1.0 - t * t);
  }
};

/// None: the permittivity of the region is all there is.
using Polarization = std::variant<std::monostate, AnisotropicPolarization, JohnsonPolarization,
                                  LangevinPolarization, HystereticPolarization, LandauPolarization>;

} // namespace pyscl
