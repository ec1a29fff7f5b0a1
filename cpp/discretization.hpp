// Which unknown lives where, and the geometric coefficients of the finite-volume form of the P1
// elements: sites (a node seen from one region) and edges (between two sites of one region).
//
// Unknowns ("dofs"), in this order:
//   phi, the electric potential: one per node, dof = node number, then one more for every further
//     side of a node on facets across which phi jumps (the first side is that of the first region);
//   mu, the electrochemical potential of each carrier on the nodes of the regions where it lives:
//     shared across an interface in equilibrium contact, doubled along split facets;
//   the terminals (electrodes outside the mesh): their voltage, then mu of every carrier in them;
//   P, the two components of the polarization on every site of the ferroelectric regions;
//   the memory of hysteretic triangles, which is kept in the state but never solved for.
//
// What is too thin to be meshed is attached afterwards between pairs of sites or terminals: layers
// (a region whose edges run straight across it) and junctions (a law for one carrier).
#pragma once

#include "interface.hpp"
#include "mesh.hpp"
#include "region.hpp"

namespace pyscl
{

/// Stands for the electric potential where a carrier number is asked for.
inline constexpr int electric = -1;
/// Stands for a component of the polarization ...
inline constexpr int polar = -2;
/// ... and for the memory of a hysteretic triangle.
inline constexpr int memory = -3;

/// Facets (node pairs) with separate unknowns on both sides: of a carrier, or of phi.
struct SplitFacets
{
  int carrier; ///< or `electric`
  std::vector<std::array<Index, 2>> facets;
};

/// Pairs of ends: a site, or terminal t as -1 - t; and the area of the interface they stand for.
struct Links
{
  std::vector<std::array<Index, 2>> ends;
  std::vector<double> measure;
};

/// Exchange of one carrier across an interface.
struct Junction
{
  int carrier;
  InterfaceLaw law;
  Links links;
};

/// The sites and edges of one region or layer. Sites are numbered over all regions, those of a
/// region are consecutive.
struct RegionGraph
{
  Index first_site = 0, last_site = 0;
  std::vector<std::array<Index, 2>> edges; ///< pairs of sites
  std::vector<double> edge_weight;         ///< summed over the triangles of this region
};

class Discretization
{
public:
  /// `terminal_nodes` gives every terminal a node, for messages and the order of elimination;
  /// `axes` is the direction of the first crystal axis of every triangle (a unit vector).
  /// Throws std::invalid_argument for data that do not fit together.
  Discretization(Mesh mesh, std::vector<RegionLaw> regions, int n_carriers,
                 const std::vector<SplitFacets>& split, const std::vector<Index>& terminal_nodes,
                 std::vector<std::array<double, 2>> axes);

  /// Adds a layer with one edge per link, two sites with half of its volume each, and the unknowns
  /// of the ends. Throws std::invalid_argument if an end lacks a carrier of the layer.
  void add_layer(RegionLaw law, const Links& links, double thickness);
  /// Adds a junction. Throws std::invalid_argument if an end lacks its carrier.
  void add_junction(Junction junction);

  const Mesh& mesh() const { return _mesh; }
  /// The regions of the mesh, then the layers.
  const std::vector<RegionLaw>& regions() const { return _regions; }
  const std::vector<RegionGraph>& graphs() const { return _graphs; }
  /// Number of regions that are meshed; the others are layers.
  std::size_t n_mesh_regions() const { return _n_mesh_regions; }

  Index n_nodes() const { return static_cast<Index>(_mesh.points.size()); }
  Index n_dofs() const { return static_cast<Index>(_dof_node.size()); }
  Index n_sites() const { return static_cast<Index>(_site_node.size()); }
  int n_carriers() const { return _n_carriers; }

  const std::vector<Index>& dof_node() const { return _dof_node; }
  /// Carrier of each dof, `electric` for phi and voltages.
  const std::vector<int>& dof_carrier() const { return _dof_carrier; }

