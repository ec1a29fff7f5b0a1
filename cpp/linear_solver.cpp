#include "linear_solver.hpp"

#include <algorithm>
#include <limits>
#include <stdexcept>

namespace pyscl
{

template <class Scalar>
LinearSolver<Scalar>::LinearSolver(const Matrix& pattern, std::vector<std::int32_t> order,
                                   const BackEnd* back_end)
    : _order(std::move(order))
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
  _solved_by = back_end ? SolvedBy::back_end : SolvedBy::multifrontal;
  if (back_end)
    _back_end = back_end->analyse(_permuted);
  else
    _multifrontal = std::make_unique<MultifrontalLU<Scalar>>(_permuted);
}

template <class Scalar>
void LinearSolver<Scalar>::use_threads(int most)
{
  if (most < 1)
    throw std::invalid_argument("a linear solver needs at least one thread");
  _threads = most;
}

/// Scales rows, then columns, to maximum 1. Rows of depleted regions are smaller by many tens of
/// decades and would spoil the pivoting. False for empty rows or columns, or values that are not
/// finite.
template <class Scalar>
bool LinearSolver<Scalar>::equilibrate(const Matrix& matrix)
{
  // By itself, as std::max passes over what is not a number.
  if (!Eigen::Map<const Column>(matrix.valuePtr(), matrix.nonZeros()).allFinite())
    return false;
  const auto n = matrix.cols();
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
  return _row_scale.allFinite() && _column_scale.allFinite();
}

template <class Scalar>
bool LinearSolver<Scalar>::factorize(const Matrix& matrix)
{
  if (matrix.rows() != _permuted.rows() || matrix.cols() != _permuted.cols() ||
      !matrix.isCompressed() || matrix.nonZeros() != _permuted.nonZeros())
    throw std::invalid_argument("the matrix to factorise needs the pattern that was analysed, with "
                                "one value per entry");
  _refines = true;
  _pivoted = nullptr;
  _solved_by = _back_end ? SolvedBy::back_end : SolvedBy::multifrontal;
  if (!equilibrate(matrix))
    return false;
  for (Eigen::Index k = 0; k < _permuted.cols(); ++k)
  {
    const double scale = _column_scale[_order[k]];
    for (auto s = _permuted.outerIndexPtr()[k]; s < _permuted.outerIndexPtr()[k + 1]; ++s)
      _permuted.valuePtr()[s] =
          matrix.valuePtr()[_source[s]] * scale * _row_scale[_order[_permuted.innerIndexPtr()[s]]];
  }
  return (_back_end && _back_end->factorize(_permuted)) || pivot_within_supernodes() ||
         pivot_freely();
}

template <class Scalar>
bool LinearSolver<Scalar>::pivot_within_supernodes()
{
  if (!_multifrontal)
    _multifrontal = std::make_unique<MultifrontalLU<Scalar>>(_permuted);
  _multifrontal->use_threads(_threads);
  if (!_multifrontal->factorize(_permuted))
    return false;
  _solved_by = SolvedBy::multifrontal;
  return true;
}

/// Factorises with pivots from the whole column, which costs more time and fill.
template <class Scalar>
bool LinearSolver<Scalar>::pivot_freely()
{
  _pivoted = std::make_unique<PivotedLU>();
  _pivoted->isSymmetric(true);
  // Diagonal pivots keep the fill of the given order; a tiny one is still exchanged.
  _pivoted->setPivotThreshold(1e-3);
  _pivoted->compute(_permuted);
  if (_pivoted->info() != Eigen::Success)
    return false;
  _solved_by = SolvedBy::free_pivots;
  return true;
}

template <class Scalar>
auto LinearSolver<Scalar>::solve(const Column& right_hand_side, Refinement refinement) -> Column
{
  const auto n = static_cast<std::int32_t>(_order.size());
  Column b(n);
  for (std::int32_t k = 0; k < n; ++k)
    b[k] = right_hand_side[_order[k]] * _row_scale[_order[k]];
  Column x;
  constexpr double acceptable = 1e-11, useless = 1e-6;
  double error = find_solution(b, refinement, x);
  if (!(error <= acceptable) && _solved_by == SolvedBy::back_end && pivot_within_supernodes())
    error = find_solution(b, refinement, x);
  if (!(error <= acceptable) && !_pivoted && pivot_freely())
    error = find_solution(b, refinement, x);
  if (!(error <= useless))
    return Column::Constant(n, std::numeric_limits<double>::quiet_NaN());
  Column solution(n);
  for (std::int32_t k = 0; k < n; ++k)
    solution[_order[k]] = x[k] * _column_scale[_order[k]];
  return solution;
}

/// Solves the scaled equations; returns the backward error: the change of the matrix and of b,
/// relative to their size 1 and |b|, with which x would be exact.
template <class Scalar>
double LinearSolver<Scalar>::find_solution(const Column& b, Refinement refinement, Column& x)
{
  const auto solve = [this](const Column& right) -> Column
  {
    switch (_solved_by)
    {
    case SolvedBy::back_end:
      return _back_end->solve(right);
    case SolvedBy::multifrontal:
      return _multifrontal->solve(right);
    case SolvedBy::free_pivots:
      break;
    }
    return _pivoted->solve(right);
  };
  const auto size = [](const Column& v)
  { return v.size() ? v.template lpNorm<Eigen::Infinity>() : 0.0; };
  const auto error = [&](const Column& rest)
  {
    if (!rest.allFinite())
      return std::numeric_limits<double>::infinity();
    return rest.isZero(0.0) ? 0.0 : size(rest) / (size(x) + size(b));
  };
  x = solve(b);
  if (refinement == Refinement::as_before && !_refines && x.allFinite())
    return 0.0;
  Column rest = b;
  Vector terms = b.cwiseAbs();
  for (Eigen::Index j = 0; j < _permuted.cols(); ++j)
    for (typename Matrix::InnerIterator it(_permuted, j); it; ++it)
    {
      const Scalar term = it.value() * x[j];
      rest[it.row()] -= term;
      terms[it.row()] += std::abs(term);
    }
  // Every equation by itself: in a weakly coupled part the error of a few may be all there is.
  constexpr double rounding = 1e-13;
  _refines =
      refinement == Refinement::always || !(rest.array().abs() <= rounding * terms.array()).all();
  if (!_refines)
    return error(rest);
  x += solve(rest);
  rest = b - _permuted * x;
  return error(rest);
}

template <class Scalar>
std::int64_t LinearSolver<Scalar>::fill() const
{
  if (_solved_by == SolvedBy::free_pivots)
    return _pivoted->nnzL() + _pivoted->nnzU();
  return _solved_by == SolvedBy::back_end ? _back_end->fill() : _multifrontal->fill();
}

template class LinearSolver<double>;
template class LinearSolver<std::complex<double>>;

} // namespace pyscl
