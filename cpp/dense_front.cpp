#include "dense_front.hpp"

#include "threads.hpp"

#include <Eigen/Core>

#include <algorithm>

namespace pyscl
{
namespace
{

using Index = std::int32_t;
constexpr Index panel_width = 32;

template <class Scalar>
using Dense = Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic>;
template <class Scalar>
using View = Eigen::Map<Dense<Scalar>, 0, Eigen::OuterStride<>>;
template <class Scalar>
using Packet = typename Eigen::internal::packet_traits<Scalar>::type;
template <class Scalar>
constexpr Index lanes = Eigen::internal::unpacket_traits<Packet<Scalar>>::size;

using Eigen::internal::ploadu;
using Eigen::internal::pmadd;
using Eigen::internal::pmul;
using Eigen::internal::pset1;
using Eigen::internal::pstoreu;
using Eigen::internal::psub;

/// Packets of four columns that are summed up at once: as many as the registers hold, besides those
/// for the factors; one where the processor has few or Eigen knows no packets.
constexpr int packets_of_product =
    std::max(1, static_cast<int>(EIGEN_ARCH_DEFAULT_NUMBER_OF_REGISTERS) / 4 - 2);

/// Calls body(packets, row) for chunks of at most `Most` packets of rows.
template <class Scalar, int Most, class Body>
void for_chunks(Index rows, Body body)
{
  static_assert(Most >= 1);
  static_assert(DenseFront<Scalar>::padding % lanes<Scalar> == 0, "rows come in whole packets");
  Index row = 0;
  for (; rows - row >= Most * lanes<Scalar>; row += Most * lanes<Scalar>)
    body(std::integral_constant<int, Most>(), row);
  if constexpr (Most > 1)
    if (row < rows)
      for_chunks<Scalar, Most - 1>(rows - row,
                                   [&](auto packets, Index r) { body(packets, row + r); });
}

/// LU of the columns [begin, end) from row `begin` on, in place, one pivot after the other.
template <class Scalar>
void factorize_panel(View<Scalar>& a, Index begin, Index end, Index* exchanges, Scalar* column)
{
  const auto n = static_cast<Index>(a.cols()), rows = static_cast<Index>(a.rows());
  const auto stride = static_cast<std::ptrdiff_t>(a.outerStride());
  for (Index k = begin; k < end; ++k)
  {
    // The first of the largest. The magnitudes are kept, as computing them again need not give the
    // same digits; the column, which comes later, has room for them.
    Eigen::Map<Eigen::VectorXd> magnitudes(reinterpret_cast<double*>(column), n - k);
    magnitudes = a.col(k).segment(k, n - k).cwiseAbs();
    const double largest = magnitudes.maxCoeff();
    Index pivot = k;
    while (pivot + 1 < n && magnitudes[pivot - k] < largest)
      ++pivot;
    exchanges[k] = pivot;
    if (pivot != k)
      a.row(k).swap(a.row(pivot));
    a.col(k).segment(k + 1, n - k - 1) *= Scalar(1) / a(k, k);
    // Whole packets of rows: the column is zero where nothing changes.
    const Index first = (k + 1) / lanes<Scalar> * lanes<Scalar>;
    std::copy(&a(k, k) + 1, &a(k, k) + (rows - k), column + k + 1);
    std::fill(column + first, column + k + 1, Scalar(0));
    for_chunks<Scalar, 4>(
        rows - first,
        [&, end](auto packets, Index row)
        {
          Packet<Scalar> x[packets];
          for (int p = 0; p < packets; ++p)
            x[p] = ploadu<Packet<Scalar>>(column + first + row + p * lanes<Scalar>);
          Scalar* beside = &a(0, k) + stride;
          for (Index j = k + 1; j < end; ++j, beside += stride)
          {
            const auto factor = pset1<Packet<Scalar>>(-beside[k]);
            Scalar* target = beside + first + row;
            for (int p = 0; p < packets; ++p, target += lanes<Scalar>)
              pstoreu(target, pmadd(x[p], factor, ploadu<Packet<Scalar>>(target)));
          }
        });
  }
}

/// LU of a square block in place, with rows exchanged within it.
template <class Scalar>
void factorize_block(View<Scalar>& a, Index* exchanges)
{
  const auto n = static_cast<Index>(a.cols());
  Eigen::Matrix<Scalar, Eigen::Dynamic, 1> column(a.rows());
  for (Index begin = 0; begin < n; begin += panel_width)
  {
    const Index width = std::min(panel_width, n - begin), end = begin + width, rest = n - end;
    factorize_panel<Scalar>(a, begin, end, exchanges, column.data());
    if (rest == 0)
      break;
    Dense<Scalar> inverse = Dense<Scalar>::Identity(width, width);
    a.block(begin, begin, width, width)
        .template triangularView<Eigen::UnitLower>()
        .solveInPlace(inverse);
    auto beside = a.block(begin, end, width, rest);
    beside = inverse * beside;
    a.block(end, end, rest, rest).noalias() -= a.block(end, begin, rest, width) * beside;
  }
}

/// Columns of x, divided by an upper triangle whose coefficients are given column by column: the
/// negative ones above the diagonal, the inverse on it.
template <class Scalar>
void divide_panel(Scalar* x, std::ptrdiff_t stride, Index rows, Index columns,
                  const Scalar* coefficients)
{
  for_chunks<Scalar, 6>(rows,
                        [=](auto packets, Index row)
                        {
                          const Scalar* coefficient = coefficients;
                          for (Index j = 0; j < columns; ++j)
                          {
                            Packet<Scalar> sum[packets];
                            Scalar* target = x + row + j * stride;
                            for (int p = 0; p < packets; ++p)
                              sum[p] = ploadu<Packet<Scalar>>(target + p * lanes<Scalar>);
                            const Scalar* known = x + row;
                            for (Index i = 0; i < j; ++i, known += stride)
                            {
                              const auto factor = pset1<Packet<Scalar>>(*coefficient++);
                              for (int p = 0; p < packets; ++p)
                                sum[p] = pmadd(ploadu<Packet<Scalar>>(known + p * lanes<Scalar>),
                                               factor, sum[p]);
                            }
                            const auto factor = pset1<Packet<Scalar>>(*coefficient++);
                            for (int p = 0; p < packets; ++p)
                              pstoreu(target + p * lanes<Scalar>, pmul(sum[p], factor));
                          }
                        });
}

/// x = x / t for an upper triangle t, whose diagonal is taken as 1 if `unit`.
template <class Scalar, class Triangle>
void divide(View<Scalar> x, const Triangle& t, bool unit)
{
  const auto n = static_cast<Index>(x.cols());
  Scalar coefficients[panel_width * (panel_width + 1) / 2];
  for (Index begin = 0; begin < n; begin += panel_width)
  {
    const Index width = std::min(panel_width, n - begin);
    if (begin > 0)
      x.middleCols(begin, width).noalias() -= x.leftCols(begin) * t.block(0, begin, begin, width);
    Scalar* next = coefficients;
    for (Index j = begin; j < begin + width; ++j)
    {
      for (Index i = begin; i < j; ++i)
        *next++ = -t.coeff(i, j);
      *next++ = unit ? Scalar(1) : Scalar(1) / t.coeff(j, j);
    }
    divide_panel<Scalar>(&x(0, begin), x.outerStride(), static_cast<Index>(x.rows()), width,
                         coefficients);
  }
}

/// update -= below beside^T in some columns.
template <class Scalar>
void subtract_product(const DenseFront<Scalar>& front, Index first_column, Index columns)
{
  const std::ptrdiff_t stride = front.rest_stride();
  const auto of_columns = [&](auto width, auto packets, Index row, Index column)
  {
    Packet<Scalar> sum[width][packets];
    for (int c = 0; c < width; ++c)
      for (int p = 0; p < packets; ++p)
        sum[c][p] = pset1<Packet<Scalar>>(Scalar(0));
    const Scalar *x = front.below + row, *y = front.beside + column;
    for (Index k = 0; k < front.pivots; ++k, x += stride, y += stride)
      for (int p = 0; p < packets; ++p)
      {
        const auto part = ploadu<Packet<Scalar>>(x + p * lanes<Scalar>);
        for (int c = 0; c < width; ++c)
          sum[c][p] = pmadd(part, pset1<Packet<Scalar>>(y[c]), sum[c][p]);
      }
    Scalar* target = front.update + row + column * stride;
    for (int c = 0; c < width; ++c, target += stride)
      for (int p = 0; p < packets; ++p)
        pstoreu(target + p * lanes<Scalar>,
                psub(ploadu<Packet<Scalar>>(target + p * lanes<Scalar>), sum[c][p]));
  };
  for_chunks<Scalar, packets_of_product>(
      front.rest_stride(),
      [&](auto packets, Index row)
      {
        Index column = first_column;
        for (; column + 4 <= first_column + columns; column += 4)
          of_columns(std::integral_constant<int, 4>(), packets, row, column);
        for (; column < first_column + columns; ++column)
          of_columns(std::integral_constant<int, 1>(), packets, row, column);
      });
}

/// Calls body(begin, length) for parts of fixed length, in the threads.
template <class Body>
void in_parts(Index length, Index part, int threads, Body body)
{
  const auto one = [&](int item, int) { body(item * part, std::min(part, length - item * part)); };
  const Index count = (length + part - 1) / part;
  if (threads > 1 && count > 1)
    parallel_for(threads, count, one);
  else
    for (Index item = 0; item < count; ++item)
      one(item, 0);
}

} // namespace

template <class Scalar>
bool eliminate(const DenseFront<Scalar>& front, Index* exchanges, int threads)
{
  const Index pivots = front.pivots, rest = front.rest;
  View<Scalar> block(front.block, front.block_stride(), pivots, {front.block_stride()});
  factorize_block<Scalar>(block, exchanges);
  if (!(block.diagonal().cwiseAbs().minCoeff() > 0.0) || !block.allFinite())
    return false;
  if (rest == 0)
    return true;
  const Index stride = front.rest_stride();
  View<Scalar> beside(front.beside, stride, pivots, {stride});
  for (Index k = 0; k < pivots; ++k)
    if (exchanges[k] != k)
      beside.col(k).swap(beside.col(exchanges[k]));
  const auto square = block.topRows(pivots);
  in_parts(stride, 256, threads,
           [&](Index begin, Index rows)
           {
             const auto part = [&](Scalar* x)
             { return View<Scalar>(x + begin, rows, pivots, {stride}); };
             divide<Scalar>(part(front.below), square, false);
             divide<Scalar>(part(front.beside), square.transpose(), true);
           });
  in_parts(rest, 128, threads,
           [&](Index begin, Index columns) { subtract_product(front, begin, columns); });
  return true;
}

template bool eliminate(const DenseFront<double>&, Index*, int);
template bool eliminate(const DenseFront<std::complex<double>>&, Index*, int);

} // namespace pyscl