  const std::vector<Index>& site_node() const { return _site_node; }
  const std::vector<Index>& site_region() const { return _site_region; }
  const std::vector<double>& site_volume() const { return _site_volume; }
  /// Dof of phi at every site.
  const std::vector<Index>& site_phi() const { return _site_phi; }
  /// Dof of a carrier's mu at a site, -1 where the carrier is absent.
  Index site_dof(Index site, int carrier) const { return _site_dof[site * _n_carriers + carrier]; }
  const std::vector<Index>& site_dofs() const { return _site_dof; }
  /// Dof of the voltage of a terminal, or of a carrier's mu in it.
  Index terminal_dof(Index terminal, int carrier) const
  {
    return _first_terminal_dof + terminal * (1 + _n_carriers) + 1 + carrier;
  }
  Index n_terminals() const { return _n_terminals; }
  /// Dofs of phi and of a carrier's mu at the end of a link.
  Index end_phi(Index end) const
  {
    return end < 0 ? terminal_dof(-1 - end, electric) : _site_phi[end];
  }
  Index end_dof(Index end, int carrier) const
  {
    return end < 0 ? terminal_dof(-1 - end, carrier) : site_dof(end, carrier);
  }
  const std::vector<Junction>& junctions() const { return _junctions; }
  /// The sites of the three vertices of every triangle.
  const std::vector<std::array<Index, 3>>& triangle_sites() const { return _triangle_sites; }
  /// The triangles of the regions with a law of polarization.
  const std::vector<Index>& polarized_triangles() const { return _polarized_triangles; }
  const std::vector<std::array<double, 2>>& axes() const { return _axes; }
  /// Dof of the first of the two components of P at every site, -1 where P is no unknown.
  const std::vector<Index>& site_polar() const { return _site_polar; }
  /// The sites where P is an unknown.
  const std::vector<Index>& polar_sites() const { return _polar_sites; }
  /// The first dof of the memory of every triangle, -1 where there is none.
  const std::vector<Index>& triangle_memory() const { return _triangle_memory; }
  /// The law of P at a site or triangle where P is an unknown.
  const LandauPolarization& landau(Index region) const
  {
    return std::get<LandauPolarization>(_regions[region].polarization);
  }

  /// Immobile charge density at every site (scaled by e c0).
  std::vector<double> background;
  /// Charge fixed at every node, of charged interfaces and outer surfaces.
  std::vector<double> node_charge;
  /// Bound charge of fixed polarizations at every site; it adds up to zero.
  std::vector<double> bound_charge;
  /// Stiffness (xx, xy, yy) of P at every site, of surfaces with an extrapolation length.
  std::vector<std::array<double, 3>> surface_stiffness;

private:
  using CornerDofs = std::vector<std::vector<std::array<Index, 3>>>; // [1 + carrier][triangle]
  void number_dofs(const std::vector<SplitFacets>& split, const std::vector<Index>& terminal_nodes,
                   CornerDofs& corner_dofs);
  void build_sites(const CornerDofs& corner_dofs);
  void build_edges();
  void number_polarization();
  void check_links(const Links& links) const;

  Mesh _mesh;
  std::vector<RegionLaw> _regions;
  std::size_t _n_mesh_regions;
  int _n_carriers;
  std::vector<Index> _dof_node;
  std::vector<int> _dof_carrier;
  std::vector<Index> _site_node, _site_region, _site_phi, _site_dof;
  std::vector<double> _site_volume;
  std::vector<std::array<Index, 3>> _triangle_sites;
  std::vector<std::array<double, 2>> _axes;
  std::vector<Index> _polarized_triangles, _site_polar, _polar_sites, _triangle_memory;
  std::vector<RegionGraph> _graphs;
  std::vector<Junction> _junctions;
  Index _first_terminal_dof = 0, _n_terminals = 0;
};

/// Calls visit(site, law) for every carrier on every site.
template <class Visit>
void for_each_carrier_site(const Discretization& d, Visit visit)
{
  for (std::size_t r = 0; r < d.regions().size(); ++r)
    for (const CarrierLaw& law : d.regions()[r].carriers)
      for (Index s = d.graphs()[r].first_site; s < d.graphs()[r].last_site; ++s)
        visit(s, law);
}

} // namespace pyscl
