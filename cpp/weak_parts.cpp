#include "weak_parts.hpp"

#include "union_find.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <numeric>

namespace pyscl
{
namespace
{

/// Edges weaker than this share of the conductance on both sides of them separate parts; far above
/// the rounding 1e-16 that would lose them, far below what direct solvers handle well.
constexpr double weak_share = 1e-9;
/// The same in time, where fewer digits are lost to a part and balances are not needed so early.
constexpr double weak_share_in_time = 1e-11;

double conductance(const EdgeFlux& e)
{
  return std::max(std::fabs(e.flux.grad[1]), std::fabs(e.flux.grad[3]));
}

/// What is joined from the start, and the edges along which the clusters grow.
struct Graph
{
  const std::vector<EdgeFlux>& edges;
  std::vector<std::array<Index, 2>> joined; ///< free unknowns, n_free() for the anchor
  bool in_time;

  double weak() const { return in_time ? weak_share_in_time : weak_share; }
};

/// All edges from strong to weak, or none if strong ones join everything that is joined at all.
std::vector<Index> separating_candidates(const Assembly& assembly, const Graph& graph)
{
  const Constraints& c = assembly.constraints();
  const auto& dof_carrier = assembly.discretization().dof_carrier();
  // Carriers have levels of their own in a steady state, a common one in time.
  const auto level = [&](const EdgeFlux& e) { return graph.in_time ? 0 : dof_carrier[e.mu_i]; };
  std::vector<double> strongest(std::max(1, assembly.discretization().n_carriers()), 0.0);
  for (const EdgeFlux& e : graph.edges)
    strongest[level(e)] = std::max(strongest[level(e)], conductance(e));
  const auto is_strong = [&](const EdgeFlux& e)
  { return conductance(e) >= graph.weak() * strongest[level(e)]; };
  const auto vertex = [&](Index dof) { return c.free(dof) < 0 ? c.n_free() : c.free(dof); };
  UnionFind joined(c.n_free() + 1);
  for (const auto& [a, b] : graph.joined)
    joined.join(a, b);
  for (const EdgeFlux& e : graph.edges)
    if (is_strong(e))
      joined.join(vertex(e.mu_i), vertex(e.mu_j));
  const bool all_joined = std::all_of(
      graph.edges.begin(), graph.edges.end(), [&](const EdgeFlux& e)
      { return is_strong(e) || joined.root(vertex(e.mu_i)) == joined.root(vertex(e.mu_j)); });
  if (all_joined)
    return {};
  std::vector<Index> order(graph.edges.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](Index a, Index b)
                   { return conductance(graph.edges[a]) > conductance(graph.edges[b]); });
  return order;
}

/// Calls visit(end, end, conductance) for every edge along which phi is displaced, over a time
/// step.
template <class Visit>
void visit_displacements(const Assembly& assembly, Visit visit)
{
  const Discretization& d = assembly.discretization();
  for (std::size_t r = 0; r < d.regions().size(); ++r)
  {
    const RegionGraph& graph = d.graphs()[r];
    const double scale = assembly.rate() * d.regions()[r].permittivity;
    for (std::size_t e = 0; e < graph.edges.size(); ++e)
      visit(d.site_phi()[graph.edges[e][0]], d.site_phi()[graph.edges[e][1]],
            scale * graph.edge_weight[e]);
  }
}

/// Whether displacement alone holds every level.
bool displacement_is_strong(const Assembly& assembly, const std::vector<EdgeFlux>& fluxes)
{
  double strongest = 0.0;
  for (const EdgeFlux& e : fluxes)
    strongest = std::max(strongest, conductance(e));
  double weakest = strongest;
  visit_displacements(assembly,
                      [&](Index, Index, double g) { weakest = std::min(weakest, std::fabs(g)); });
  return weakest >= weak_share_in_time * strongest;
}

std::vector<double> charges(const Discretization& d)
{
  std::vector<double> charge(d.n_carriers(), 0.0);
  for (const RegionLaw& region : d.regions())
    for (const CarrierLaw& law : region.carriers)
      charge[law.carrier] = law.charge;
  return charge;
}

/// The currents along all edges as fluxes; displacement is one of phi.
std::vector<EdgeFlux> currents(const Assembly& assembly, const std::vector<EdgeFlux>& fluxes)
{
  const Discretization& d = assembly.discretization();
  const std::vector<double> charge = charges(d);
  std::vector<EdgeFlux> result;
  for (const EdgeFlux& e : fluxes)
    if (const double z = charge[d.dof_carrier()[e.mu_i]]; z != 0.0)
      result.push_back({e.phi_i, e.mu_i, e.phi_j, e.mu_j, z * e.flux});
  visit_displacements(assembly,
                      [&](Index i, Index j, double g)
                      {
                        EdgeFlux& e = result.emplace_back(EdgeFlux{i, i, j, j, Dual<4>(0.0)});
                        e.flux.grad[1] = g;
                        e.flux.grad[3] = -g;
                      });
  return result;
}

/// How every free unknown changes with the level, phi by 1 and mu by z; and what shares a level:
/// phi and mu of a site, since their difference is stored there. What cannot follow is anchored; a
/// polarization stays.
std::vector<double> level_direction(const Assembly& assembly,
                                    std::vector<std::array<Index, 2>>& joined)
{
  const Discretization& d = assembly.discretization();
  const Constraints& c = assembly.constraints();
  const std::vector<double> charge = charges(d);
  std::vector<double> direction(c.n_free(), 0.0);
  std::vector<char> seen(c.n_free(), 0);
  for (Index dof = 0; dof < d.n_dofs(); ++dof)
  {
    const Index free = c.free(dof);
    if (free < 0)
      continue;
    const int carrier = d.dof_carrier()[dof];
    const double its = (carrier == electric ? 1.0
                        : carrier >= 0      ? charge[carrier]
                                            : 0.0) /
                       c.factor(dof);
    if (seen[free] && its != direction[free])
      joined.push_back({free, c.n_free()});
    seen[free] = 1;
    direction[free] = its;
  }
  const auto vertex = [&](Index dof) { return c.free(dof) < 0 ? c.n_free() : c.free(dof); };
  for_each_carrier_site(d,
                        [&](Index s, const CarrierLaw& law)
                        {
                          if (law.charge != 0.0)
                            joined.push_back(
                                {vertex(d.site_phi()[s]), vertex(d.site_dof(s, law.carrier))});
                        });
  // The charges of the polarization of a triangle cancel unless a border passes through it.
  for (Index t : d.polarized_triangles())
    for (int k : {1, 2})
      joined.push_back({vertex(d.site_phi()[d.triangle_sites()[t][0]]),
                        vertex(d.site_phi()[d.triangle_sites()[t][k]])});
  return direction;
}

} // namespace

