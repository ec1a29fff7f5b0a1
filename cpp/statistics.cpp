#include "statistics.hpp"

#include <numbers>

namespace pyscl
{
namespace
{

constexpr double two_over_sqrt_pi = 2.0 * std::numbers::inv_sqrtpi;

/// F_1/2 and its derivative by the trapezoidal rule in s = sqrt(t). The integrand is even and
/// analytic in |Im s| < Im sqrt(eta + i pi), so the error falls as exp(-2 pi Im / step).
std::pair<double, double> fermi_dirac_half_by_quadrature(double eta)
{
  const double radius = std::hypot(eta, std::numbers::pi);
  const double strip = std::sqrt(0.5 * (radius - eta));
  const double step = 2.0 * std::numbers::pi * strip / 50.0;
  const double last = std::sqrt(std::fmax(eta, 0.0) + 45.0);
  double integral = 0.0, derivative = 0.0;
  for (double s = step; s < last; s += step)
  {
    const double f = logistic(eta - s * s);
    integral += s * s * f;
    derivative += s * s * f * logistic(s * s - eta);
  }
  return {2.0 * two_over_sqrt_pi * step * integral, 2.0 * two_over_sqrt_pi * step * derivative};
}

/// ln F_1/2 on [first, last], piecewise Chebyshev, built once.
class LogFermiTable
{
public:
  static constexpr double first = -8.0, last = 64.0, width = 2.0;
  static constexpr int degree = 15, intervals = static_cast<int>((last - first) / width);

  LogFermiTable()
  {
    constexpr int n = degree + 1;
    for (int k = 0; k < intervals; ++k)
    {
      std::array<double, n> f;
      for (int j = 0; j < n; ++j)
      {
        const double t = std::cos(std::numbers::pi * (j + 0.5) / n);
        f[j] =
            std::log(fermi_dirac_half_by_quadrature(first + width * (k + 0.5 * (t + 1.0))).first);
      }
      for (int i = 0; i < n; ++i)
      {
        double c = 0.0;
        for (int j = 0; j < n; ++j)
          c += f[j] * std::cos(std::numbers::pi * i * (j + 0.5) / n);
        _coefficients[k][i] = (i == 0 ? 1.0 : 2.0) * c / n;
      }
    }
  }

  LogFermiIntegral operator()(double eta) const
  {
    const int k = std::clamp(static_cast<int>((eta - first) / width), 0, intervals - 1);
    const double t = 2.0 * (eta - first) / width - 2.0 * k - 1.0;
    // Clenshaw recurrence for the series and its derivative.
    double b1 = 0.0, b2 = 0.0, d1 = 0.0, d2 = 0.0;
    for (int i = degree; i >= 1; --i)
    {
      const double d = 2.0 * b1 + 2.0 * t * d1 - d2;
      const double b = _coefficients[k][i] + 2.0 * t * b1 - b2;
      d2 = d1, d1 = d, b2 = b1, b1 = b;
    }
    return {_coefficients[k][0] + t * b1 - b2, (b1 + t * d1 - d2) * 2.0 / width};
  }

private:
  std::array<std::array<double, degree + 1>, intervals> _coefficients;
};

} // namespace

LogFermiIntegral log_fermi_dirac_half(double eta)
{
  if (eta < LogFermiTable::first)
  {
    // F = e^eta (1 - e^eta / 2^1.5 + e^2eta / 3^1.5 - ...); the next term is below 1e-17.
    const double e = std::exp(eta);
    double series = 0.0, slope = 0.0, power = 1.0;
    for (int n = 1; n <= 5; ++n)
    {
      const double term = power / (n * std::sqrt(n));
      series += term;
      slope += (n - 1) * term;
      power *= -e;
    }
    return {eta + std::log(series), 1.0 + slope / series};
  }
  if (eta < LogFermiTable::last)
  {
    static const LogFermiTable table;
    return table(eta);
  }
  const auto [f, df] = fermi_dirac_half_by_quadrature(eta);
  return {std::log(f), df / f};
}

NonIdeal::NonIdeal(std::vector<double> site_fraction, std::vector<double> excess,
                   std::vector<double> slope)
    : _y(std::move(site_fraction)), _g(std::move(excess)), _dg(std::move(slope))
{
  if (_y.size() < 2 || _g.size() != _y.size() || _dg.size() != _y.size())
    throw std::invalid_argument("excess potential table needs three columns of one length >= 2");
  if (_y.front() <= 0.0 || _y.back() >= 1.0 ||
      !std::is_sorted(_y.begin(), _y.end(), std::less_equal<>{}))
    throw std::invalid_argument("site fractions of the excess potential must ascend in (0, 1)");
  for (std::size_t k = 0; k < _y.size(); ++k)
  {
    _x.push_back(std::log(_y[k] / (1.0 - _y[k])));
    _eta.push_back(_x[k] + _g[k]);
  }
  if (!std::is_sorted(_eta.begin(), _eta.end(), std::less_equal<>{}))
    throw std::invalid_argument("logit(y) + g(y) must increase: the table separates into phases");
}

/// g and dg/dy inside interval k of the table.
NonIdeal::Excess NonIdeal::excess_in(std::size_t k, double y) const
{
  const double h = _y[k + 1] - _y[k], t = (y - _y[k]) / h, s = 1.0 - t;
  const double value = s * s * ((1.0 + 2.0 * t) * _g[k] + h * t * _dg[k]) +
                       t * t * ((1.0 + 2.0 * s) * _g[k + 1] - h * s * _dg[k + 1]);
  const double slope = 6.0 * t * s * (_g[k + 1] - _g[k]) / h + s * (s - 2.0 * t) * _dg[k] +
                       t * (t - 2.0 * s) * _dg[k + 1];
  return {value, slope};
}

/// x with x + g(logistic(x)) = eta: outside the table in closed form, inside by Newton's method
/// kept in a shrinking bracket of the interval that the increasing eta of the table gives.
NonIdeal::Inverse NonIdeal::solve(double eta) const
{
  if (eta <= _eta.front())
    return {eta - _g.front(), 1.0};
  if (eta >= _eta.back())
    return {eta - _g.back(), 1.0};
  const std::size_t k = std::upper_bound(_eta.begin(), _eta.end(), eta) - _eta.begin() - 1;
  double low = _x[k], high = _x[k + 1];
  double x = low + (high - low) * (eta - _eta[k]) / (_eta[k + 1] - _eta[k]);
  for (int iteration = 0;; ++iteration)
  {
    const double y = logistic(x);
    const Excess g = excess_in(k, y);
    const double defect = x + g.value - eta;
    const double slope = 1.0 / (1.0 + g.slope * y * logistic(-x));
    (defect > 0.0 ? high : low) = x;
    double next = x - defect * slope;
    if (!(next >= low && next <= high))
      next = 0.5 * (low + high);
    if (iteration == 100 || std::fabs(next - x) <= 4e-16 * std::fmax(1.0, std::fabs(x)))
      return {next, slope};
    x = next;
  }
}

} // namespace pyscl
