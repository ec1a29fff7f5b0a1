#include "mesh.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <stdexcept>
#include <string>
#include <tuple>

namespace pyscl
{

TriangleGeometry triangle_geometry(const Mesh& mesh, Index triangle)
{
  const auto& nodes = mesh.triangles[triangle];
  std::array<std::array<double, 2>, 3> side; // side[e] runs along local edge e
  for (int e = 0; e < 3; ++e)
  {
    const auto& a = mesh.points[nodes[edge_ends[e][0]]];
    const auto& b = mesh.points[nodes[edge_ends[e][1]]];
    side[e] = {b[0] - a[0], b[1] - a[1]};
  }
  const double area = 0.5 * (side[0][0] * side[1][1] - side[0][1] * side[1][0]);

  std::array<double, 3> radius{1.0, 1.0, 1.0};
  if (mesh.coordinates == Coordinates::axisymmetric)
    for (int a = 0; a < 3; ++a)
      radius[a] = 2.0 * std::numbers::pi * mesh.points[nodes[a]][0];
  const double sum = radius[0] + radius[1] + radius[2];

  TriangleGeometry g;
  for (int a = 0; a < 3; ++a)
  {
    const auto& p = side[(a + 1) % 3];
    const auto& q = side[(a + 2) % 3];
    g.edge_weight[a] = -(p[0] * q[0] + p[1] * q[1]) / (4.0 * area) * sum / 3.0;
    g.volume[a] = area * (sum + radius[a]) / 12.0;
  }
  return g;
}

std::array<std::array<double, 2>, 3> shape_gradients(const Mesh& mesh, Index triangle)
{
  const auto& nodes = mesh.triangles[triangle];
  std::array<std::array<double, 2>, 3> gradient;
  for (int a = 0; a < 3; ++a)
  {
    const auto& p = mesh.points[nodes[edge_ends[a][0]]];
    const auto& q = mesh.points[nodes[edge_ends[a][1]]];
    const auto& o = mesh.points[nodes[a]];
    const double twice_area = (p[0] - o[0]) * (q[1] - o[1]) - (p[1] - o[1]) * (q[0] - o[0]);
    gradient[a] = {(p[1] - q[1]) / twice_area, (q[0] - p[0]) / twice_area};
  }
  return gradient;
}

std::vector<MeshEdge> mesh_edges(const Mesh& mesh)
{
  struct Side
  {
    Index low, high, triangle;
  };
  std::vector<Side> sides;
  sides.reserve(3 * mesh.triangles.size());
  for (Index t = 0; t < static_cast<Index>(mesh.triangles.size()); ++t)
    for (const auto& ends : edge_ends)
    {
      const auto [low, high] = std::minmax(mesh.triangles[t][ends[0]], mesh.triangles[t][ends[1]]);
      sides.push_back({low, high, t});
    }
  std::sort(sides.begin(), sides.end(), [](const Side& a, const Side& b)
            { return std::tie(a.low, a.high, a.triangle) < std::tie(b.low, b.high, b.triangle); });

  std::vector<MeshEdge> edges;
  edges.reserve(sides.size() / 2 + 1);
  for (const Side& s : sides)
  {
    if (!edges.empty() && edges.back().nodes == std::array{s.low, s.high})
    {
      if (edges.back().triangles[1] >= 0)
        throw std::invalid_argument("edge (" + std::to_string(s.low) + ", " +
                                    std::to_string(s.high) + ") belongs to three triangles");
      edges.back().triangles[1] = s.triangle;
    }
    else
      edges.push_back({{s.low, s.high}, {s.triangle, -1}});
  }
  return edges;
}

} // namespace pyscl
