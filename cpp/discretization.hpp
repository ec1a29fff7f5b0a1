// Which unknown lives where, and the geometric coefficients of the finite-volume form of the P1
// elements: sites (a node seen from one region) and edges (between two sites of one region).
//
// Unknowns ("dofs"): the electric potential phi on every node, dof = node number, followed by the
// electrochemical potential mu of each carrier on the nodes of the regions where it lives. mu has
// one dof per node and connected side: it is shared across an interface in equilibrium contact and
// doubled along facets that block the carrier.
#pragma once

#include "mesh.hpp"
#include "region.hpp"

namespace pyscl
{

/// Facets (node pairs) across which a carrier cannot pass.
struct BlockedFacets
{
  int carrier;
  std::vector<std::array<Index, 2>> facets;
};

/// The sites and edges of one region. Sites are numbered over all regions, those of a region
/// are consecutive.
struct RegionGraph
{
  Index first_site = 0, last_site = 0;
  std::vector<std::array<Index, 2>> edges; ///< pairs of sites
  std::vector<double> edge_weight;         ///< summed over the triangles of this region
};

class Discretization
{
public:
  /// Throws std::invalid_argument for data that do not fit together.
  Discretization(Mesh mesh, std::vector<RegionLaw> regions, int n_carriers,
                 const std::vector<BlockedFacets>& blocked);

  const Mesh& mesh() const { return _mesh; }
  const std::vector<RegionLaw>& regions() const { return _regions; }
  const std::vector<RegionGraph>& graphs() const { return _graphs; }

  Index n_nodes() const { return static_cast<Index>(_mesh.points.size()); }
  Index n_dofs() const { return static_cast<Index>(_dof_node.size()); }
  Index n_sites() const { return static_cast<Index>(_site_node.size()); }
  int n_carriers() const { return _n_carriers; }

  const std::vector<Index>& dof_node() const { return _dof_node; }
  /// Carrier of each dof, -1 for the electric potential.
  const std::vector<int>& dof_carrier() const { return _dof_carrier; }

  const std::vector<Index>& site_node() const { return _site_node; }
  const std::vector<Index>& site_region() const { return _site_region; }
  const std::vector<double>& site_volume() const { return _site_volume; }
  /// Dof of a carrier's mu at a site, -1 where the carrier is absent.
  Index site_dof(Index site, int carrier) const { return _site_dof[site * _n_carriers + carrier]; }
  const std::vector<Index>& site_dofs() const { return _site_dof; }
  /// The sites of the three vertices of every triangle.
  const std::vector<std::array<Index, 3>>& triangle_sites() const { return _triangle_sites; }

  /// Immobile charge density at every site (scaled by e c0).
  std::vector<double> background;
  /// Charge fixed at every node, of charged interfaces and outer surfaces.
  std::vector<double> node_charge;

private:
  void number_dofs(const std::vector<BlockedFacets>& blocked,
                   std::vector<std::array<Index, 3>>& corner_dofs);
  void build_sites(const std::vector<std::array<Index, 3>>& corner_dofs);
  void build_edges();

  Mesh _mesh;
  std::vector<RegionLaw> _regions;
  int _n_carriers;
  std::vector<Index> _dof_node;
  std::vector<int> _dof_carrier;
  std::vector<Index> _site_node, _site_region, _site_dof;
  std::vector<double> _site_volume;
  std::vector<std::array<Index, 3>> _triangle_sites;
  std::vector<RegionGraph> _graphs;
};

} // namespace pyscl
