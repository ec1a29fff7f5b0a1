// A triangle of a region with a law of polarization, as its integrals need it.
#pragma once

#include "discretization.hpp"

namespace pyscl
{

struct PolarizedTriangle
{
  PolarizedTriangle(const Discretization& d, Index triangle)
      : region(d.mesh().region[triangle]), axis(d.axes()[triangle]),
        gradient(shape_gradients(d.mesh(), triangle)),
        volume(triangle_geometry(d.mesh(), triangle).volume),
        total(volume[0] + volume[1] + volume[2])
  {
    for (int a = 0; a < 3; ++a)
    {
      const Index site = d.triangle_sites()[triangle][a];
      phi[a] = d.site_phi()[site];
      polar[a] = d.site_polar()[site];
      gradient[a] = to_crystal(gradient[a]);
    }
  }

  std::array<double, 2> to_crystal(const std::array<double, 2>& v) const
  {
    return {axis[0] * v[0] + axis[1] * v[1], -axis[1] * v[0] + axis[0] * v[1]};
  }
  template <class T>
  std::array<T, 2> to_plane(const std::array<T, 2>& v) const
  {
    return {axis[0] * v[0] - axis[1] * v[1], axis[1] * v[0] + axis[0] * v[1]};
  }

  /// Electric field in the frame of the crystal.
  template <class Vector>
  std::array<double, 2> field(const Vector& u) const
  {
    std::array<double, 2> e{};
    for (int a = 0; a < 3; ++a)
      for (int c = 0; c < 2; ++c)
        e[c] -= u[phi[a]] * gradient[a][c];
    return e;
  }

  /// P at a corner in the frame of the crystal, where P is an unknown.
  template <class Vector>
  std::array<double, 2> polarization(const Vector& u, int corner) const
  {
    return to_crystal({u[polar[corner]], u[polar[corner] + 1]});
  }

  /// P_i,j at [i][j] in the frame of the crystal, where P is an unknown.
  template <class Vector>
  std::array<std::array<double, 2>, 2> polarization_gradient(const Vector& u) const
  {
    std::array<std::array<double, 2>, 2> result{};
    for (int a = 0; a < 3; ++a)
    {
      const auto p = polarization(u, a);
      for (int i = 0; i < 2; ++i)
        for (int j = 0; j < 2; ++j)
          result[i][j] += p[i] * gradient[a][j];
    }
    return result;
  }

  Index region;
  std::array<double, 2> axis;                    ///< the first crystal axis
  std::array<std::array<double, 2>, 3> gradient; ///< of the barycentric coordinates, along the axes
  std::array<double, 3> volume;
  double total;
  std::array<Index, 3> phi, polar;
};

} // namespace pyscl
