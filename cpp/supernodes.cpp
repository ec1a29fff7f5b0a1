#include "supernodes.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

namespace pyscl
{
namespace
{

using Index = std::int32_t;
constexpr Index none = -1;

/// The neighbours of every unknown in the symmetrised pattern on one side, some of them twice.
struct Neighbours
{
  enum class Side
  {
    earlier,
    later
  };
  std::vector<Index> begins, lists;

  Neighbours(Side side, Index n, const Index* column_begins, const Index* rows) : begins(n + 1, 0)
  {
    const auto each = [&](auto visit)
    {
      for (Index j = 0; j < n; ++j)
        for (Index s = column_begins[j]; s < column_begins[j + 1]; ++s)
          if (const auto [early, late] = std::minmax(rows[s], j); early != late)
            side == Side::later ? visit(early, late) : visit(late, early);
    };
    each([&](Index unknown, Index) { ++begins[unknown + 1]; });
    std::partial_sum(begins.begin(), begins.end(), begins.begin());
    lists.resize(begins[n]);
    std::vector<Index> next(begins.begin(), begins.end() - 1);
    each([&](Index unknown, Index other) { lists[next[unknown]++] = other; });
  }
  std::span<const Index> of(Index j) const
  {
    return {lists.data() + begins[j], static_cast<std::size_t>(begins[j + 1] - begins[j])};
  }
};

/// Children of every node of a forest, as linked lists.
struct Children
{
  std::vector<Index> first, next;

  explicit Children(const std::vector<Index>& parent)
      : first(parent.size(), none), next(parent.size(), none)
  {
    for (auto k = static_cast<Index>(parent.size()) - 1; k >= 0; --k)
      if (parent[k] != none)
        put(k, parent[k]);
  }
  void put(Index child, Index parent)
  {
    next[child] = first[parent];
    first[parent] = child;
  }
};

/// The nodes of a forest, children before their parents and subtrees together.
std::vector<Index> postorder(const std::vector<Index>& parent, const Children& children)
{
  std::vector<Index> order, open;
  for (Index root = 0; root < static_cast<Index>(parent.size()); ++root)
  {
    if (parent[root] != none)
      continue;
    // parents before children, last child first; reversed below
    const auto begin = static_cast<std::ptrdiff_t>(order.size());
    open.assign(1, root);
    while (!open.empty())
    {
      const Index k = open.back();
      open.pop_back();
      order.push_back(k);
      for (Index c = children.first[k]; c != none; c = children.next[c])
        open.push_back(c);
    }
    std::reverse(order.begin() + begin, order.end());
  }
  return order;
}

/// The last ancestor known of a node, with the path to it made short.
Index find_root(std::vector<Index>& ancestor, Index k)
{
  Index root = k;
  while (ancestor[root] != root)
    root = ancestor[root];
  while (k != root)
    k = std::exchange(ancestor[k], root);
  return root;
}

/// The elimination tree (J. W. H. Liu, SIAM J. Matrix Anal. Appl. 11 (1990) 134).
std::vector<Index> elimination_tree(const Neighbours& earlier)
{
  const auto n = static_cast<Index>(earlier.begins.size()) - 1;
  std::vector<Index> parent(n, none), ancestor(n);
  for (Index j = 0; j < n; ++j)
  {
    ancestor[j] = j;
    for (Index i : earlier.of(j))
      if (const Index root = find_root(ancestor, i); root != j)
        parent[root] = ancestor[root] = j;
  }
  return parent;
}

/// How many later unknowns the elimination of each couples: every row of the factor is the part of
/// the tree below it that its leaves span (J. R. Gilbert, E. G. Ng, B. W. Peyton, SIAM J. Matrix
/// Anal. Appl. 15 (1994) 1075).
std::vector<Index> count_coupled(const Neighbours& later, const std::vector<Index>& parent,
                                 const std::vector<Index>& order)
{
  const auto n = static_cast<Index>(parent.size());
  std::vector<Index> position(n), first(n), ancestor(n), last_leaf(n, none), count(n, 0);
  for (Index k = 0; k < n; ++k)
    position[order[k]] = first[order[k]] = k;
  for (Index j : order) // the first descendant of every node in postorder
    if (parent[j] != none)
      first[parent[j]] = std::min(first[parent[j]], first[j]);
  std::iota(ancestor.begin(), ancestor.end(), 0);
  for (Index j : order)
  {
    for (Index row : later.of(j))
    {
      // j is a leaf of the row's subtree unless an earlier leaf lies below it.
      const Index previous = last_leaf[row];
      if (previous != none && position[previous] >= first[j])
        continue;
      ++count[j];
      if (previous != none)
        --count[find_root(ancestor, previous)];
      last_leaf[row] = j;
    }
    if (first[j] != position[j])
      --count[j]; // its row ends here
    if (parent[j] != none)
      ancestor[j] = parent[j];
  }
  for (Index j : order)
    if (parent[j] != none)
      count[parent[j]] += count[j];
  return count;
}

/// Whether the larger front of a merged pair is worth the saved overhead.
bool worth_merging(std::int64_t pivots, std::int64_t zeros, std::int64_t entries)
{
  const double share = static_cast<double>(zeros) / static_cast<double>(entries);
  return zeros == 0 || pivots <= 6 || (pivots <= 24 && share < 0.3) ||
         (pivots <= 48 && share < 0.1) || share < 0.05;
}

/// Merges parents with children whose fronts are nearly theirs: the remaining tree, and for every
/// unknown the last one of its supernode, by which the supernode is called.
struct Amalgamation
{
  std::vector<Index> parent, leader;

