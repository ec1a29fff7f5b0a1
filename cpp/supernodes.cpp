#include "supernodes.hpp"

#include <algorithm>
#include <numeric>

namespace pyscl
{
namespace
{

using Index = std::int32_t;
using Lists = std::vector<std::vector<Index>>;

/// Neighbours of every unknown in the symmetrised pattern, ascending, without itself.
Lists symmetric_neighbours(Index n, const Index* begins, const Index* rows)
{
  Lists neighbours(n);
  for (Index j = 0; j < n; ++j)
    for (Index s = begins[j]; s < begins[j + 1]; ++s)
      if (const Index i = rows[s]; i != j)
      {
        neighbours[i].push_back(j);
        neighbours[j].push_back(i);
      }
  for (auto& list : neighbours)
  {
    std::sort(list.begin(), list.end());
    list.erase(std::unique(list.begin(), list.end()), list.end());
  }
  return neighbours;
}

/// Groups of consecutive unknowns that have the same neighbours and each other, such as those of a
/// mesh node.
struct Groups
{
  std::vector<Index> begins; ///< first unknown of each, then n
  Lists later;               ///< neighbours of each among the later groups, ascending

  Index count() const { return static_cast<Index>(begins.size()) - 1; }
  Index weight(Index group) const { return begins[group + 1] - begins[group]; }
};

/// Whether b = a + 1 sees what a sees, and a.
bool interchangeable(const std::vector<Index>& of_a, const std::vector<Index>& of_b, Index a)
{
  const Index b = a + 1;
  if (of_a.size() != of_b.size())
    return false;
  for (std::size_t k = 0; k < of_a.size(); ++k)
    if (of_a[k] != of_b[k] && !(of_a[k] == b && of_b[k] == a))
      return false;
  return std::binary_search(of_a.begin(), of_a.end(), b);
}

Groups group_unknowns(const Lists& neighbours)
{
  const auto n = static_cast<Index>(neighbours.size());
  Groups groups;
  std::vector<Index> group_of(n);
  for (Index j = 0; j < n; ++j)
  {
    if (j == 0 || !interchangeable(neighbours[j - 1], neighbours[j], j - 1))
      groups.begins.push_back(j);
    group_of[j] = static_cast<Index>(groups.begins.size()) - 1;
  }
  groups.begins.push_back(n);
  groups.later.resize(groups.count());
  for (Index g = 0; g < groups.count(); ++g)
  {
    auto& later = groups.later[g];
    for (Index j : neighbours[groups.begins[g]])
      if (group_of[j] > g)
        later.push_back(group_of[j]);
    later.erase(std::unique(later.begin(), later.end()), later.end());
  }
  return groups;
}

/// What becomes a supernode: groups that are eliminated together, and those they couple.
struct Candidate
{
  std::vector<Index> pivots, rest, children;
  std::int64_t pivot_weight = 0, rest_weight = 0;
  std::int64_t zeros = 0; ///< entries of the factors that amalgamation has added
  Index parent = -1;
};

/// Symbolic factorisation: the groups that the elimination of each couples. The parent of a group
/// in the elimination tree is the first of them.
std::vector<Candidate> factorize_symbolically(const Groups& groups)
{
  const Index n = groups.count();
  std::vector<Candidate> candidates(n);
  std::vector<Index> seen(n, -1);
  for (Index g = 0; g < n; ++g)
  {
    Candidate& candidate = candidates[g];
    candidate.pivots = {g};
    candidate.pivot_weight = groups.weight(g);
    seen[g] = g;
    const auto add = [&](Index other)
    {
      if (seen[other] == g)
        return;
      seen[other] = g;
      candidate.rest.push_back(other);
      candidate.rest_weight += groups.weight(other);
    };
    for (Index other : groups.later[g])
      add(other);
    for (Index child : candidate.children)
      for (Index other : candidates[child].rest)
        add(other);
    if (candidate.rest.empty())
      continue;
    candidate.parent = *std::min_element(candidate.rest.begin(), candidate.rest.end());
    candidates[candidate.parent].children.push_back(g);
  }
  return candidates;
}

/// Whether the larger front of a merged pair is worth the saved overhead.
bool worth_merging(std::int64_t pivots, std::int64_t zeros, std::int64_t entries)
{
  const double share = static_cast<double>(zeros) / static_cast<double>(entries);
  return zeros == 0 || pivots <= 8 || (pivots <= 32 && share < 0.5) ||
         (pivots <= 64 && share < 0.15) || share < 0.05;
}

/// Merges parents with children whose fronts are nearly theirs. Merged children keep their place in
/// `candidates` with no pivots.
void amalgamate(std::vector<Candidate>& candidates)
{
  for (Candidate& parent : candidates)
  {
    std::vector<Index> children;
    for (Index c : parent.children)
    {
      Candidate& child = candidates[c];
      const std::int64_t pivots = parent.pivot_weight + child.pivot_weight;
      const std::int64_t added =
          2 * child.pivot_weight * (parent.pivot_weight + parent.rest_weight - child.rest_weight);
      const std::int64_t zeros = parent.zeros + child.zeros + added;
      if (!worth_merging(pivots, zeros, pivots * (pivots + 2 * parent.rest_weight)))
      {
        children.push_back(c);
        continue;
      }
      parent.zeros = zeros;
      parent.pivot_weight = pivots;
      parent.pivots.insert(parent.pivots.end(), child.pivots.begin(), child.pivots.end());
      children.insert(children.end(), child.children.begin(), child.children.end());
      child.pivots.clear();
      child.rest.clear();
      child.children.clear();
    }
    parent.children = std::move(children);
  }
}

/// The remaining candidates in postorder.
std::vector<Index> postorder(const std::vector<Candidate>& candidates)
{
  std::vector<Index> order, open;
  std::vector<char> is_child(candidates.size(), 0);
  for (const Candidate& candidate : candidates)
    for (Index c : candidate.children)
      is_child[c] = 1;
  for (Index root = 0; root < static_cast<Index>(candidates.size()); ++root)
  {
    if (candidates[root].pivots.empty() || is_child[root])
      continue;
    // parents before children, last child first; reversed below
    const auto begin = static_cast<std::ptrdiff_t>(order.size());
    open.assign(1, root);
    while (!open.empty())
    {
      const Index k = open.back();
      open.pop_back();
      order.push_back(k);
      open.insert(open.end(), candidates[k].children.begin(), candidates[k].children.end());
    }
    std::reverse(order.begin() + begin, order.end());
  }
  return order;
}

} // namespace

std::vector<FrontStructure> find_supernodes(Index n, const Index* column_begins, const Index* rows)
{
  const Groups groups = group_unknowns(symmetric_neighbours(n, column_begins, rows));
  std::vector<Candidate> candidates = factorize_symbolically(groups);
  amalgamate(candidates);
  const std::vector<Index> order = postorder(candidates);
  std::vector<Index> position(candidates.size(), -1);
  std::vector<FrontStructure> fronts(order.size());
  const auto unknowns = [&](std::vector<Index> members, std::vector<Index>& list)
  {
    std::sort(members.begin(), members.end());
    for (Index g : members)
      for (Index j = groups.begins[g]; j < groups.begins[g + 1]; ++j)
        list.push_back(j);
  };
  for (std::size_t k = 0; k < order.size(); ++k)
  {
    const Candidate& candidate = candidates[order[k]];
    position[order[k]] = static_cast<Index>(k);
    unknowns(candidate.pivots, fronts[k].pivots);
    unknowns(candidate.rest, fronts[k].rest);
    for (Index c : candidate.children)
      fronts[k].children.push_back(position[c]);
    std::sort(fronts[k].children.begin(), fronts[k].children.end());
  }
  return fronts;
}

} // namespace pyscl
