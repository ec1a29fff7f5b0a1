// A complex number that the library takes for a real one, so that its LDL^T forms transposes where
// for complex numbers it would form adjoints: for complex matrices that are symmetric.
#pragma once

#include <Eigen/Core>

#include <cmath>
#include <complex>

namespace pyscl
{

struct Unconjugated
{
  double re = 0.0, im = 0.0;

  Unconjugated() = default;
  Unconjugated(double real) : re(real) {} // NOLINT: converts like the scalars of the library
  explicit Unconjugated(std::complex<double> z) : re(z.real()), im(z.imag()) {}
  explicit operator std::complex<double>() const { return {re, im}; }

  Unconjugated& operator+=(const Unconjugated& b)
  {
    re += b.re, im += b.im;
    return *this;
  }
  Unconjugated& operator-=(const Unconjugated& b)
  {
    re -= b.re, im -= b.im;
    return *this;
  }
  Unconjugated& operator*=(const Unconjugated& b) { return *this = *this * b; }
  Unconjugated& operator/=(const Unconjugated& b) { return *this = *this / b; }

  friend Unconjugated operator+(Unconjugated a, const Unconjugated& b) { return a += b; }
  friend Unconjugated operator-(Unconjugated a, const Unconjugated& b) { return a -= b; }
  friend Unconjugated operator-(const Unconjugated& a) { return {-a.re, -a.im}; }
  friend Unconjugated operator*(const Unconjugated& a, const Unconjugated& b)
  {
    return {a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re};
  }
  friend Unconjugated operator/(const Unconjugated& a, const Unconjugated& b)
  {
    const std::complex<double> quotient = std::complex<double>(a) / std::complex<double>(b);
    return {quotient.real(), quotient.imag()};
  }
  friend bool operator==(const Unconjugated& a, const Unconjugated& b)
  {
    return a.re == b.re && a.im == b.im;
  }
  // The library's LL^T, compiled along and never called, wants an order and a root.
  friend bool operator<=(const Unconjugated& a, const Unconjugated& b) { return a.re <= b.re; }
  friend Unconjugated sqrt(const Unconjugated& a)
  {
    return Unconjugated(std::sqrt(std::complex<double>(a)));
  }

private:
  Unconjugated(double real, double imaginary) : re(real), im(imaginary) {}
};

} // namespace pyscl

template <>
struct Eigen::NumTraits<pyscl::Unconjugated> : Eigen::NumTraits<double>
{
  using Real = pyscl::Unconjugated;
  using NonInteger = pyscl::Unconjugated;
  using Nested = pyscl::Unconjugated;
  enum
  {
    IsComplex = 0,
    IsInteger = 0,
    IsSigned = 1,
    RequireInitialization = 1,
    ReadCost = 2,
    AddCost = 2,
    MulCost = 6
  };
};
