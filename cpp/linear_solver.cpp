#include "linear_solver.hpp"

#include <Eigen/SparseCholesky>
#include <Eigen/SparseLU>

#include <algorithm>
#include <stdexcept>

namespace pyscl
{

class LinearSolver::Factors
{
public:
  virtual ~Factors() = default;
  virtual bool factorize(const SparseMatrix& matrix) = 0;
  virtual Vector solve(const Vector& b) = 0;
  virtual std::int64_t fill() const = 0;
};

class LinearSolver::SymmetricFactors final : public Factors
{
public:
  explicit SymmetricFactors(const SparseMatrix& pattern) { _ldlt.analyzePattern(pattern); }
  bool factorize(const SparseMatrix& matrix) override
  {
    _ldlt.factorize(matrix);
    return _ldlt.info() == Eigen::Success && _ldlt.vectorD().minCoeff() > 0.0;
  }
  Vector solve(const Vector& b) override { return _ldlt.solve(b); }
  std::int64_t fill() const override { return _ldlt.matrixL().nestedExpression().nonZeros(); }

private:
  Eigen::SimplicialLDLT<SparseMatrix, Eigen::Lower, Eigen::NaturalOrdering<int>> _ldlt;
};

class LinearSolver::GeneralFactors final : public Factors
{
public:
  explicit GeneralFactors(const SparseMatrix& pattern)
  {
    _lu.isSymmetric(true);
    // Diagonal pivots keep the fill of the given order; a tiny one is still exchanged.
    _lu.setPivotThreshold(1e-3);
    _lu.analyzePattern(pattern);
  }
  bool factorize(const SparseMatrix& matrix) override
  {
    _lu.factorize(matrix);
    return _lu.info() == Eigen::Success;
  }
  Vector solve(const Vector& b) override { return _lu.solve(b); }
  std::int64_t fill() const override { return _lu.nnzL() + _lu.nnzU(); }

private:
  Eigen::SparseLU<SparseMatrix, Eigen::NaturalOrdering<int>> _lu;
};

LinearSolver::LinearSolver(Kind kind, const SparseMatrix& pattern, std::vector<std::int32_t> order)
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

  if (kind == Kind::symmetric)
    _factors = std::make_unique<SymmetricFactors>(_permuted);
  else
    _factors = std::make_unique<GeneralFactors>(_permuted);
}

LinearSolver::~LinearSolver() = default;

/// Scales rows, then columns, to maximum 1 (symmetric: diagonal to 1). Rows of depleted regions
/// are smaller by many tens of decades and would spoil the pivoting.
void LinearSolver::equilibrate(const SparseMatrix& matrix)
{
  const auto n = matrix.cols();
  if (_kind == Kind::symmetric)
  {
    _row_scale = matrix.diagonal().cwiseAbs().cwiseSqrt().cwiseInverse();
    _column_scale = _row_scale;
    return;
  }
  Vector row_max = Vector::Zero(n);
  for (Eigen::Index j = 0; j < n; ++j)
    for (SparseMatrix::InnerIterator it(matrix, j); it; ++it)
      row_max[it.row()] = std::max(row_max[it.row()], std::fabs(it.value()));
  _row_scale = row_max.cwiseInverse();
  _column_scale.resize(n);
  for (Eigen::Index j = 0; j < n; ++j)
  {
    double largest = 0.0;
    for (SparseMatrix::InnerIterator it(matrix, j); it; ++it)
      largest = std::max(largest, std::fabs(it.value()) * _row_scale[it.row()]);
    _column_scale[j] = 1.0 / largest;
  }
}

bool LinearSolver::factorize(const SparseMatrix& matrix)
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

Vector LinearSolver::solve(const Vector& right_hand_side)
{
  const auto n = static_cast<std::int32_t>(_order.size());
  Vector b(n);
  for (std::int32_t k = 0; k < n; ++k)
    b[k] = right_hand_side[_order[k]] * _row_scale[_order[k]];
  Vector x = _factors->solve(b);
  x += _factors->solve(b - _permuted * x);
  Vector solution(n);
  for (std::int32_t k = 0; k < n; ++k)
    solution[_order[k]] = x[k] * _column_scale[_order[k]];
  return solution;
}

std::int64_t LinearSolver::fill() const
{
  return _factors->fill();
}

} // namespace pyscl
