#include "linear_solver.hpp"

#include "unconjugated.hpp"

#include <Eigen/SparseCholesky>
#include <Eigen/SparseLU>

#include <algorithm>
#include <stdexcept>

namespace pyscl
{

template <class Scalar>
class LinearSolver<Scalar>::Factors
{
public:
  virtual ~Factors() = default;
  virtual bool factorize(const Matrix& matrix) = 0;
  virtual Column solve(const Column& b) = 0;
  virtual std::int64_t fill() const = 0;
};

template <class Scalar>
class LinearSolver<Scalar>::SymmetricFactors final : public Factors
{
public:
  explicit SymmetricFactors(const Matrix& pattern) { _ldlt.analyzePattern(own(pattern)); }
  bool factorize(const Matrix& matrix) override
  {
    _ldlt.factorize(own(matrix));
    if (_ldlt.info() != Eigen::Success)
      return false;
    if constexpr (std::is_same_v<Scalar, double>)
      return _ldlt.vectorD().minCoeff() > 0.0;
    return true;
  }
  Column solve(const Column& b) override
  {
    if constexpr (std::is_same_v<Scalar, double>)
      return _ldlt.solve(b);
    else
    {
      const auto to = [](Scalar z) { return Own(z); };
      const auto from = [](Own z) { return Scalar(z); };
      const Eigen::Matrix<Own, Eigen::Dynamic, 1> right = b.unaryExpr(to);
      const Eigen::Matrix<Own, Eigen::Dynamic, 1> x = _ldlt.solve(right);
      return x.unaryExpr(from);
    }
  }
  std::int64_t fill() const override { return _ldlt.matrixL().nestedExpression().nonZeros(); }

private:
  using Own = std::conditional_t<std::is_same_v<Scalar, double>, double, Unconjugated>;
  using OwnMatrix = Eigen::SparseMatrix<Own>;

  /// The matrix in numbers that the library does not conjugate.
  static decltype(auto) own(const Matrix& matrix)
  {
    if constexpr (std::is_same_v<Scalar, double>)
      return (matrix);
    else
    {
      OwnMatrix copy(matrix.rows(), matrix.cols());
      copy.resizeNonZeros(matrix.nonZeros());
      std::copy_n(matrix.outerIndexPtr(), matrix.cols() + 1, copy.outerIndexPtr());
      std::copy_n(matrix.innerIndexPtr(), matrix.nonZeros(), copy.innerIndexPtr());
      std::transform(matrix.valuePtr(), matrix.valuePtr() + matrix.nonZeros(), copy.valuePtr(),
                     [](Scalar z) { return Own(z); });
      return copy;
    }
  }

