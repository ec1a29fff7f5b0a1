// The structure of a sparse LU: supernodes of the elimination tree and the fronts they need.
#pragma once

#include <cstdint>
#include <vector>

namespace pyscl
{

/// Unknowns that are eliminated together, and those that this couples.
struct FrontStructure
{
  std::vector<std::int32_t> pivots;
  std::vector<std::int32_t> rest;
  std::vector<std::int32_t> children; ///< supernodes, in the order of their elimination
};

/// Supernodes of a square pattern made symmetric, in compressed columns, eliminated in the given
/// order up to exchanges that change no structure. Children come before their parents, and the
/// supernodes of a subtree follow each other.
std::vector<FrontStructure> find_supernodes(std::int32_t n, const std::int32_t* column_begins,
                                            const std::int32_t* rows);

} // namespace pyscl
