#include "discretization.hpp"

#include "union_find.hpp"

#include <algorithm>
#include <numeric>
#include <set>
#include <stdexcept>
#include <string>
#include <tuple>

namespace pyscl
{
namespace
{

void check_consistency(const Mesh& mesh, const std::vector<RegionLaw>& regions, int n_carriers)
{
  const Index n_nodes = static_cast<Index>(mesh.points.size());
  if (mesh.region.size() != mesh.triangles.size())
    throw std::invalid_argument("one region number per triangle is needed");
  for (std::size_t t = 0; t < mesh.triangles.size(); ++t)
  {
    for (Index node : mesh.triangles[t])
      if (node < 0 || node >= n_nodes)
        throw std::invalid_argument("triangle " + std::to_string(t) + " names node " +
                                    std::to_string(node) + " of " + std::to_string(n_nodes));
    if (mesh.region[t] < 0 || mesh.region[t] >= static_cast<Index>(regions.size()))
      throw std::invalid_argument("triangle " + std::to_string(t) + " has no region law");
  }
  for (const RegionLaw& r : regions)
    for (std::size_t k = 0; k < r.carriers.size(); ++k)
      if (r.carriers[k].carrier < 0 || r.carriers[k].carrier >= n_carriers ||
          (k > 0 && r.carriers[k].carrier <= r.carriers[k - 1].carrier))
        throw std::invalid_argument("carriers of a region must ascend and be below n_carriers");
}

bool has_carrier(const RegionLaw& region, int carrier)
{
  return std::any_of(region.carriers.begin(), region.carriers.end(),
                     [=](const CarrierLaw& c) { return c.carrier == carrier; });
}

int local_vertex(const std::array<Index, 3>& triangle, Index node)
{
  return triangle[0] == node ? 0 : triangle[1] == node ? 1 : 2;
}

} // namespace

Discretization::Discretization(Mesh mesh, std::vector<RegionLaw> regions, int n_carriers,
                               const std::vector<SplitFacets>& split,
                               const std::vector<Index>& terminal_nodes,
                               std::vector<std::array<double, 2>> axes)
    : _mesh(std::move(mesh)), _regions(std::move(regions)), _n_mesh_regions(_regions.size()),
      _n_carriers(n_carriers), _axes(std::move(axes))
{
  check_consistency(_mesh, _regions, n_carriers);
  if (_axes.size() != _mesh.triangles.size())
    throw std::invalid_argument("one crystal axis per triangle is needed");
  for (Index node : terminal_nodes)
    if (node < 0 || node >= n_nodes())
      throw std::invalid_argument("a terminal names node " + std::to_string(node) + " of " +
                                  std::to_string(n_nodes()));
  CornerDofs corner_dofs;
  number_dofs(split, terminal_nodes, corner_dofs);
  build_sites(corner_dofs);
  build_edges();
  number_polarization();
  background.assign(n_sites(), 0.0);
  node_charge.assign(n_nodes(), 0.0);
  bound_charge.assign(n_sites(), 0.0);
  surface_stiffness.assign(n_sites(), {0.0, 0.0, 0.0});
}

/// Corners of triangles that meet along an open edge share one unknown. What is left apart (split
/// facets, grains that touch in a point) gets dofs of its own; phi has the node number on the
/// side of the first region, and is always shared at nodes that no split facet touches.
void Discretization::number_dofs(const std::vector<SplitFacets>& split,
                                 const std::vector<Index>& terminal_nodes, CornerDofs& corner_dofs)
{
  const Index n_triangles = static_cast<Index>(_mesh.triangles.size());
  const std::vector<MeshEdge> edges = mesh_edges(_mesh);
  _dof_node.resize(n_nodes());
  std::iota(_dof_node.begin(), _dof_node.end(), 0);
  _dof_carrier.assign(n_nodes(), electric);
  corner_dofs.assign(1 + _n_carriers, {});
  corner_dofs[0] = _mesh.triangles;
  std::vector<Index> by_region(n_triangles);
  std::iota(by_region.begin(), by_region.end(), 0);
  std::stable_sort(by_region.begin(), by_region.end(),
                   [&](Index a, Index b) { return _mesh.region[a] < _mesh.region[b]; });

  for (int carrier = electric; carrier < _n_carriers; ++carrier)
  {
    std::set<std::array<Index, 2>> closed;
    std::vector<char> on_split(n_nodes(), 0);
    for (const SplitFacets& s : split)
      if (s.carrier == carrier)
        for (const auto& f : s.facets)
        {
          closed.insert({std::min(f[0], f[1]), std::max(f[0], f[1])});
          on_split[f[0]] = on_split[f[1]] = 1;
        }
    if (carrier == electric && closed.empty())
      continue;
    std::vector<char> lives(n_triangles);
    for (Index t = 0; t < n_triangles; ++t)
      lives[t] = carrier == electric || has_carrier(_regions[_mesh.region[t]], carrier);

    UnionFind corners(3 * n_triangles);
    for (const MeshEdge& e : edges)
    {
      const auto [a, b] = e.triangles;
      if (b < 0 || !lives[a] || !lives[b] || closed.count(e.nodes))
        continue;
      for (Index node : e.nodes)
        corners.join(3 * a + local_vertex(_mesh.triangles[a], node),
                     3 * b + local_vertex(_mesh.triangles[b], node));
    }
    std::vector<Index> dof_of_root(3 * n_triangles, -1);
    std::vector<char> numbered(n_nodes(), 0);
    corner_dofs[1 + carrier].assign(n_triangles, {-1, -1, -1});
    for (Index t : by_region)
      for (int a = 0; lives[t] && a < 3; ++a)
      {
        const Index node = _mesh.triangles[t][a];
        Index& dof = dof_of_root[corners.root(3 * t + a)];
        if (dof < 0 && carrier == electric && (!on_split[node] || !numbered[node]))
          dof = node, numbered[node] = 1;
        if (dof < 0)
        {
          dof = n_dofs();
          _dof_node.push_back(node);
          _dof_carrier.push_back(carrier);
        }
        corner_dofs[1 + carrier][t][a] = dof;
      }
  }
  _first_terminal_dof = n_dofs();
  _n_terminals = static_cast<Index>(terminal_nodes.size());
  for (Index node : terminal_nodes)
    for (int carrier = electric; carrier < _n_carriers; ++carrier)
    {
      _dof_node.push_back(node);
      _dof_carrier.push_back(carrier);
    }
}

/// A site is a distinct (region, node, dofs) among the corners of the triangles.
void Discretization::build_sites(const CornerDofs& corner_dofs)
{
  const Index n_triangles = static_cast<Index>(_mesh.triangles.size());
  const auto dof = [&](int carrier, Index corner)
  { return corner_dofs[1 + carrier][corner / 3][corner % 3]; };
  const auto compare = [&](Index a, Index b) -> int
  {
    if (const Index d = _mesh.region[a / 3] - _mesh.region[b / 3])
      return d;
    if (const Index d = _mesh.triangles[a / 3][a % 3] - _mesh.triangles[b / 3][b % 3])
      return d;
    for (int carrier = electric; carrier < _n_carriers; ++carrier)
      if (const Index d = dof(carrier, a) - dof(carrier, b))
        return d;
    return 0;
  };
  std::vector<Index> corners(3 * n_triangles);
  std::iota(corners.begin(), corners.end(), 0);
  std::sort(corners.begin(), corners.end(), [&](Index a, Index b) { return compare(a, b) < 0; });

  _triangle_sites.resize(n_triangles);
  _graphs.assign(_regions.size(), {});
  for (std::size_t i = 0; i < corners.size(); ++i)
  {
    const Index corner = corners[i], t = corner / 3;
    if (i == 0 || compare(corners[i - 1], corner) != 0)
    {
      RegionGraph& graph = _graphs[_mesh.region[t]];
      if (graph.last_site == 0)
        graph.first_site = n_sites();
      _site_region.push_back(_mesh.region[t]);
      _site_node.push_back(_mesh.triangles[t][corner % 3]);
      _site_phi.push_back(dof(electric, corner));
      for (int carrier = 0; carrier < _n_carriers; ++carrier)
        _site_dof.push_back(dof(carrier, corner));
      _site_volume.push_back(0.0);
      graph.last_site = n_sites();
    }
    _triangle_sites[t][corner % 3] = n_sites() - 1;
    _site_volume.back() += triangle_geometry(_mesh, t).volume[corner % 3];
  }
}

/// Weights of one edge are merged over the triangles of the same region that share it.
void Discretization::build_edges()
{
  struct Side
  {
    Index region;
    std::array<Index, 2> sites;
    double weight;
  };
  std::vector<Side> sides;
  sides.reserve(3 * _mesh.triangles.size());
  for (Index t = 0; t < static_cast<Index>(_mesh.triangles.size()); ++t)
  {
    const TriangleGeometry g = triangle_geometry(_mesh, t);
    for (int e = 0; e < 3; ++e)
    {
      const auto [a, b] =
          std::minmax(_triangle_sites[t][edge_ends[e][0]], _triangle_sites[t][edge_ends[e][1]]);
      sides.push_back({_mesh.region[t], {a, b}, g.edge_weight[e]});
    }
  }
  std::sort(sides.begin(), sides.end(), [](const Side& a, const Side& b)
            { return std::tie(a.region, a.sites) < std::tie(b.region, b.sites); });
  for (const Side& s : sides)
  {
    RegionGraph& graph = _graphs[s.region];
    if (!graph.edges.empty() && graph.edges.back() == s.sites)
      graph.edge_weight.back() += s.weight;
    else
    {
      graph.edges.push_back(s.sites);
      graph.edge_weight.push_back(s.weight);
    }
  }
}

void Discretization::number_polarization()
{
  const auto number = [this](Index node, int kind)
  {
    _dof_node.push_back(node);
    _dof_carrier.push_back(kind);
    return n_dofs() - 1;
  };
  _site_polar.assign(n_sites(), -1);
  for (Index s = 0; s < n_sites(); ++s)
    if (std::holds_alternative<LandauPolarization>(_regions[_site_region[s]].polarization))
    {
      _site_polar[s] = number(_site_node[s], polar);
      number(_site_node[s], polar);
      _polar_sites.push_back(s);
    }
  _triangle_memory.assign(_mesh.triangles.size(), -1);
  for (Index t = 0; t < static_cast<Index>(_mesh.triangles.size()); ++t)
  {
    const Polarization& law = _regions[_mesh.region[t]].polarization;
    if (!std::holds_alternative<std::monostate>(law))
      _polarized_triangles.push_back(t);
    if (const auto* hysteretic = std::get_if<HystereticPolarization>(&law))
    {
      _triangle_memory[t] = n_dofs();
      for (std::size_t k = 0; k < hysteretic->n_cells(); ++k)
        number(_mesh.triangles[t][0], memory);
    }
  }
}

void Discretization::check_links(const Links& links) const
{
  if (links.ends.size() != links.measure.size())
    throw std::invalid_argument("one measure per link is needed");
  for (const auto& ends : links.ends)
    for (Index end : ends)
      if (end >= n_sites() || end < -n_terminals())
        throw std::invalid_argument("a link names site or terminal " + std::to_string(end));
}

void Discretization::add_layer(RegionLaw law, const Links& links, double thickness)
{
  check_links(links);
  const Index region = static_cast<Index>(_regions.size());
  RegionGraph graph;
  graph.first_site = n_sites();
  for (std::size_t k = 0; k < links.ends.size(); ++k)
  {
    graph.edges.push_back({n_sites(), n_sites() + 1});
    graph.edge_weight.push_back(links.measure[k] / thickness);
    for (Index end : links.ends[k])
    {
      std::vector<Index> dofs(_n_carriers, -1);
      for (const CarrierLaw& carrier : law.carriers)
        if ((dofs[carrier.carrier] = end_dof(end, carrier.carrier)) < 0)
          throw std::invalid_argument("a layer has carrier " + std::to_string(carrier.carrier) +
                                      " which a side of it lacks");
      const Index phi = end_phi(end);
      _site_node.push_back(_dof_node[phi]);
      _site_region.push_back(region);
      _site_volume.push_back(0.5 * links.measure[k] * thickness);
      _site_phi.push_back(phi);
      _site_dof.insert(_site_dof.end(), dofs.begin(), dofs.end());
    }
  }
  graph.last_site = n_sites();
  _regions.push_back(std::move(law));
  _graphs.push_back(std::move(graph));
  background.resize(n_sites(), 0.0);
  bound_charge.resize(n_sites(), 0.0);
  surface_stiffness.resize(n_sites(), {0.0, 0.0, 0.0});
  _site_polar.resize(n_sites(), -1);
}

void Discretization::add_junction(Junction junction)
{
  check_links(junction.links);
  if (junction.carrier < 0 || junction.carrier >= _n_carriers)
    throw std::invalid_argument("a junction of an unknown carrier");
  for (const auto& ends : junction.links.ends)
    for (Index end : ends)
      if (end_dof(end, junction.carrier) < 0)
        throw std::invalid_argument("a junction of carrier " + std::to_string(junction.carrier) +
                                    " which a side of it lacks");
  _junctions.push_back(std::move(junction));
}

} // namespace pyscl
