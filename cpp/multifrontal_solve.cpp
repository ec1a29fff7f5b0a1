#include "multifrontal.hpp"

#include <complex>
#include <utility>

namespace pyscl
{

template <class Scalar>
auto MultifrontalLU<Scalar>::solve(const Column& right_hand_side) const -> Column
{
  using Dense = Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic>;
  using Part = Eigen::Map<const Dense>;
  const Supernodes& s = _supernodes;
  const auto n = static_cast<Index>(s.number.size());
  Column x(n), carried(_largest_rest);
  for (Index k = 0; k < n; ++k)
    x[s.number[k]] = right_hand_side[k];

  for (Index k = 0; k < s.count(); ++k)
  {
    const auto rest = s.rest(k);
    const Index pivots = s.pivots(k), first = s.begins[k], size = static_cast<Index>(rest.size());
    const Scalar* factor = _factors.data() + _factor_begins[k];
    const Part block(factor, pivots, pivots);
    const Part below(factor + block.size(), size, pivots);
    auto own = x.segment(first, pivots);
    for (Index i = 0; i < pivots; ++i)
      std::swap(own[i], own[_pivot_rows[first + i]]);
    for (Index i = 0; i < pivots; ++i)
      own.tail(pivots - i - 1) -= own[i] * block.col(i).tail(pivots - i - 1);
    auto part = carried.head(size);
    part.noalias() = below * own;
    for (Index i = 0; i < size; ++i)
      x[rest[i]] -= part[i];
  }
  for (Index k = s.count() - 1; k >= 0; --k)
  {
    const auto rest = s.rest(k);
    const Index pivots = s.pivots(k), first = s.begins[k], size = static_cast<Index>(rest.size());
    const Scalar* factor = _factors.data() + _factor_begins[k];
    const Part block(factor, pivots, pivots);
    const Part beside(factor + block.size() + static_cast<std::ptrdiff_t>(size) * pivots, size,
                      pivots);
    auto part = carried.head(size);
    for (Index i = 0; i < size; ++i)
      part[i] = x[rest[i]];
    auto own = x.segment(first, pivots);
    own.noalias() -= beside.transpose() * part;
    for (Index i = pivots - 1; i >= 0; --i)
    {
      own[i] /= block(i, i);
      own.head(i) -= own[i] * block.col(i).head(i);
    }
  }
  Column solution(n);
  for (Index k = 0; k < n; ++k)
    solution[k] = x[s.number[k]];
  return solution;
}

template class MultifrontalLU<double>;
template class MultifrontalLU<std::complex<double>>;

} // namespace pyscl
