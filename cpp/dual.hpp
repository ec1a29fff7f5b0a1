// Forward-mode automatic differentiation: a value and its gradient in N variables.
#pragma once

#include <array>
#include <cmath>

namespace pyscl
{

template <int N>
struct Dual
{
  double value = 0.0;
  std::array<double, N> grad{};

  Dual() = default;
  // Implicit on purpose: constants mix freely with duals inside the kernels.
  Dual(double v) : value(v) {}

  /// The independent variable number `index`.
  static Dual variable(double v, int index)
  {
    Dual x(v);
    x.grad[index] = 1.0;
    return x;
  }

  Dual& operator+=(const Dual& b)
  {
    value += b.value;
    for (int i = 0; i < N; ++i)
      grad[i] += b.grad[i];
    return *this;
  }
};

/// f(a) from the value f and the derivative df of the outer function at a.
template <int N>
Dual<N> chain(const Dual<N>& a, double f, double df)
{
  Dual<N> r(f);
  for (int i = 0; i < N; ++i)
    r.grad[i] = df * a.grad[i];
  return r;
}

/// f(a, b) from its value and its two partial derivatives.
template <int N>
Dual<N> chain(const Dual<N>& a, const Dual<N>& b, double f, double df_da, double df_db)
{
  Dual<N> r(f);
  for (int i = 0; i < N; ++i)
    r.grad[i] = df_da * a.grad[i] + df_db * b.grad[i];
  return r;
}

template <int N>
Dual<N> operator+(const Dual<N>& a, const Dual<N>& b)
{
  return chain(a, b, a.value + b.value, 1.0, 1.0);
}

template <int N>
Dual<N> operator-(const Dual<N>& a, const Dual<N>& b)
{
  return chain(a, b, a.value - b.value, 1.0, -1.0);
}

template <int N>
Dual<N> operator-(const Dual<N>& a)
{
  return chain(a, -a.value, -1.0);
}

template <int N>
Dual<N> operator*(const Dual<N>& a, const Dual<N>& b)
{
  return chain(a, b, a.value * b.value, b.value, a.value);
}

template <int N>
Dual<N> operator/(const Dual<N>& a, const Dual<N>& b)
{
  const double q = a.value / b.value;
  return chain(a, b, q, 1.0 / b.value, -q / b.value);
}

template <int N>
Dual<N> operator+(const Dual<N>& a, double b)
{
  return chain(a, a.value + b, 1.0);
}

template <int N>
Dual<N> operator+(double a, const Dual<N>& b)
{
  return chain(b, a + b.value, 1.0);
}

template <int N>
Dual<N> operator-(const Dual<N>& a, double b)
{
  return chain(a, a.value - b, 1.0);
}

template <int N>
Dual<N> operator-(double a, const Dual<N>& b)
{
  return chain(b, a - b.value, -1.0);
}

template <int N>
Dual<N> operator*(double a, const Dual<N>& b)
{
  return chain(b, a * b.value, a);
}

template <int N>
Dual<N> operator*(const Dual<N>& a, double b)
{
  return b * a;
}

template <int N>
Dual<N> operator/(double a, const Dual<N>& b)
{
  const double q = a / b.value;
  return chain(b, q, -q / b.value);
}

template <int N>
Dual<N> exp(const Dual<N>& a)
{
  const double e = std::exp(a.value);
  return chain(a, e, e);
}

template <int N>
Dual<N> expm1(const Dual<N>& a)
{
  const double e = std::expm1(a.value);
  return chain(a, e, e + 1.0);
}

template <int N>
Dual<N> log(const Dual<N>& a)
{
  return chain(a, std::log(a.value), 1.0 / a.value);
}

inline double value_of(double a)
{
  return a;
}

template <int N>
double value_of(const Dual<N>& a)
{
  return a.value;
}

} // namespace pyscl
