#include "constraints.hpp"

#include <algorithm>
#include <limits>
#include <stdexcept>
#include <string>

namespace pyscl
{

Constraints::Constraints(const Discretization& discretization, const std::vector<FixedDof>& fixed,
                         const std::vector<Tie>& ties)
{
  const Index n = discretization.n_dofs();
  const auto check = [n](Index dof)
  {
    if (dof < 0 || dof >= n)
      throw std::invalid_argument("constraint on dof " + std::to_string(dof) + " of " +
                                  std::to_string(n));
  };
  UnionFind sets(n);
  for (const Tie& t : ties)
  {
    check(t.first), check(t.second);
    if (!sets.join(t.first, t.second, t.relation))
      throw std::invalid_argument("ties contradict each other at dof " + std::to_string(t.second));
  }
  constexpr double unset = std::numeric_limits<double>::quiet_NaN();
  _fixed = Vector::Constant(n, unset);
  for (const FixedDof& f : fixed)
  {
    check(f.dof);
    double& value = _fixed[sets.root(f.dof)];
    const double wanted = sets.relation(f.dof).inverse(f.value);
    if (!std::isnan(value) && std::fabs(value - wanted) > 1e-9 * (1.0 + std::fabs(wanted)))
      throw std::invalid_argument("dof " + std::to_string(f.dof) +
                                  " is fixed to two different values");
    value = wanted;
  }

  std::vector<Index> order;
  for (Index i = 0; i < n; ++i)
    if (sets.root(i) == i && std::isnan(_fixed[i]))
      order.push_back(i);
  std::stable_sort(order.begin(), order.end(), [&](Index a, Index b)
                   { return discretization.dof_node()[a] < discretization.dof_node()[b]; });
  _n_free = static_cast<Index>(order.size());
  _representative = order;

  std::vector<Index> free_root(n, -1);
  for (Index k = 0; k < _n_free; ++k)
    free_root[order[k]] = k;
  _free.resize(n), _root.resize(n), _relation.resize(n);
  for (Index i = 0; i < n; ++i)
  {
    _root[i] = sets.root(i);
    _relation[i] = sets.relation(i);
    _free[i] = free_root[_root[i]];
    _has_factors |= _free[i] >= 0 && _relation[i].factor != 1.0;
  }
}

void Constraints::set_value(Index dof, double value)
{
  if (dof < 0 || dof >= n_dofs() || _free[dof] >= 0)
    throw std::invalid_argument("dof " + std::to_string(dof) + " is not fixed");
  _fixed[_root[dof]] = _relation[dof].inverse(value);
}

Vector Constraints::expand(const Vector& z) const
{
  Vector u(_free.size());
  for (std::size_t i = 0; i < _free.size(); ++i)
    u[i] = _relation[i](_free[i] < 0 ? _fixed[_root[i]] : z[_free[i]]);
  return u;
}

Vector Constraints::expand_update(const Vector& dz) const
{
  Vector du(_free.size());
  for (std::size_t i = 0; i < _free.size(); ++i)
    du[i] = _free[i] < 0 ? 0.0 : _relation[i].factor * dz[_free[i]];
  return du;
}

Vector Constraints::restrict_state(const Vector& u) const
{
  Vector z(_n_free);
  for (Index k = 0; k < _n_free; ++k)
    z[k] = u[_representative[k]];
  return z;
}

Vector Constraints::reduce(const Vector& rows) const
{
  Vector r = Vector::Zero(_n_free);
  for (std::size_t i = 0; i < _free.size(); ++i)
    if (_free[i] >= 0)
      r[_free[i]] += _relation[i].factor * rows[i];
  return r;
}

} // namespace pyscl
