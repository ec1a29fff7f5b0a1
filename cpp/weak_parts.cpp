#include "weak_parts.hpp"

#include "union_find.hpp"

#include <algorithm>
#include <map>
#include <numeric>

namespace pyscl
{
namespace
{

/// Edges weaker than this share of the conductance on both sides of them separate parts; far above
/// the rounding 1e-16 that would lose them, far below what direct solvers handle well.
constexpr double weak_share = 1e-9;

double conductance(const EdgeFlux& e)
{
  return std::max(std::fabs(e.flux.grad[1]), std::fabs(e.flux.grad[3]));
}

/// All edges from strong to weak, or none if strong ones join everything that is joined at all.
std::vector<Index> separating_candidates(const Assembly& assembly,
                                         const std::vector<EdgeFlux>& fluxes)
{
  const Constraints& c = assembly.constraints();
  const auto& dof_carrier = assembly.discretization().dof_carrier();
  std::vector<double> strongest(assembly.discretization().n_carriers(), 0.0);
  for (const EdgeFlux& e : fluxes)
    strongest[dof_carrier[e.mu_i]] = std::max(strongest[dof_carrier[e.mu_i]], conductance(e));
  const auto is_strong = [&](const EdgeFlux& e)
  { return conductance(e) >= weak_share * strongest[dof_carrier[e.mu_i]]; };
  const auto vertex = [&](Index dof) { return c.free(dof) < 0 ? c.n_free() : c.free(dof); };
  UnionFind joined(c.n_free() + 1);
  for (Index row : assembly.inventory_rows())
    joined.join(row, c.n_free());
  for (const EdgeFlux& e : fluxes)
    if (is_strong(e))
      joined.join(vertex(e.mu_i), vertex(e.mu_j));
  const bool all_joined = std::all_of(
      fluxes.begin(), fluxes.end(), [&](const EdgeFlux& e)
      { return is_strong(e) || joined.root(vertex(e.mu_i)) == joined.root(vertex(e.mu_j)); });
  if (all_joined)
    return {};
  std::vector<Index> order(fluxes.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](Index a, Index b)
                   { return conductance(fluxes[a]) > conductance(fluxes[b]); });
  return order;
}

} // namespace

WeakParts::WeakParts(const Assembly& assembly, const std::vector<EdgeFlux>& fluxes)
{
  const Constraints& c = assembly.constraints();
  const Index anchor = c.n_free(); // stands for all reservoirs and all prescribed amounts
  const auto vertex = [&](Index dof) { return c.free(dof) < 0 ? anchor : c.free(dof); };
  const std::vector<Index> order = separating_candidates(assembly, fluxes);
  if (order.empty())
    return;

  // Edges around each vertex, from strong to weak.
  std::vector<std::vector<Index>> incident(anchor + 1);
  for (Index k : order)
    for (Index v : {vertex(fluxes[k].mu_i), vertex(fluxes[k].mu_j)})
      incident[v].push_back(k);

  // Clusters grow along the edges from strong to weak; members are chained in rings.
  UnionFind clusters(anchor + 1);
  std::vector<Index> next(anchor + 1);
  std::iota(next.begin(), next.end(), 0);
  std::vector<double> scale(anchor + 1, 0.0); // conductance of a cluster, by its root
  std::vector<char> replaced(anchor + 1, 0);
  const auto merge = [&](Index a, Index b)
  {
    clusters.join(a, b);
    std::swap(next[a], next[b]);
  };
  for (Index row : assembly.inventory_rows())
    if (clusters.root(row) != clusters.root(anchor))
      merge(row, anchor);

  const auto separate = [&](Index root)
  {
    WeakPart part{-1, {}};
    for (Index v = next[root];; v = next[v])
    {
      for (Index k : incident[v])
        if (clusters.root(vertex(fluxes[k].mu_i)) != clusters.root(vertex(fluxes[k].mu_j)))
          part.crossing.push_back(k);
      if (v == root)
        break;
    }
    std::sort(part.crossing.begin(), part.crossing.end(),
              [&](Index a, Index b) { return conductance(fluxes[a]) > conductance(fluxes[b]); });
    std::vector<double> signs;
    for (Index k : part.crossing) // the inner end of the strongest takes the balance
    {
      const bool i_inside = clusters.root(vertex(fluxes[k].mu_i)) == root;
      signs.push_back(i_inside ? 1.0 : -1.0);
      const Index inner = vertex(i_inside ? fluxes[k].mu_i : fluxes[k].mu_j);
      if (part.row < 0 && !replaced[inner])
        part.row = inner;
    }
    if (part.row < 0)
      return;
    replaced[part.row] = 1;
    _parts.push_back(std::move(part));
    _signs.push_back(std::move(signs));
  };

  for (Index k : order)
  {
    Index a = clusters.root(vertex(fluxes[k].mu_i)), b = clusters.root(vertex(fluxes[k].mu_j));
    if (a == b)
      continue;
    const double g = conductance(fluxes[k]);
    const Index held = clusters.root(anchor);
    const auto hangs = [&](Index root) { return root != held && g < weak_share * scale[root]; };
    if (hangs(b) && (!hangs(a) || scale[b] < scale[a]))
      std::swap(a, b);
    // One balance per edge: where both sides hang, the better conductor keeps its scale and gets
    // its own balance when the two together meet the next weak edge.
    if (hangs(a))
      separate(a), scale[a] = 0.0;
    const double merged = std::max({scale[a], scale[b], g});
    merge(a, b);
    scale[clusters.root(a)] = merged;
  }
}

void WeakParts::replace(const Assembly& assembly, const std::vector<EdgeFlux>& fluxes,
                        Vector& residual, SparseMatrix& jacobian) const
{
  const Constraints& c = assembly.constraints();
  std::map<Index, std::map<Index, double>> added; // column -> row -> value
  std::vector<char> replaced(c.n_free(), 0);
  for (std::size_t p = 0; p < _parts.size(); ++p)
  {
    const Index row = _parts[p].row;
    replaced[row] = 1;
    residual[row] = 0.0;
    for (std::size_t k = 0; k < _parts[p].crossing.size(); ++k)
    {
      const EdgeFlux& e = fluxes[_parts[p].crossing[k]];
      residual[row] += _signs[p][k] * e.flux.value;
      const Index unknowns[4] = {e.phi_i, e.mu_i, e.phi_j, e.mu_j};
      for (int a = 0; a < 4; ++a)
        if (const Index column = c.free(unknowns[a]); column >= 0)
          added[column][row] += _signs[p][k] * c.factor(unknowns[a]) * e.flux.grad[a];
    }
  }
  std::vector<Eigen::Triplet<double>> entries;
  entries.reserve(jacobian.nonZeros());
  for (Index column = 0; column < jacobian.cols(); ++column)
    for (SparseMatrix::InnerIterator it(jacobian, column); it; ++it)
      if (!replaced[it.row()])
        entries.emplace_back(static_cast<Index>(it.row()), column, it.value());
  for (const auto& [column, rows] : added)
    for (const auto& [row, value] : rows)
      entries.emplace_back(row, column, value);
  jacobian.setFromTriplets(entries.begin(), entries.end());
}

} // namespace pyscl
