// The sparsity pattern of the Jacobian, and where each local derivative goes in it. The order of
// visiting must be that of Assembly::add_storage, Assembly::add_flow, and the forces of P.
#include "assembly.hpp"

#include <algorithm>
#include <tuple>

namespace pyscl
{

/// Collects the (row, column) of every local derivative in the order of visiting, then turns
/// the pairs into slots of the compressed pattern.
void Assembly::build_pattern()
{
  const Discretization& d = *_discretization;
  struct Entry
  {
    Index column, row; // (-1, -1): falls on a fixed or replaced equation
  };
  std::vector<char> replaced(_constraints.n_free(), 0);
  for (Index row : _inventory_rows)
    replaced[row] = 1;
  const auto entry = [&](Index row_dof, Index column_dof) -> Entry
  {
    const Index row = _constraints.free(row_dof), column = _constraints.free(column_dof);
    if (row < 0 || column < 0 || replaced[row] || !counts(row_dof))
      return {-1, -1};
    return {column, row};
  };
  const auto inventory_entry = [&](Index inventory, Index column_dof) -> Entry
  {
    const Index column = _constraints.free(column_dof);
    return column < 0 ? Entry{-1, -1} : Entry{column, _inventory_rows[inventory]};
  };

  std::vector<Entry> entries;
  const auto factor = [&](Index dof)
  { return _constraints.free(dof) < 0 ? 1.0 : _constraints.factor(dof); };
  const auto push = [&](Entry e, double f)
  {
    entries.push_back(e);
    if (_constraints.has_factors())
      _slot_factors.push_back(f);
  };
  const auto push_row = [&](Index row, Index column)
  { push(entry(row, column), factor(row) * factor(column)); };
  visit_carriers(
      [&](const RegionGraph& graph, const CarrierLaw& law, std::size_t)
      {
        for (Index s = graph.first_site; s < graph.last_site; ++s)
        {
          const Index phi = d.site_phi()[s], mu = d.site_dof(s, law.carrier);
          push_row(phi, phi);
          push_row(phi, mu);
          if (_balance == Balance::transient)
          {
            push_row(mu, phi);
            push_row(mu, mu);
          }
          if (_inventory_of_dof[mu] >= 0)
          {
            push(inventory_entry(_inventory_of_dof[mu], phi), factor(phi));
            push(inventory_entry(_inventory_of_dof[mu], mu), factor(mu));
          }
        }
      });
  visit_polarization_charge(push_row);
  visit_polarization_rates(push_row);
  const auto push_exchange = [&](Index phi_i, Index mu_i, Index phi_j, Index mu_j)
  {
    for (Index row : {mu_i, mu_j})
      for (Index column : {phi_i, mu_i, phi_j, mu_j})
        push_row(row, column);
  };
  if (_balance != Balance::equilibrium)
  {
    visit_carriers(
        [&](const RegionGraph& graph, const CarrierLaw& law, std::size_t)
        {
          for (const auto& [i, j] : graph.edges)
            push_exchange(d.site_phi()[i], d.site_dof(i, law.carrier), d.site_phi()[j],
                          d.site_dof(j, law.carrier));
        });
    for (const Junction& junction : d.junctions())
      for (const auto& [i, j] : junction.links.ends)
        push_exchange(d.end_phi(i), d.end_dof(i, junction.carrier), d.end_phi(j),
                      d.end_dof(j, junction.carrier));
  }
  visit_polarization_forces(push_row);

  std::vector<Eigen::Triplet<double>> stiffness;
  for (std::size_t r = 0; r < d.regions().size(); ++r)
    for (std::size_t e = 0; e < d.graphs()[r].edges.size(); ++e)
    {
      const Index i = d.site_phi()[d.graphs()[r].edges[e][0]];
      const Index j = d.site_phi()[d.graphs()[r].edges[e][1]];
      const double w = d.graphs()[r].edge_weight[e] * d.regions()[r].permittivity;
      for (const auto& [row, column, value] :
           {std::tuple{i, i, w}, std::tuple{j, j, w}, std::tuple{i, j, -w}, std::tuple{j, i, -w}})
        if (const Entry at = entry(row, column); at.row >= 0)
          stiffness.emplace_back(at.row, at.column, factor(row) * factor(column) * value);
    }

  // All entries and a structurally full diagonal, by columns; each column sorted, without repeats.
  const Index n = _constraints.n_free();
  std::vector<std::size_t> begin(n + 1, 0);
  const auto visit_entries = [&](auto visit)
  {
    for (const Entry& e : entries)
      if (e.column >= 0)
        visit(e.column, e.row);
    for (const auto& t : stiffness)
      visit(static_cast<Index>(t.col()), static_cast<Index>(t.row()));
    for (Index k = 0; k < n; ++k)
      visit(k, k);
  };
  visit_entries([&](Index column, Index) { ++begin[column + 1]; });
  for (Index k = 0; k < n; ++k)
    begin[k + 1] += begin[k];
  std::vector<Index> rows(begin[n]);
  std::vector<std::size_t> next(begin.begin(), begin.end() - 1);
  visit_entries([&](Index column, Index row) { rows[next[column]++] = row; });
  std::vector<Index> last_column(n, -1), unique;
  unique.reserve(rows.size() / 2);
  _stiffness.resize(n, n);
  for (Index k = 0; k < n; ++k)
  {
    const std::size_t first = unique.size();
    for (std::size_t e = begin[k]; e < begin[k + 1]; ++e)
      if (last_column[rows[e]] != k)
      {
        last_column[rows[e]] = k;
        unique.push_back(rows[e]);
      }
    std::sort(unique.begin() + static_cast<std::ptrdiff_t>(first), unique.end());
    _stiffness.outerIndexPtr()[k + 1] = static_cast<Index>(unique.size());
  }
  _stiffness.outerIndexPtr()[0] = 0;
  _stiffness.resizeNonZeros(static_cast<Index>(unique.size()));
  std::copy(unique.begin(), unique.end(), _stiffness.innerIndexPtr());
  std::fill_n(_stiffness.valuePtr(), unique.size(), 0.0);

  const auto slot_of = [&](const Entry& e) -> Index
  {
    if (e.column < 0)
      return -1;
    const Index* first = _stiffness.innerIndexPtr() + _stiffness.outerIndexPtr()[e.column];
    const Index* last = _stiffness.innerIndexPtr() + _stiffness.outerIndexPtr()[e.column + 1];
    return static_cast<Index>(std::lower_bound(first, last, e.row) - _stiffness.innerIndexPtr());
  };
  _slots.reserve(entries.size());
  for (const Entry& e : entries)
    _slots.push_back(slot_of(e));
  for (const auto& t : stiffness)
    _stiffness.valuePtr()[slot_of({t.col(), t.row()})] += t.value();
}

} // namespace pyscl
