// The physics of one region in the scaled units of the core (see pyscl/scaling.py):
// potentials in kT/e, energies in kT, lengths, densities and diffusivities in the problem's units.
#pragma once

#include "flux.hpp"
#include "polarization.hpp"

#include <vector>

namespace pyscl
{

/// A carrier as it behaves inside one region.
struct CarrierLaw
{
  int carrier = 0;                 ///< number of the species, the same in all regions
  double charge = 1.0;             ///< charge number z
  double site_density = 1.0;       ///< maximum density
  double standard_potential = 0.0; ///< mu0
  double diffusivity = 0.0;        ///< D, prefactor of the flux
  Mobility mobility = Mobility::vacancy;
  Statistics statistics = LatticeGas{};
};

struct RegionLaw
{
  double permittivity = 1.0; ///< eps0 eps_r (kT/e) / (e c0 L0^2) = (Debye length at c0)^2
  std::vector<CarrierLaw> carriers;
  Polarization polarization; ///< beyond the permittivity
};

} // namespace pyscl
