// The order in which the free unknowns are eliminated.
#pragma once

#include "assembly.hpp"

namespace pyscl
{

/// Free unknowns by the rank of their node; dense rows (inventories, terminals) come last and cause
/// no fill.
std::vector<Index> elimination_order(const Assembly& assembly, const std::vector<Index>& node_rank);

} // namespace pyscl
