#include "elimination_order.hpp"

#include <algorithm>
#include <numeric>

namespace pyscl
{

std::vector<Index> elimination_order(const Assembly& assembly, const std::vector<Index>& node_rank)
{
  const Constraints& c = assembly.constraints();
  const auto& dof_node = assembly.discretization().dof_node();
  std::vector<char> dense(c.n_free(), 0);
  for (Index row : assembly.inventory_rows())
    dense[row] = 1;
  for (Index row : assembly.terminal_rows())
    dense[row] = 1;
  std::vector<Index> order(c.n_free());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](Index a, Index b)
                   {
                     if (dense[a] != dense[b])
                       return dense[a] < dense[b];
                     return node_rank[dof_node[c.representative()[a]]] <
                            node_rank[dof_node[c.representative()[b]]];
                   });
  return order;
}

} // namespace pyscl
