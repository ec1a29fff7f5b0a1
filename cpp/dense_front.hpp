// The dense part of a multifrontal LU: the pivots of a front are eliminated.
#pragma once

#include <complex>
#include <cstddef>
#include <cstdint>

namespace pyscl
{

/// A front in column-major parts. The rows of every part lie `padding` apart or a multiple of it,
/// and the rows that this adds are zero.
template <class Scalar>
struct DenseFront
{
  std::int32_t pivots, rest;
  Scalar* block;  ///< (pivots, pivots); then L without its unit diagonal, and U
  Scalar* below;  ///< (rest, pivots); then L below the block
  Scalar* beside; ///< (rest, pivots), transposed: the rows of the pivots; then U beside the block
  Scalar* update; ///< (rest, rest): what the elimination leaves to the parent

  static constexpr std::int32_t padding = 8;
  static std::int32_t padded(std::int32_t rows) { return (rows + padding - 1) / padding * padding; }
  std::int32_t block_stride() const { return padded(pivots); }
  std::int32_t rest_stride() const { return padded(rest); }
  /// Of the three parts that become factors, one after the other.
  std::size_t factor_size() const
  {
    return static_cast<std::size_t>(pivots) * (block_stride() + 2 * rest_stride());
  }
};

/// Eliminates the pivots, with rows exchanged within the block; `exchanges` gets the row that was
/// swapped with each. Large fronts share the work between threads, with the same result for any
/// number. False if a pivot is zero or not finite.
template <class Scalar>
bool eliminate(const DenseFront<Scalar>& front, std::int32_t* exchanges, int threads);

extern template bool eliminate(const DenseFront<double>&, std::int32_t*, int);
extern template bool eliminate(const DenseFront<std::complex<double>>&, std::int32_t*, int);

} // namespace pyscl