  Amalgamation(const std::vector<Index>& tree, const std::vector<Index>& coupled)
      : parent(tree), leader(tree.size())
  {
    const auto n = static_cast<Index>(tree.size());
    std::vector<Index> pivots(n, 1);
    std::vector<std::int64_t> zeros(n, 0); // entries of the factors that this has added
    Children children(tree);
    for (Index j = 0; j < n; ++j)
    {
      leader[j] = j;
      Index child = std::exchange(children.first[j], none);
      while (child != none)
      {
        const Index next = children.next[child];
        const std::int64_t merged = pivots[j] + pivots[child];
        const std::int64_t added = zeros[j] + zeros[child] +
                                   2LL * pivots[child] * (pivots[j] + coupled[j] - coupled[child]);
        if (worth_merging(merged, added, merged * (merged + 2LL * coupled[j])))
        {
          pivots[j] = static_cast<Index>(merged);
          zeros[j] = added;
          leader[child] = j;
          for (Index c = children.first[child]; c != none;)
          {
            const Index after = children.next[c];
            parent[c] = j;
            children.put(c, j);
            c = after;
          }
        }
        else
          children.put(child, j);
        child = next;
      }
    }
    for (Index j = n - 1; j >= 0; --j)
      leader[j] = leader[leader[j]];
  }
};

/// The later unknowns in the front of each supernode: those of its children and the neighbours of
/// its own.
void find_rests(Supernodes& s, const Neighbours& later, const std::vector<Index>& given)
{
  const Children children(s.parent);
  std::vector<Index> seen(s.number.size(), none);
  s.rest_begins.assign(1, 0);
  for (Index k = 0; k < s.count(); ++k)
  {
    const auto add = [&, end = s.begins[k + 1]](Index unknown)
    {
      if (unknown >= end && std::exchange(seen[unknown], k) != k)
        s.rests.push_back(unknown);
    };
    for (Index pivot = s.begins[k]; pivot < s.begins[k + 1]; ++pivot)
      for (Index other : later.of(given[pivot]))
        add(s.number[other]);
    for (Index child = children.first[k]; child != none; child = children.next[child])
      for (std::size_t r = s.rest_begins[child]; r < s.rest_begins[child + 1]; ++r)
        add(s.rests[r]);
    std::sort(s.rests.begin() + static_cast<std::ptrdiff_t>(s.rest_begins[k]), s.rests.end());
    s.rest_begins.push_back(s.rests.size());
  }
}

} // namespace

Supernodes find_supernodes(Index n, const Index* column_begins, const Index* rows)
{
  const std::vector<Index> tree =
      elimination_tree(Neighbours(Neighbours::Side::earlier, n, column_begins, rows));
  const Neighbours later(Neighbours::Side::later, n, column_begins, rows);
  const Amalgamation merged(tree, count_coupled(later, tree, postorder(tree, Children(tree))));

  // Only what is left of the tree, at first in the order of the leaders.
  std::vector<Index> at(n, none), leaders;
  for (Index j = 0; j < n; ++j)
    if (merged.leader[j] == j)
    {
      at[j] = static_cast<Index>(leaders.size());
      leaders.push_back(j);
    }
  std::vector<Index> parent;
  for (Index j : leaders)
    parent.push_back(merged.parent[j] == none ? none : at[merged.parent[j]]);
  const std::vector<Index> order = postorder(parent, Children(parent));
  const auto count = static_cast<Index>(order.size());
  std::vector<Index> position(count);
  for (Index k = 0; k < count; ++k)
    position[order[k]] = k;

  Supernodes result;
  result.parent.resize(count);
  for (Index k = 0; k < count; ++k)
    result.parent[k] = parent[order[k]] == none ? none : position[parent[order[k]]];
  const auto supernode = [&](Index unknown) { return position[at[merged.leader[unknown]]]; };
  result.begins.assign(count + 1, 0);
  for (Index j = 0; j < n; ++j)
    ++result.begins[supernode(j) + 1];
  std::partial_sum(result.begins.begin(), result.begins.end(), result.begins.begin());
  result.number.resize(n);
  std::vector<Index> next(result.begins.begin(), result.begins.end() - 1), given(n);
  for (Index j = 0; j < n; ++j)
  {
    result.number[j] = next[supernode(j)]++;
    given[result.number[j]] = j;
  }
  find_rests(result, later, given);
  return result;
}

} // namespace pyscl
