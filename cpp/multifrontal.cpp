#include "multifrontal.hpp"

#include "supernodes.hpp"

#include <algorithm>
#include <complex>

namespace pyscl
{
namespace
{

/// LU of a square block in place, by panels, with rows exchanged within it; `exchanges` gets the
/// row that was swapped with each. (The library's own binds references to empty blocks.)
template <class Block>
void factorize_block(Block& a, std::int32_t* exchanges)
{
  constexpr Eigen::Index width = 32;
  const Eigen::Index n = a.rows();
  for (Eigen::Index begin = 0; begin < n; begin += width)
  {
    const Eigen::Index columns = std::min(width, n - begin), end = begin + columns;
    for (Eigen::Index k = begin; k < end; ++k)
    {
      Eigen::Index pivot = 0;
      a.col(k).tail(n - k).cwiseAbs().maxCoeff(&pivot);
      pivot += k;
      exchanges[k] = static_cast<std::int32_t>(pivot);
      if (pivot != k)
        a.row(k).swap(a.row(pivot));
      const Eigen::Index below = n - k - 1, right = end - k - 1;
      if (below == 0)
        continue;
      a.col(k).tail(below) /= a(k, k);
      if (right > 0)
        a.block(k + 1, k + 1, below, right).noalias() -=
            a.col(k).tail(below) * a.row(k).segment(k + 1, right);
    }
    const Eigen::Index rest = n - end;
    if (rest == 0)
      continue;
    auto beside = a.block(begin, end, columns, rest);
    a.block(begin, begin, columns, columns)
        .template triangularView<Eigen::UnitLower>()
        .solveInPlace(beside);
    a.block(end, end, rest, rest).noalias() -= a.block(end, begin, rest, columns) * beside;
  }
}

} // namespace

template <class Scalar>
MultifrontalLU<Scalar>::MultifrontalLU(const Matrix& pattern)
{
  number_unknowns(pattern);
  place_entries(pattern);
}

/// Takes over the supernodes of the pattern and numbers the unknowns in their order.
template <class Scalar>
void MultifrontalLU<Scalar>::number_unknowns(const Matrix& pattern)
{
  const std::vector<FrontStructure> fronts = find_supernodes(
      static_cast<Index>(pattern.cols()), pattern.outerIndexPtr(), pattern.innerIndexPtr());
  _number.resize(pattern.cols());
  Index count = 0;
  for (const FrontStructure& front : fronts)
    for (Index unknown : front.pivots)
      _number[unknown] = count++;

  std::size_t factor = 0;
  Index largest = 0;
  std::vector<std::size_t> waiting; // sizes of the updates on the stack
  std::size_t stacked = 0, most_stacked = 0;
  count = 0;
  for (const FrontStructure& front : fronts)
  {
    Supernode& node = _supernodes.emplace_back();
    node.first = count;
    node.pivots = static_cast<Index>(front.pivots.size());
    count += node.pivots;
    node.children = front.children;
    for (Index unknown : front.rest)
      node.rest.push_back(_number[unknown]);
    std::sort(node.rest.begin(), node.rest.end());
    node.factor = factor;
    const auto pivots = static_cast<std::size_t>(node.pivots), rest = node.rest.size();
    factor += pivots * (pivots + 2 * rest);
    largest = std::max(largest, node.size());
    for (std::size_t k = 0; k < node.children.size(); ++k)
    {
      stacked -= waiting.back();
      waiting.pop_back();
    }
    waiting.push_back(rest * rest);
    stacked += rest * rest;
    most_stacked = std::max(most_stacked, stacked);
  }
  _factors.resize(static_cast<Eigen::Index>(factor));
  _front.resize(static_cast<Eigen::Index>(largest) * largest);
  _stack.resize(static_cast<Eigen::Index>(most_stacked));
  _pivot_rows.resize(pattern.cols());
  _local.assign(pattern.cols(), -1);
}

/// Finds the front and the place in it of every value of the matrix.
template <class Scalar>
void MultifrontalLU<Scalar>::place_entries(const Matrix& pattern)
{
  const auto n = static_cast<Index>(pattern.cols());
  std::vector<Index> owner(n);
  for (std::size_t k = 0; k < _supernodes.size(); ++k)
    std::fill_n(owner.begin() + _supernodes[k].first, _supernodes[k].pivots, static_cast<Index>(k));
  std::vector<std::size_t> count(_supernodes.size() + 1, 0);
  const auto each = [&](auto visit)
  {
    for (Index j = 0; j < n; ++j)
      for (Index s = pattern.outerIndexPtr()[j]; s < pattern.outerIndexPtr()[j + 1]; ++s)
      {
        const Index row = _number[pattern.innerIndexPtr()[s]], column = _number[j];
        visit(s, row, column, owner[std::min(row, column)]);
      }
  };
  each([&](Index, Index, Index, Index front) { ++count[front + 1]; });
  for (std::size_t k = 0; k < _supernodes.size(); ++k)
  {
    count[k + 1] += count[k];
    _supernodes[k].entry = count[k];
  }
  _entries.resize(count.back());
  const auto place_in = [](const Supernode& node, Index unknown)
  {
    if (unknown < node.first + node.pivots)
      return unknown - node.first;
    const auto at = std::lower_bound(node.rest.begin(), node.rest.end(), unknown);
    return node.pivots + static_cast<Index>(at - node.rest.begin());
  };
  std::vector<std::size_t> next(count.begin(), count.end() - 1);
  each(
      [&](Index source, Index row, Index column, Index front)
      {
        const Supernode& node = _supernodes[front];
        _entries[next[front]++] = {source,
                                   place_in(node, row) + place_in(node, column) * node.size()};
      });
}

template <class Scalar>
bool MultifrontalLU<Scalar>::factorize(const Matrix& matrix)
{
  _stack_begins.assign(1, 0);
  for (const Supernode& node : _supernodes)
    if (!eliminate(node, matrix))
      return false;
  return true;
}

/// Assembles the front of a supernode, factorises its pivots and leaves the update on the stack.
template <class Scalar>
bool MultifrontalLU<Scalar>::eliminate(const Supernode& node, const Matrix& matrix)
{
  Scalar* memory = _front.data();
  const Index size = node.size(), pivots = node.pivots, rest = size - pivots;
  std::fill_n(memory, static_cast<std::size_t>(size) * size, Scalar(0));
  Eigen::Map<Dense> front(memory, size, size);
  const std::size_t last_entry =
      &node == &_supernodes.back() ? _entries.size() : (&node + 1)->entry;
  for (std::size_t k = node.entry; k < last_entry; ++k)
    memory[_entries[k].place] += matrix.valuePtr()[_entries[k].source];

  for (Index k = 0; k < pivots; ++k)
    _local[node.first + k] = k;
  for (Index k = 0; k < rest; ++k)
    _local[node.rest[k]] = pivots + k;
  std::vector<Index> places;
  for (auto child = node.children.rbegin(); child != node.children.rend(); ++child)
  {
    const std::vector<Index>& its = _supernodes[*child].rest;
    const auto m = static_cast<Index>(its.size());
    places.resize(m);
    for (Index k = 0; k < m; ++k)
      places[k] = _local[its[k]];
    _stack_begins.pop_back();
    const Scalar* update = _stack.data() + _stack_begins.back();
    for (Index column = 0; column < m; ++column)
    {
      Scalar* target = memory + static_cast<std::size_t>(places[column]) * size;
      for (Index row = 0; row < m; ++row)
        target[places[row]] += update[row];
      update += m;
    }
  }

  auto pivot_block = front.topLeftCorner(pivots, pivots);
  Index* exchanges = _pivot_rows.data() + node.first;
  factorize_block(pivot_block, exchanges);
  if (!(pivot_block.diagonal().cwiseAbs().minCoeff() > 0.0) || !pivot_block.allFinite())
    return false;
  auto upper = front.topRightCorner(pivots, rest);
  auto lower = front.bottomLeftCorner(rest, pivots);
  Scalar* factor = _factors.data() + node.factor;
  if (rest > 0)
  {
    for (Index k = 0; k < pivots; ++k)
      if (exchanges[k] != k)
        upper.row(k).swap(upper.row(exchanges[k]));
    pivot_block.template triangularView<Eigen::UnitLower>().solveInPlace(upper);
    pivot_block.template triangularView<Eigen::Upper>().template solveInPlace<Eigen::OnTheRight>(
        lower);
    Scalar* top = _stack.data() + _stack_begins.back();
    Eigen::Map<Dense> update(top, rest, rest);
    update = front.bottomRightCorner(rest, rest);
    update.noalias() -= lower * upper;
  }
  _stack_begins.push_back(_stack_begins.back() + static_cast<std::size_t>(rest) * rest);
  Eigen::Map<Dense>(factor, size, pivots) = front.leftCols(pivots);
  Eigen::Map<Dense>(factor + static_cast<std::size_t>(size) * pivots, pivots, rest) = upper;
  return true;
}

template <class Scalar>
auto MultifrontalLU<Scalar>::solve(const Column& right_hand_side) const -> Column
{
  const auto n = static_cast<Index>(_number.size());
  Column x(n), block, carried;
  for (Index k = 0; k < n; ++k)
    x[_number[k]] = right_hand_side[k];
  for (const Supernode& node : _supernodes)
  {
    const Index rest = node.size() - node.pivots;
    Eigen::Map<const Dense> left(_factors.data() + node.factor, node.size(), node.pivots);
    block = x.segment(node.first, node.pivots);
    for (Index k = 0; k < node.pivots; ++k)
      std::swap(block[k], block[_pivot_rows[node.first + k]]);
    left.topRows(node.pivots).template triangularView<Eigen::UnitLower>().solveInPlace(block);
    x.segment(node.first, node.pivots) = block;
    if (rest == 0)
      continue;
    carried.noalias() = left.bottomRows(rest) * block;
    for (Index k = 0; k < rest; ++k)
      x[node.rest[k]] -= carried[k];
  }
  for (auto node = _supernodes.rbegin(); node != _supernodes.rend(); ++node)
  {
    const Index rest = node->size() - node->pivots;
    const Scalar* factor = _factors.data() + node->factor;
    Eigen::Map<const Dense> left(factor, node->size(), node->pivots);
    Eigen::Map<const Dense> upper(factor + static_cast<std::size_t>(node->size()) * node->pivots,
                                  node->pivots, rest);
    block = x.segment(node->first, node->pivots);
    if (rest > 0)
    {
      carried.resize(rest);
      for (Index k = 0; k < rest; ++k)
        carried[k] = x[node->rest[k]];
      block.noalias() -= upper * carried;
    }
    left.topRows(node->pivots).template triangularView<Eigen::Upper>().solveInPlace(block);
    x.segment(node->first, node->pivots) = block;
  }
  Column solution(n);
  for (Index k = 0; k < n; ++k)
    solution[k] = x[_number[k]];
  return solution;
}

template class MultifrontalLU<double>;
template class MultifrontalLU<std::complex<double>>;

} // namespace pyscl
