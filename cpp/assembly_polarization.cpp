// What polarization adds to the balance laws. With the field E = -grad phi of a triangle of volume
// V and V_a the share of its corner a:
//   phi_a:  - V P(E) . grad N_a                          P a function of the field
//           - sum_b V_b P_b . grad N_a                   P an unknown
//   P_a  :  V_a (f'(P_a) + grad phi) + V (dG/d grad P) . grad N_a + V_a viscosity dP_a/dt
//           + (surface stiffness) P_a
// f is integrated at the corners, so that every P obeys its own energy, and couples to the field by
// its mean. Without the time derivative the rows are the derivatives of one energy, those of phi
// with the opposite sign.
#include "assembly.hpp"
#include "polarized_triangle.hpp"
#include "slot_writer.hpp"

namespace pyscl
{
namespace
{

/// P of a law at a field in the frame of the crystal, with the derivatives in its components.
std::array<Dual<2>, 2> polarization_at(const Polarization& law, const std::array<double, 2>& field,
                                       const double* memory)
{
  const std::array<Dual<2>, 2> e{Dual<2>::variable(field[0], 0), Dual<2>::variable(field[1], 1)};
  return std::visit(
      [&](const auto& l) -> std::array<Dual<2>, 2>
      {
        using Law = std::decay_t<decltype(l)>;
        if constexpr (std::is_same_v<Law, HystereticPolarization>)
          return l(e, memory);
        else if constexpr (std::is_same_v<Law, std::monostate> ||
                           std::is_same_v<Law, LandauPolarization>)
          return {};
        else
          return l(e);
      },
      law);
}

const double* memory_in(const Vector& u, const Discretization& d, Index triangle)
{
  const Index first = d.triangle_memory()[triangle];
  return first < 0 ? nullptr : u.data() + first;
}

} // namespace

template <class Scalar>
void Assembly::add_polarization_charge(const Vector& u, Vector& rows, SlotWriter& add) const
{
  const Discretization& d = *_discretization;
  constexpr bool differentiate = !std::is_same_v<Scalar, double>;
  const double scale = gauss_scale();
  for (Index t : d.polarized_triangles())
  {
    const PolarizedTriangle triangle(d, t);
    const auto& g = triangle.gradient;
    if (triangle.polar[0] < 0)
    {
      const auto p = polarization_at(d.regions()[triangle.region].polarization, triangle.field(u),
                                     memory_in(u, d, t));
      for (int a = 0; a < 3; ++a)
      {
        rows[triangle.phi[a]] -= triangle.total * (p[0].value * g[a][0] + p[1].value * g[a][1]);
        if constexpr (differentiate)
          for (int b = 0; b < 3; ++b)
          {
            double stiffness = 0.0;
            for (int i = 0; i < 2; ++i)
              for (int j = 0; j < 2; ++j)
                stiffness += g[a][i] * p[i].grad[j] * g[b][j];
            add(scale * triangle.total * stiffness);
          }
      }
      continue;
    }
    for (int a = 0; a < 3; ++a)
    {
      const std::array<double, 2> along = triangle.to_plane(g[a]);
      for (int b = 0; b < 3; ++b)
        for (int c = 0; c < 2; ++c)
        {
          rows[triangle.phi[a]] -= triangle.volume[b] * u[triangle.polar[b] + c] * along[c];
          if constexpr (differentiate)
            add(-scale * triangle.volume[b] * along[c]);
        }
    }
  }
}

template <class Scalar>
void Assembly::add_polarization_rates(const Vector& u, Vector& rows, SlotWriter& add) const
{
  const Discretization& d = *_discretization;
  if (_time.rate == 0.0)
  {
    if constexpr (!std::is_same_v<Scalar, double>)
      for (std::size_t k = 0; k < 2 * d.polar_sites().size(); ++k)
        add(0.0);
    return;
  }
  for (Index s : d.polar_sites())
    for (Index dof : {d.site_polar()[s], d.site_polar()[s] + 1})
    {
      const double friction = d.site_volume()[s] * d.landau(d.site_region()[s]).viscosity;
      double rate = _time.rate * (u[dof] - _time.state[dof]);
      if (_time.polarization_carry.size())
        rate -= _time.polarization_carry[dof];
      rows[dof] += friction * rate;
      if constexpr (!std::is_same_v<Scalar, double>)
        add(friction * _time.rate);
    }
}

template <class Scalar>
void Assembly::add_polarization_forces(const Vector& u, Vector& rows, SlotWriter& add) const
{
  const Discretization& d = *_discretization;
  constexpr bool differentiate = !std::is_same_v<Scalar, double>;
  for (Index t : d.polarized_triangles())
  {
    const PolarizedTriangle triangle(d, t);
    if (triangle.polar[0] < 0)
      continue;
    const LandauPolarization& law = d.landau(triangle.region);
    const auto& g = triangle.gradient;
    const auto field = triangle.field(u);
    const auto stress = law.stress(triangle.polarization_gradient(u));
    for (int a = 0; a < 3; ++a)
    {
      const auto p = triangle.polarization(u, a);
      const auto own = law.field<Dual<2>>({Dual<2>::variable(p[0], 0), Dual<2>::variable(p[1], 1)});
      std::array<double, 2> force; // along the crystal axes
      for (int i = 0; i < 2; ++i)
        force[i] = triangle.volume[a] * (own[i].value - field[i]) +
                   triangle.total * (stress[i][0] * g[a][0] + stress[i][1] * g[a][1]);
      force = triangle.to_plane(force);
      for (int c = 0; c < 2; ++c)
        rows[triangle.polar[a] + c] += force[c];
      if constexpr (differentiate)
      {
        // d(force c of corner a) by P and phi of corner b, one column of P at a time
        std::array<std::array<double, 6>, 2> by_polarization;
        for (int b = 0; b < 3; ++b)
          for (int c = 0; c < 2; ++c)
          {
            const std::array<double, 2> unit =
                triangle.to_crystal({c == 0 ? 1.0 : 0.0, c == 1 ? 1.0 : 0.0});
            std::array<std::array<double, 2>, 2> change;
            for (int i = 0; i < 2; ++i)
              for (int j = 0; j < 2; ++j)
                change[i][j] = unit[i] * g[b][j];
            const auto s = law.stress(change);
            std::array<double, 2> column;
            for (int i = 0; i < 2; ++i)
            {
              column[i] = triangle.total * (s[i][0] * g[a][0] + s[i][1] * g[a][1]);
              if (a == b)
                column[i] +=
                    triangle.volume[a] * (own[i].grad[0] * unit[0] + own[i].grad[1] * unit[1]);
            }
            column = triangle.to_plane(column);
            by_polarization[0][2 * b + c] = column[0];
            by_polarization[1][2 * b + c] = column[1];
          }
        for (int c = 0; c < 2; ++c)
        {
          for (double derivative : by_polarization[c])
            add(derivative);
          for (int b = 0; b < 3; ++b)
            add(triangle.volume[a] * triangle.to_plane(g[b])[c]);
        }
      }
    }
  }
  for (Index s : d.polar_sites())
  {
    const auto& [xx, xy, yy] = d.surface_stiffness[s];
    const Index x = d.site_polar()[s], y = x + 1;
    rows[x] += xx * u[x] + xy * u[y];
    rows[y] += xy * u[x] + yy * u[y];
    if constexpr (differentiate)
      for (double derivative : {xx, xy, xy, yy})
        add(derivative);
  }
}

void Assembly::visit_polarization_charge(const Visit& push) const
{
  const Discretization& d = *_discretization;
  for (Index t : d.polarized_triangles())
  {
    const PolarizedTriangle triangle(d, t);
    for (Index row : triangle.phi)
      if (triangle.polar[0] < 0)
        for (Index column : triangle.phi)
          push(row, column);
      else
        for (Index first : triangle.polar)
          for (Index column : {first, first + 1})
            push(row, column);
  }
}

void Assembly::visit_polarization_rates(const Visit& push) const
{
  for (Index s : _discretization->polar_sites())
    for (Index dof : {_discretization->site_polar()[s], _discretization->site_polar()[s] + 1})
      push(dof, dof);
}

void Assembly::visit_polarization_forces(const Visit& push) const
{
  const Discretization& d = *_discretization;
  for (Index t : d.polarized_triangles())
  {
    const PolarizedTriangle triangle(d, t);
    if (triangle.polar[0] < 0)
      continue;
    for (Index first_row : triangle.polar)
      for (Index row : {first_row, first_row + 1})
      {
        for (Index first : triangle.polar)
          for (Index column : {first, first + 1})
            push(row, column);
        for (Index column : triangle.phi)
          push(row, column);
      }
  }
  for (Index s : d.polar_sites())
    for (Index row : {d.site_polar()[s], d.site_polar()[s] + 1})
      for (Index column : {d.site_polar()[s], d.site_polar()[s] + 1})
        push(row, column);
}

Vector Assembly::displacement_change(const Vector& u, const Vector& change) const
{
  const Discretization& d = *_discretization;
  Vector result = displacement(change);
  const auto moved = polarization_change(d, u, change);
  for (Index t : d.polarized_triangles())
  {
    const PolarizedTriangle triangle(d, t);
    const auto p = triangle.to_crystal(moved[t]);
    for (int a = 0; a < 3; ++a)
      result[triangle.phi[a]] -=
          triangle.total * (p[0] * triangle.gradient[a][0] + p[1] * triangle.gradient[a][1]);
  }
  return result;
}

Vector Assembly::remember(Vector u) const
{
  const Discretization& d = *_discretization;
  for (Index t : d.polarized_triangles())
  {
    const Index first = d.triangle_memory()[t];
    if (first < 0)
      continue;
    const PolarizedTriangle triangle(d, t);
    const auto& law = std::get<HystereticPolarization>(d.regions()[triangle.region].polarization);
    const double along = triangle.field(u)[0];
    for (std::size_t k = 0; k < law.n_cells(); ++k)
      u[first + static_cast<Index>(k)] = law.remembered(k, u[first + static_cast<Index>(k)], along);
  }
  return u;
}

namespace
{

/// Mean P, an unknown, of a triangle in the frame of the crystal.
std::array<double, 2> mean_polarization(const PolarizedTriangle& triangle, const Vector& u)
{
  std::array<double, 2> p{};
  for (int a = 0; a < 3; ++a)
    for (int i = 0; i < 2; ++i)
      p[i] += triangle.volume[a] / triangle.total * triangle.polarization(u, a)[i];
  return p;
}

} // namespace

std::vector<std::array<double, 2>> polarization_density(const Discretization& d, const Vector& u)
{
  std::vector<std::array<double, 2>> result(d.mesh().triangles.size(), {0.0, 0.0});
  for (Index t : d.polarized_triangles())
  {
    const PolarizedTriangle triangle(d, t);
    std::array<double, 2> p;
    if (triangle.polar[0] < 0)
    {
      const auto at = polarization_at(d.regions()[triangle.region].polarization, triangle.field(u),
                                      memory_in(u, d, t));
      p = {at[0].value, at[1].value};
    }
    else
      p = mean_polarization(triangle, u);
    result[t] = triangle.to_plane(p);
  }
  return result;
}

std::vector<std::array<double, 2>> polarization_change(const Discretization& d, const Vector& u,
                                                       const Vector& change)
{
  std::vector<std::array<double, 2>> result(d.mesh().triangles.size(), {0.0, 0.0});
  for (Index t : d.polarized_triangles())
  {
    const PolarizedTriangle triangle(d, t);
    std::array<double, 2> p;
    if (triangle.polar[0] < 0)
    {
      const auto at = polarization_at(d.regions()[triangle.region].polarization, triangle.field(u),
                                      memory_in(u, d, t));
      const auto field = triangle.field(change);
      for (int i = 0; i < 2; ++i)
        p[i] = at[i].grad[0] * field[0] + at[i].grad[1] * field[1];
    }
    else
      p = mean_polarization(triangle, change);
    result[t] = triangle.to_plane(p);
  }
  return result;
}

LandauEnergy landau_energy(const Discretization& d, const Vector& u)
{
  const std::vector<double> none(d.regions().size(), 0.0);
  LandauEnergy sum{none, none, none};
  for (Index t : d.polarized_triangles())
  {
    const PolarizedTriangle triangle(d, t);
    if (triangle.polar[0] < 0)
      continue;
    const LandauPolarization& law = d.landau(triangle.region);
    for (int a = 0; a < 3; ++a)
      sum.bulk[triangle.region] += triangle.volume[a] * law.energy(triangle.polarization(u, a));
    sum.gradient[triangle.region] +=
        triangle.total * law.gradient_energy(triangle.polarization_gradient(u));
  }
  for (Index s : d.polar_sites())
  {
    const auto& [xx, xy, yy] = d.surface_stiffness[s];
    const double x = u[d.site_polar()[s]], y = u[d.site_polar()[s] + 1];
    sum.surface[d.site_region()[s]] += 0.5 * (xx * x * x + yy * y * y) + xy * x * y;
  }
  return sum;
}

Switching switching(const Discretization& d, const Vector& before, const Vector& after)
{
  constexpr double moving = 0.01;
  Switching result;
  for (Index t : d.polarized_triangles())
  {
    const PolarizedTriangle triangle(d, t);
    if (triangle.polar[0] < 0)
      continue;
    const LandauPolarization& law = d.landau(triangle.region);
    for (int a = 0; a < 3; ++a)
    {
      const auto p = triangle.polarization(before, a), q = triangle.polarization(after, a);
      const double change = std::hypot(q[0] - p[0], q[1] - p[1]) / law.scale;
      if (change > result.change)
        result.change = change, result.dof = triangle.polar[a];
      if (change < moving)
        continue;
      for (double share : {0.0, 0.25, 0.5, 0.75, 1.0})
      {
        const double softest =
            law.softest({p[0] + share * (q[0] - p[0]), p[1] + share * (q[1] - p[1])});
        result.rate = std::max(result.rate, -softest / law.viscosity);
      }
    }
  }
  return result;
}

template void Assembly::add_polarization_charge<double>(const Vector&, Vector&, SlotWriter&) const;
template void Assembly::add_polarization_charge<Dual<1>>(const Vector&, Vector&, SlotWriter&) const;
template void Assembly::add_polarization_rates<double>(const Vector&, Vector&, SlotWriter&) const;
template void Assembly::add_polarization_rates<Dual<1>>(const Vector&, Vector&, SlotWriter&) const;
template void Assembly::add_polarization_forces<double>(const Vector&, Vector&, SlotWriter&) const;
template void Assembly::add_polarization_forces<Dual<1>>(const Vector&, Vector&, SlotWriter&) const;

} // namespace pyscl
