// Quantities derived from a state u: densities, flux densities, the neutral potential.
#pragma once

#include "constraints.hpp"

namespace pyscl
{

/// Site fraction and vacant fraction of one carrier on every site (NaN where it is absent).
struct SiteFractions
{
  Vector occupied, vacant;
};
SiteFractions site_fractions(const Discretization& discretization, int carrier, const Vector& u);

/// Mean flux density of one carrier in every triangle (zero where it is absent), recovered from
/// the edge fluxes N: sum_e w_e N_e t_e / |T|, exact for a uniform flux.
std::vector<std::array<double, 2>> flux_density(const Discretization& discretization, int carrier,
                                                const Vector& u);

/// phi that makes every node locally neutral for the mu in u (averaged over the regions that meet
/// there); unchanged where no region of the node has carriers, NaN where no such phi exists.
Vector neutral_potential(const Discretization& discretization, const Vector& u);

/// Sum over all edges of flux times drop of mu: the power that a carrier turns into heat.
double dissipation(const Discretization& discretization, int carrier, const Vector& u);

} // namespace pyscl