  Eigen::SimplicialLDLT<OwnMatrix, Eigen::Lower, Eigen::NaturalOrdering<int>> _ldlt;
};

template <class Scalar>
class LinearSolver<Scalar>::GeneralFactors final : public Factors
{
public:
  explicit GeneralFactors(const Matrix& pattern)
  {
    _lu.isSymmetric(true);
    // Diagonal pivots keep the fill of the given order; a tiny one is still exchanged.
    _lu.setPivotThreshold(1e-3);
    _lu.analyzePattern(pattern);
  }
  bool factorize(const Matrix& matrix) override
  {
    _lu.factorize(matrix);
    return _lu.info() == Eigen::Success;
  }
  Column solve(const Column& b) override { return _lu.solve(b); }
  std::int64_t fill() const override { return _lu.nnzL() + _lu.nnzU(); }

private:
  Eigen::SparseLU<Matrix, Eigen::NaturalOrdering<int>> _lu;
};

template <class Scalar>
LinearSolver<Scalar>::LinearSolver(MatrixKind kind, const Matrix& pattern,
                                   std::vector<std::int32_t> order)
    : _kind(kind), _order(std::move(order))
{
  const auto n = static_cast<std::int32_t>(pattern.cols());
  std::vector<std::int32_t> position(n, -1);
  if (static_cast<std::int32_t>(_order.size()) != n)
    throw std::invalid_argument("elimination order has the wrong length");
  for (std::int32_t k = 0; k < n; ++k)
  {
    if (_order[k] < 0 || _order[k] >= n || position[_order[k]] >= 0)
      throw std::invalid_argument("elimination order is not a permutation");
    position[_order[k]] = k;
  }

  _permuted.resize(n, n);
  _permuted.resizeNonZeros(pattern.nonZeros());
  _source.reserve(pattern.nonZeros());
  std::vector<std::pair<std::int32_t, std::int32_t>> column; // (permuted row, source)
  for (std::int32_t k = 0; k < n; ++k)
  {
    column.clear();
    for (auto s = pattern.outerIndexPtr()[_order[k]]; s < pattern.outerIndexPtr()[_order[k] + 1];
         ++s)
      column.emplace_back(position[pattern.innerIndexPtr()[s]], s);
    std::sort(column.begin(), column.end());
    _permuted.outerIndexPtr()[k] = static_cast<std::int32_t>(_source.size());
    for (const auto& [row, source] : column)
    {
      _permuted.innerIndexPtr()[_source.size()] = row;
      _permuted.valuePtr()[_source.size()] = 1.0;
      _source.push_back(source);
    }
  }
  _permuted.outerIndexPtr()[n] = static_cast<std::int32_t>(_source.size());

  if (kind == MatrixKind::symmetric)
    _factors = std::make_unique<SymmetricFactors>(_permuted);
  else
    _factors = std::make_unique<GeneralFactors>(_permuted);
}

template <class Scalar>
LinearSolver<Scalar>::~LinearSolver() = default;

/// Scales rows, then columns, to maximum 1 (symmetric: diagonal to 1). Rows of depleted regions
/// are smaller by many tens of decades and would spoil the pivoting.
template <class Scalar>
void LinearSolver<Scalar>::equilibrate(const Matrix& matrix)
{
  const auto n = matrix.cols();
  if (_kind == MatrixKind::symmetric)
  {
    _row_scale = matrix.diagonal().cwiseAbs().cwiseSqrt().cwiseInverse();
    _column_scale = _row_scale;
    return;
  }
  Vector row_max = Vector::Zero(n);
  for (Eigen::Index j = 0; j < n; ++j)
    for (typename Matrix::InnerIterator it(matrix, j); it; ++it)
      row_max[it.row()] = std::max(row_max[it.row()], std::abs(it.value()));
  _row_scale = row_max.cwiseInverse();
  _column_scale.resize(n);
  for (Eigen::Index j = 0; j < n; ++j)
  {
    double largest = 0.0;
    for (typename Matrix::InnerIterator it(matrix, j); it; ++it)
      largest = std::max(largest, std::abs(it.value()) * _row_scale[it.row()]);
    _column_scale[j] = 1.0 / largest;
  }
}

template <class Scalar>
bool LinearSolver<Scalar>::factorize(const Matrix& matrix)
{
  equilibrate(matrix);
  if (!_row_scale.allFinite() || !_column_scale.allFinite())
    return false;
  for (Eigen::Index k = 0; k < _permuted.cols(); ++k)
  {
    const double scale = _column_scale[_order[k]];
    for (auto s = _permuted.outerIndexPtr()[k]; s < _permuted.outerIndexPtr()[k + 1]; ++s)
      _permuted.valuePtr()[s] =
          matrix.valuePtr()[_source[s]] * scale * _row_scale[_order[_permuted.innerIndexPtr()[s]]];
  }
  return _factors->factorize(_permuted);
}

template <class Scalar>
auto LinearSolver<Scalar>::solve(const Column& right_hand_side) -> Column
{
  const auto n = static_cast<std::int32_t>(_order.size());
  Column b(n);
  for (std::int32_t k = 0; k < n; ++k)
    b[k] = right_hand_side[_order[k]] * _row_scale[_order[k]];
  Column x = _factors->solve(b);
  x += _factors->solve(b - _permuted * x);
  Column solution(n);
  for (std::int32_t k = 0; k < n; ++k)
    solution[_order[k]] = x[k] * _column_scale[_order[k]];
  return solution;
}

template <class Scalar>
std::int64_t LinearSolver<Scalar>::fill() const
{
  return _factors->fill();
}

template class LinearSolver<double>;
template class LinearSolver<std::complex<double>>;

} // namespace pyscl
