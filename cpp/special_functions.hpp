// Logistic, softplus and Bernoulli functions, free of overflow and cancellation, for double and
// Dual.
#pragma once

#include "dual.hpp"

namespace pyscl
{

/// 1 / (1 + exp(-x)).
inline double logistic(double x)
{
  if (x >= 0.0)
    return 1.0 / (1.0 + std::exp(-x));
  const double e = std::exp(x);
  return e / (1.0 + e);
}

template <int N>
Dual<N> logistic(const Dual<N>& x)
{
  const double y = logistic(x.value);
  return chain(x, y, y * logistic(-x.value));
}

/// ln(1 + exp(x)).
inline double softplus(double x)
{
  return std::fmax(x, 0.0) + std::log1p(std::exp(-std::fabs(x)));
}

template <int N>
Dual<N> softplus(const Dual<N>& x)
{
  return chain(x, softplus(x.value), logistic(x.value));
}

/// The Bernoulli function B(x) = x / (exp(x) - 1) and its derivative.
struct Bernoulli
{
  double value;
  double slope;
};

/// B and B' to 4e-15. Below |x| = 0.25 the Taylor series is used: x/expm1(x) itself is accurate
/// there but its derivative 1/E - (x/E)(1 + 1/E), E = expm1(x), cancels.
inline Bernoulli bernoulli_with_slope(double x)
{
  if (std::fabs(x) < 0.25)
  {
    const double s = x * x;
    const double even =
        s * (1.0 / 12.0 + s * (-1.0 / 720.0 + s * (1.0 / 30240.0 + s * (-1.0 / 1209600.0 +
                                                                        s * (1.0 / 47900160.0)))));
    const double odd =
        x * (1.0 / 6.0 +
             s * (-1.0 / 180.0 + s * (1.0 / 5040.0 + s * (-1.0 / 151200.0 + s / 4790016.0))));
    return {1.0 - 0.5 * x + even, -0.5 + odd};
  }
  // B(-x) = B(x) + x, so only positive arguments are evaluated: the slope does not cancel there.
  const double size = std::fabs(x);
  double b = 0.0, slope = 0.0; // exp(x) overflows beyond 700; B < 1e-301
  if (size < 700.0)
  {
    const double e = std::expm1(size);
    b = size / e;
    slope = (1.0 - b) / e - b;
  }
  if (x > 0.0)
    return {b, slope};
  return {b + size, -1.0 - slope};
}

inline double bernoulli(double x)
{
  return bernoulli_with_slope(x).value;
}

template <int N>
Dual<N> bernoulli(const Dual<N>& x)
{
  const Bernoulli b = bernoulli_with_slope(x.value);
  return chain(x, b.value, b.slope);
}

} // namespace pyscl
