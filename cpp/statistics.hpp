// Carrier statistics: site fraction y as a function of the reduced chemical potential
// eta = (mu - z e phi - mu0) / kT.  Each law is one struct with its formula and source.
#pragma once

#include "special_functions.hpp"

#include <algorithm>
#include <stdexcept>
#include <variant>
#include <vector>

namespace pyscl
{

/// Occupation of the sites of one carrier.
template <class T>
struct Occupancy
{
  T y;       ///< site fraction, or density over reference density for laws without a site limit
  T vacancy; ///< 1 - y evaluated without cancellation; 1 for laws without a site limit
  T x;       ///< logit(y) for site-limited laws, ln(y) otherwise
};

/// y = exp(eta): ideal dilute solution, non-degenerate semiconductor.
struct Boltzmann
{
  static constexpr bool site_limited = false;

  template <class T>
  Occupancy<T> operator()(const T& eta) const
  {
    using std::exp;
    return {exp(eta), T(1.0), eta};
  }
};

/// y = 1 / (1 + exp(-eta)): one particle per site, no interaction.
struct LatticeGas
{
  static constexpr bool site_limited = true;

  template <class T>
  Occupancy<T> operator()(const T& eta) const
  {
    return {logistic(eta), logistic(-eta), eta};
  }
};

/// y = 1 / (exp(-eta) + gamma), J. S. Blakemore, Solid-State Electronics 25 (1982) 1067.
struct Blakemore
{
  static constexpr bool site_limited = false;
  double gamma = 0.27;

  template <class T>
  Occupancy<T> operator()(const T& eta) const
  {
    using std::exp;
    // ln y = -ln(gamma) - softplus(-eta - ln(gamma)): its slope does not cancel when y saturates.
    const double log_gamma = std::log(gamma);
    const T log_y = gamma > 0.0 ? -softplus(-(eta + log_gamma)) - log_gamma : eta;
    return {exp(log_y), T(1.0), log_y};
  }
};

/// ln of the normalised Fermi-Dirac integral of order 1/2 and its derivative.
struct LogFermiIntegral
{
  double value;
  double slope;
};
LogFermiIntegral log_fermi_dirac_half(double eta);

/// y = F_1/2(eta) = 2/sqrt(pi) int_0^inf sqrt(t) / (1 + exp(t - eta)) dt: parabolic band.
struct FermiDiracHalf
{
  static constexpr bool site_limited = false;

  Occupancy<double> operator()(double eta) const
  {
    const double log_y = log_fermi_dirac_half(eta).value;
    return {std::exp(log_y), 1.0, log_y};
  }

  template <int N>
  Occupancy<Dual<N>> operator()(const Dual<N>& eta) const
  {
    const LogFermiIntegral f = log_fermi_dirac_half(eta.value);
    const Dual<N> log_y = chain(eta, f.value, f.slope);
    return {exp(log_y), Dual<N>(1.0), log_y};
  }
};

/// Lattice gas with a tabulated excess potential: logit(y) + g(y) = eta.
/// g is a cubic Hermite interpolant of (site_fraction, excess, slope), constant outside the table.
class NonIdeal
{
public:
  static constexpr bool site_limited = true;

  /// Throws std::invalid_argument unless the columns match, the site fractions ascend in (0, 1) and
  /// logit(y) + g(y) increases.
  NonIdeal(std::vector<double> site_fraction, std::vector<double> excess,
           std::vector<double> slope);

  template <class T>
  Occupancy<T> operator()(const T& eta) const
  {
    const Inverse inverse = solve(value_of(eta));
    const T x = inverse.x + inverse.slope * (eta - value_of(eta)); // implicit function theorem
    return {logistic(x), logistic(-x), x};
  }

private:
  struct Excess
  {
    double value;
    double slope;
  };
  struct Inverse
  {
    double x;     ///< logit(y)
    double slope; ///< dx/deta
  };
  Excess excess_in(std::size_t interval, double y) const;
  Inverse solve(double eta) const;

  std::vector<double> _y, _g, _dg; ///< of the table
  std::vector<double> _x, _eta;    ///< logit(y) and logit(y) + g of the table
};

using Statistics = std::variant<Boltzmann, LatticeGas, Blakemore, FermiDiracHalf, NonIdeal>;

} // namespace pyscl