WeakParts::WeakParts(const Assembly& assembly, const std::vector<EdgeFlux>& fluxes)
{
  const Constraints& c = assembly.constraints();
  const Index anchor = c.n_free(); // stands for all reservoirs and all prescribed amounts
  const auto vertex = [&](Index dof) { return c.free(dof) < 0 ? anchor : c.free(dof); };
  const bool in_time = assembly.balance() == Balance::transient;
  if (in_time && displacement_is_strong(assembly, fluxes))
    return;
  Graph graph{in_time ? _currents : fluxes, {}, in_time};
  for (Index row : assembly.inventory_rows())
    graph.joined.push_back({row, anchor});
  if (in_time)
  {
    _currents = currents(assembly, fluxes);
    _direction = level_direction(assembly, graph.joined);
  }
  const std::vector<EdgeFlux>& edges = graph.edges;
  const std::vector<Index> order = separating_candidates(assembly, graph);
  if (order.empty())
    return;

  // Edges around each vertex, from strong to weak.
  std::vector<std::vector<Index>> incident(anchor + 1);
  for (Index k : order)
    for (Index v : {vertex(edges[k].mu_i), vertex(edges[k].mu_j)})
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
  for (const auto& [first, second] : graph.joined)
    if (clusters.root(first) != clusters.root(second))
      merge(first, second);

  // In time that of a carrier: the errors of its large flows are not to become charges.
  const auto may_be_replaced = [&](Index v)
  {
    return !in_time || (_direction[v] != 0.0 &&
                        assembly.discretization().dof_carrier()[c.representative()[v]] != electric);
  };
  const auto separate = [&](Index root)
  {
    WeakPart part{-1, {}};
    std::vector<Index> members;
    for (Index v = next[root];; v = next[v])
    {
      members.push_back(v);
      for (Index k : incident[v])
        if (clusters.root(vertex(edges[k].mu_i)) != clusters.root(vertex(edges[k].mu_j)))
          part.crossing.push_back(k);
      if (v == root)
        break;
    }
    std::sort(part.crossing.begin(), part.crossing.end(),
              [&](Index a, Index b) { return conductance(edges[a]) > conductance(edges[b]); });
    std::vector<double> signs;
    for (Index k : part.crossing) // the inner end of the strongest takes the balance
    {
      const bool i_inside = clusters.root(vertex(edges[k].mu_i)) == root;
      signs.push_back(i_inside ? 1.0 : -1.0);
      const Index inner = vertex(i_inside ? edges[k].mu_i : edges[k].mu_j);
      if (part.row < 0 && !replaced[inner] && may_be_replaced(inner))
        part.row = inner;
    }
    if (in_time && part.row < 0) // crossed by displacement only, or through a terminal
      for (Index v : members)
        if (!replaced[v] && may_be_replaced(v) && (part.row < 0 || v < part.row))
          part.row = v;
    if (part.row < 0)
      return;
    if (in_time)
      _members.push_back(std::move(members));
    replaced[part.row] = 1;
    _parts.push_back(std::move(part));
    _signs.push_back(std::move(signs));
  };

  for (Index k : order)
  {
    Index a = clusters.root(vertex(edges[k].mu_i)), b = clusters.root(vertex(edges[k].mu_j));
    if (a == b)
      continue;
    const double g = conductance(edges[k]);
    const Index held = clusters.root(anchor);
    const auto hangs = [&](Index root) { return root != held && g < graph.weak() * scale[root]; };
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
  const bool in_time = !_members.empty();
  const std::vector<EdgeFlux>& edges = in_time ? _currents : fluxes;
  const Vector single = residual;
  std::map<Index, std::map<Index, double>> added; // column -> row -> value
  std::vector<char> replaced(c.n_free(), 0);
  for (std::size_t p = 0; p < _parts.size(); ++p)
  {
    const Index row = _parts[p].row;
    replaced[row] = 1;
    residual[row] = 0.0;
    if (in_time)
      for (Index member : _members[p])
        residual[row] += _direction[member] * single[member];
    for (std::size_t k = 0; k < _parts[p].crossing.size(); ++k)
    {
      const EdgeFlux& e = edges[_parts[p].crossing[k]];
      if (!in_time)
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
