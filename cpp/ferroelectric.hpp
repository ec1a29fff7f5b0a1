// Landau-Devonshire energy of a crystal whose polarization is an unknown of the problem, in the
// plane of two of its axes and in scaled units.
#pragma once

#include "dual.hpp"

#include <array>

namespace pyscl
{

struct LandauPolarization
{
  static constexpr int terms = 5;

  /// Coefficient of P1^(2m) P2^(2n) at [m][n].
  std::array<std::array<double, terms>, terms> coefficient{};
  /// Energy of gradients  G11/2 (P1,1^2 + P2,2^2) + G12 P1,1 P2,2
  ///                    + G44/2 (P1,2 + P2,1)^2 + G44'/2 (P1,2 - P2,1)^2.
  double g11 = 0.0, g12 = 0.0, g44 = 0.0, g44_rotation = 0.0;
  double viscosity = 1.0; ///< of  viscosity dP/dt = -dF/dP
  double scale = 1.0;     ///< a typical polarization, in which changes are measured

  double energy(const std::array<double, 2>& p) const
  {
    const double x = p[0] * p[0], y = p[1] * p[1];
    double sum = 0.0;
    for (int m = terms - 1; m >= 0; --m)
    {
      double row = 0.0;
      for (int n = terms - 1; n >= 0; --n)
        row = row * y + coefficient[m][n];
      sum = sum * x + row;
    }
    return sum;
  }

  /// d(energy)/dP.
  template <class T>
  std::array<T, 2> field(const std::array<T, 2>& p) const
  {
    const T x = p[0] * p[0], y = p[1] * p[1];
    T along_x(0.0), along_y(0.0); // derivatives with respect to P1^2 and P2^2
    for (int m = terms - 1; m >= 0; --m)
    {
      T row(0.0), slope(0.0);
      for (int n = terms - 1; n >= 0; --n)
      {
        if (n > 0)
          slope = slope * y + n * coefficient[m][n];
        row = row * y + coefficient[m][n];
      }
      if (m > 0)
        along_x = along_x * x + static_cast<double>(m) * row;
      along_y = along_y * x + slope;
    }
    return {2.0 * p[0] * along_x, 2.0 * p[1] * along_y};
  }

  /// Second derivatives (11, 12, 22) of the energy.
  std::array<double, 3> stiffness(const std::array<double, 2>& p) const
  {
    const auto f = field<Dual<2>>({Dual<2>::variable(p[0], 0), Dual<2>::variable(p[1], 1)});
    return {f[0].grad[0], f[0].grad[1], f[1].grad[1]};
  }

  /// The smaller eigenvalue of the stiffness.
  double softest(const std::array<double, 2>& p) const
  {
    const auto [a, b, c] = stiffness(p);
    return 0.5 * (a + c) - std::hypot(0.5 * (a - c), b);
  }

  /// d(gradient energy)/d(P_i,j) for a gradient P_i,j at [i][j].
  std::array<std::array<double, 2>, 2>
  stress(const std::array<std::array<double, 2>, 2>& gradient) const
  {
    const double shear = g44 * (gradient[0][1] + gradient[1][0]);
    const double rotation = g44_rotation * (gradient[0][1] - gradient[1][0]);
    return {{{g11 * gradient[0][0] + g12 * gradient[1][1], shear + rotation},
             {shear - rotation, g11 * gradient[1][1] + g12 * gradient[0][0]}}};
  }

  double gradient_energy(const std::array<std::array<double, 2>, 2>& gradient) const
  {
    const auto s = stress(gradient);
    double sum = 0.0;
    for (int i = 0; i < 2; ++i)
      for (int j = 0; j < 2; ++j)
        sum += 0.5 * s[i][j] * gradient[i][j];
    return sum;
  }
};

} // namespace pyscl
