// The triangle mesh as the core sees it: points, triangles, regions, and their edges.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

namespace pyscl
{

using Index = std::int32_t;

/// Geometry of the computational plane.
enum class Coordinates
{
  planar,      ///< (x, y), per unit depth
  axisymmetric ///< (r, z), integrated over the full turn
};

struct Mesh
{
  std::vector<std::array<double, 2>> points;   ///< scaled coordinates
  std::vector<std::array<Index, 3>> triangles; ///< counter-clockwise
  std::vector<Index> region;                   ///< region of each triangle
  Coordinates coordinates = Coordinates::planar;
};

/// Local edge e of a triangle joins its vertices edge_ends[e]; it lies opposite vertex e.
inline constexpr std::array<std::array<int, 2>, 3> edge_ends{{{1, 2}, {2, 0}, {0, 1}}};

/// What integration over one triangle needs.
struct TriangleGeometry
{
  std::array<double, 3> edge_weight; ///< cot(opposite angle) / 2, times 2 pi r when axisymmetric
  std::array<double, 3> volume;      ///< integral of each barycentric coordinate
};

TriangleGeometry triangle_geometry(const Mesh& mesh, Index triangle);

/// Gradients of the three barycentric coordinates of a triangle.
std::array<std::array<double, 2>, 3> shape_gradients(const Mesh& mesh, Index triangle);

/// A mesh edge and the one or two triangle sides that lie on it.
struct MeshEdge
{
  std::array<Index, 2> nodes;     ///< ascending
  std::array<Index, 2> triangles; ///< second is -1 on the outer boundary
};

/// All edges, sorted by their nodes. Throws std::invalid_argument on an edge of three triangles.
std::vector<MeshEdge> mesh_edges(const Mesh& mesh);

} // namespace pyscl
