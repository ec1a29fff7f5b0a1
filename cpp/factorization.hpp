// What a linear solver asks of a direct method: factors of matrices with one pattern. The built-in
// multifrontal LU is one; others come from outside as a back end.
#pragma once

#include <Eigen/SparseCore>

#include <complex>
#include <cstdint>
#include <memory>

namespace pyscl
{

/// Scalar is double or std::complex<double>.
template <class Scalar>
class Factorization
{
public:
  using Matrix = Eigen::SparseMatrix<Scalar>;
  using Column = Eigen::Matrix<Scalar, Eigen::Dynamic, 1>;

  virtual ~Factorization() = default;

  /// Numerical factorisation of a matrix with the pattern of the analysis. False if it is singular.
  virtual bool factorize(const Matrix& matrix) = 0;
  virtual Column solve(const Column& right_hand_side) const = 0;
  /// Entries of the factors.
  virtual std::int64_t fill() const = 0;
};

/// Analyses patterns, which come with rows and columns in a good order of elimination.
class BackEnd
{
public:
  template <class Scalar>
  using Factors = std::unique_ptr<Factorization<Scalar>>;

  virtual ~BackEnd() = default;

  virtual Factors<double> analyse(const Eigen::SparseMatrix<double>& pattern) const = 0;
  virtual Factors<std::complex<double>>
  analyse(const Eigen::SparseMatrix<std::complex<double>>& pattern) const = 0;
};

} // namespace pyscl
