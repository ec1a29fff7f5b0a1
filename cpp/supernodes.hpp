// The structure of a sparse LU: supernodes of the elimination tree and the fronts they need.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace pyscl
{

/// Supernodes, numbered so that those of a subtree follow each other and children come before
/// their parents. Unknowns are numbered anew, supernode after supernode.
struct Supernodes
{
  using Index = std::int32_t;

  std::vector<Index> number;            ///< given unknown -> new number (n)
  std::vector<Index> begins;            ///< first unknown of each, then n (count + 1)
  std::vector<Index> parent;            ///< -1 for a root (count)
  std::vector<std::size_t> rest_begins; ///< where the lists begin in `rests` (count + 1)
  std::vector<Index> rests;             ///< later unknowns in the front of each, ascending

  Index count() const { return static_cast<Index>(parent.size()); }
  Index pivots(Index k) const { return begins[k + 1] - begins[k]; }
  std::span<const Index> rest(Index k) const
  {
    return {rests.data() + rest_begins[k], rest_begins[k + 1] - rest_begins[k]};
  }
};

/// Supernodes of a square pattern made symmetric, in compressed columns, eliminated in the given
/// order up to exchanges that change no structure.
Supernodes find_supernodes(std::int32_t n, const std::int32_t* column_begins,
                           const std::int32_t* rows);

} // namespace pyscl
