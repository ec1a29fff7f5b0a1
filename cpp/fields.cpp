#include "fields.hpp"

#include <cmath>

namespace pyscl
{
namespace
{

const CarrierLaw* find_law(const RegionLaw& region, int carrier)
{
  for (const CarrierLaw& law : region.carriers)
    if (law.carrier == carrier)
      return &law;
  return nullptr;
}

double site_eta(const Discretization& d, const CarrierLaw& law, Index site, const Vector& u)
{
  return u[d.site_dof(site, law.carrier)] - law.charge * u[d.site_phi()[site]] -
         law.standard_potential;
}

/// What an interface law sees of the end of a link.
InterfaceSide<double> interface_side(const Discretization& d, int carrier, Index end,
                                     const Vector& u)
{
  const double mu = u[d.end_dof(end, carrier)];
  if (end < 0)
    return {mu, 1.0, 1.0};
  const CarrierLaw& law = *find_law(d.regions()[d.site_region()[end]], carrier);
  return std::visit(
      [&](const auto& statistics) -> InterfaceSide<double>
      {
        const auto o = statistics(site_eta(d, law, end, u));
        return {mu, o.y, o.vacancy};
      },
      law.statistics);
}

} // namespace

SiteFractions site_fractions(const Discretization& d, int carrier, const Vector& u)
{
  const Vector absent = Vector::Constant(d.n_sites(), std::nan(""));
  SiteFractions f{absent, absent};
  for (std::size_t r = 0; r < d.regions().size(); ++r)
    if (const CarrierLaw* law = find_law(d.regions()[r], carrier))
      for (Index s = d.graphs()[r].first_site; s < d.graphs()[r].last_site; ++s)
      {
        const auto o = std::visit([eta = site_eta(d, *law, s, u)](const auto& statistics)
                                  { return statistics(eta); }, law->statistics);
        f.occupied[s] = o.y;
        f.vacant[s] = o.vacancy;
      }
  return f;
}

std::vector<std::array<double, 2>> flux_density(const Discretization& d, int carrier,
                                                const Vector& u)
{
  Mesh plane = d.mesh(); // weights without the factor 2 pi r: the flux density is a local quantity
  plane.coordinates = Coordinates::planar;
  std::vector<std::array<double, 2>> flux(plane.triangles.size(), {0.0, 0.0});
  for (Index t = 0; t < static_cast<Index>(flux.size()); ++t)
  {
    const CarrierLaw* law = find_law(d.regions()[plane.region[t]], carrier);
    if (!law)
      continue;
    const TriangleGeometry g = triangle_geometry(plane, t);
    const double area = g.volume[0] + g.volume[1] + g.volume[2];
    for (int e = 0; e < 3; ++e)
    {
      const Index i = d.triangle_sites()[t][edge_ends[e][0]];
      const Index j = d.triangle_sites()[t][edge_ends[e][1]];
      const double edge = std::visit(
          [&](const auto& statistics)
          {
            using Law = std::decay_t<decltype(statistics)>;
            const auto state = [&](Index s)
            { return transport_state<Law>(law->mobility, statistics(site_eta(d, *law, s, u))); };
            return edge_flux(law->mobility, u[d.site_dof(i, carrier)], state(i),
                             u[d.site_dof(j, carrier)], state(j));
          },
          law->statistics);
      const double factor = law->site_density * law->diffusivity * g.edge_weight[e] * edge / area;
      const auto& a = plane.points[d.site_node()[i]];
      const auto& b = plane.points[d.site_node()[j]];
      flux[t][0] += factor * (b[0] - a[0]);
      flux[t][1] += factor * (b[1] - a[1]);
    }
  }
  return flux;
}

namespace
{

/// phi at which the carriers of a site neutralise a charge density, NaN if there is none. The
/// charge falls monotonically with phi: bisection between generous bounds around a guess.
double neutral_phi(const std::vector<CarrierLaw>& carriers, const std::vector<double>& mu,
                   double background, double guess)
{
  const auto charge = [&](double phi)
  {
    double rho = background;
    for (std::size_t k = 0; k < carriers.size(); ++k)
    {
      const CarrierLaw& law = carriers[k];
      const double eta = mu[k] - law.charge * phi - law.standard_potential;
      rho += law.charge * law.site_density *
             std::visit([eta](const auto& f) { return f(eta).y; }, law.statistics);
    }
    return rho;
  };
  double low = guess - 1.0, high = guess + 1.0;
  for (double width = 2.0; charge(low) <= 0.0 && width < 1e3; width *= 2.0)
    low -= width;
  for (double width = 2.0; charge(high) >= 0.0 && width < 1e3; width *= 2.0)
    high += width;
  if (!(charge(low) > 0.0 && charge(high) < 0.0))
    return std::nan("");
  for (int k = 0; k < 80 && high - low > 1e-12; ++k)
  {
    const double middle = 0.5 * (low + high);
    (charge(middle) > 0.0 ? low : high) = middle;
  }
  return 0.5 * (low + high);
}

} // namespace

Vector neutral_potential(const Discretization& d, const Vector& u)
{
  Vector sum = Vector::Zero(d.n_dofs()), count = Vector::Zero(d.n_dofs());
  for (std::size_t r = 0; r < d.n_mesh_regions(); ++r)
  {
    const auto& carriers = d.regions()[r].carriers;
    if (carriers.empty())
      continue;
    std::vector<double> mu(carriers.size()), last_mu;
    double last_background = 0.0, result = 0.0;
    for (Index s = d.graphs()[r].first_site; s < d.graphs()[r].last_site; ++s)
    {
      for (std::size_t k = 0; k < carriers.size(); ++k)
        mu[k] = u[d.site_dof(s, carriers[k].carrier)];
      const Index phi = d.site_phi()[s];
      if (mu != last_mu || d.background[s] != last_background) // often uniform
        result = neutral_phi(carriers, mu, d.background[s], u[phi]);
      last_mu = mu, last_background = d.background[s];
      sum[phi] += result;
      count[phi] += 1.0;
    }
  }
  Vector start = u;
  for (Index i = 0; i < d.n_dofs(); ++i)
    if (count[i] > 0.0)
      start[i] = sum[i] / count[i];
  return start;
}

double dissipation(const Discretization& d, int carrier, const Vector& u)
{
  double total = 0.0;
  for (std::size_t r = 0; r < d.regions().size(); ++r)
  {
    const CarrierLaw* law = find_law(d.regions()[r], carrier);
    if (!law)
      continue;
    const RegionGraph& graph = d.graphs()[r];
    std::visit(
        [&](const auto& statistics)
        {
          using Law = std::decay_t<decltype(statistics)>;
          const auto state = [&](Index s)
          { return transport_state<Law>(law->mobility, statistics(site_eta(d, *law, s, u))); };
          for (std::size_t e = 0; e < graph.edges.size(); ++e)
          {
            const auto [i, j] = graph.edges[e];
            const double mu_i = u[d.site_dof(i, carrier)], mu_j = u[d.site_dof(j, carrier)];
            total += graph.edge_weight[e] * law->site_density * law->diffusivity *
                     edge_flux(law->mobility, mu_i, state(i), mu_j, state(j)) * (mu_i - mu_j);
          }
        },
        law->statistics);
  }
  for (const Junction& junction : d.junctions())
    if (junction.carrier == carrier)
      for (std::size_t k = 0; k < junction.links.ends.size(); ++k)
      {
        const InterfaceSide<double> i = interface_side(d, carrier, junction.links.ends[k][0], u);
        const InterfaceSide<double> j = interface_side(d, carrier, junction.links.ends[k][1], u);
        total += junction.links.measure[k] * (i.mu - j.mu) *
                 std::visit([&](const auto& law) { return law(i, j); }, junction.law);
      }
  return total;
}

} // namespace pyscl
