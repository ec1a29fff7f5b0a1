// Exponentially fitted (Scharfetter-Gummel) edge fluxes for the mobility laws.
//
// Along an edge i -> j a flux is returned as (flux density) x (edge length) / (site density x D);
// it is positive when carriers move from i to j. It vanishes exactly where the electrochemical
// potential mu is constant and always has the sign of -(mu_j - mu_i).
#pragma once

#include "statistics.hpp"

namespace pyscl
{

/// Which densities the mobility M follows (flux = -M grad mu).
enum class Mobility
{
  vacancy,              ///< M ~ y (1 - y): jumps need an occupied and an empty site
  dilute,               ///< M ~ y: independent carriers
  constant_conductivity ///< M ~ 1
};

/// The state of a carrier at one end of an edge: the mobility is (share * room) and
/// mu - activity is the potential that is taken as linear along the edge.
template <class T>
struct TransportState
{
  T share;    ///< y
  T room;     ///< 1 - y (vacancy) or 1 (dilute)
  T activity; ///< logit y (vacancy) or ln y (dilute)
  T vacancy;  ///< 1 - y evaluated without cancellation, 1 for laws without a site limit
};

template <class Law, class T>
TransportState<T> transport_state(Mobility mobility, const Occupancy<T>& o)
{
  if (mobility == Mobility::vacancy)
    return {o.y, o.vacancy, o.x, o.vacancy};
  if constexpr (Law::site_limited)
    return {o.y, T(1.0), -softplus(-o.x), o.vacancy};
  else
    return {o.y, T(1.0), o.x, o.vacancy};
}

/// Scharfetter-Gummel flux for M ~ share * room. Exact for a constant field in the dilute limit of
/// carriers (Goldman) and of vacancies. Written with expm1 of the difference of mu so that nothing
/// cancels or overflows: equal to B(X) y_i (1-y_j) - B(-X) y_j (1-y_i), X = jump of mu - activity.
template <class T>
T fitted_flux(const T& mu_i, const TransportState<T>& i, const T& mu_j, const TransportState<T>& j)
{
  using std::expm1;
  const T jump = mu_j - mu_i;
  const T drift = jump - (j.activity - i.activity);
  if (value_of(jump) <= 0.0)
    return -(bernoulli(drift) * (i.share * j.room)) * expm1(jump);
  return bernoulli(-drift) * (j.share * i.room) * expm1(-jump);
}

/// Flux for M ~ 1: linear in mu.
template <class T>
T ohmic_flux(const T& mu_i, const T& mu_j)
{
  return mu_i - mu_j;
}

/// The flux from i to j for any mobility law.
template <class T>
T edge_flux(Mobility mobility, const T& mu_i, const TransportState<T>& i, const T& mu_j,
            const TransportState<T>& j)
{
  return mobility == Mobility::constant_conductivity ? ohmic_flux(mu_i, mu_j)
                                                     : fitted_flux(mu_i, i, mu_j, j);
}

} // namespace pyscl
