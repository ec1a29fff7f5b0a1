#include "multifrontal.hpp"

#include <algorithm>
#include <complex>
#include <cstddef>
#include <utility>

namespace pyscl
{

namespace
{

/// Asks for the factors of the next front while the present one is in work: the many small ones
/// are over before the memory has noticed in which direction they are read.
template <class Scalar>
void fetch(const Scalar* begin, std::size_t size)
{
#if defined(__GNUC__)
  constexpr std::size_t line = 64 / sizeof(Scalar), most = 65536 / sizeof(Scalar);
  for (std::size_t k = 0; k < std::min(size, most); k += line)
    __builtin_prefetch(begin + k);
#endif
}

} // namespace

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
    if (k + 1 < s.count())
      fetch(_factors.data() + _factor_begins[k + 1],
            s.pivots(k + 1) * (s.pivots(k + 1) + s.rest(k + 1).size()));
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
    if (k > 0)
      fetch(_factors.data() + _factor_begins[k - 1], _factor_begins[k] - _factor_begins[k - 1]);
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
