#include "multifrontal.hpp"

#include "threads.hpp"

#include <algorithm>
#include <atomic>
#include <complex>
#include <limits>
#include <memory>
#include <numeric>
#include <span>
#include <stdexcept>
#include <string>

namespace pyscl
{
namespace
{

using Index = std::int32_t;
constexpr double worth_threads = 5e7; // operations; starting a thread costs as much as some 1e6
constexpr std::size_t not_stacked = static_cast<std::size_t>(-1);

/// Operations to eliminate the pivots of a front, and what it costs besides.
double work_of(double pivots, double rest)
{
  return pivots * (2.0 / 3.0 * pivots * pivots + 2.0 * rest * (pivots + rest)) + 1e4;
}

/// Adds the update of a child whose unknowns have these places in the front, ascending.
template <class Scalar>
void add_update(const DenseFront<Scalar>& front, const Scalar* update,
                std::span<const Index> places)
{
  struct Run
  {
    Index from, place, length;
  };
  const auto size = static_cast<Index>(places.size());
  const auto inner = static_cast<Index>(
      std::lower_bound(places.begin(), places.end(), front.pivots) - places.begin());
  thread_local std::vector<Run> runs;
  runs.clear();
  for (Index k = inner; k < size; ++k)
    if (k > inner && places[k] == places[k - 1] + 1)
      ++runs.back().length;
    else
      runs.push_back({k, places[k] - front.pivots, 1});
  const auto add_runs = [&](const Scalar* from, Scalar* to)
  {
    for (const Run& run : runs)
      for (Index k = 0; k < run.length; ++k)
        to[run.place + k] += from[run.from + k];
  };
  const std::ptrdiff_t block = front.block_stride(), rest = front.rest_stride();
  const std::ptrdiff_t stride = DenseFront<Scalar>::padded(size);
  for (Index column = 0; column < inner; ++column, update += stride)
  {
    Scalar* target = front.block + places[column] * block;
    for (Index row = 0; row < inner; ++row)
      target[places[row]] += update[row];
    add_runs(update, front.below + places[column] * rest);
  }
  for (Index column = inner; column < size; ++column, update += stride)
  {
    const std::ptrdiff_t place = places[column] - front.pivots;
    for (Index row = 0; row < inner; ++row)
      front.beside[place + places[row] * rest] += update[row];
    add_runs(update, front.update + place * rest);
  }
}

} // namespace

template <class Scalar>
MultifrontalLU<Scalar>::MultifrontalLU(const Matrix& pattern)
    : _supernodes(find_supernodes(static_cast<Index>(pattern.cols()), pattern.outerIndexPtr(),
                                  pattern.innerIndexPtr())),
      _pivot_rows(pattern.cols())
{
  const Supernodes& s = _supernodes;
  _factor_begins.assign(1, 0);
  _child_begins.assign(s.count() + 1, 0);
  for (Index k = 0; k < s.count(); ++k)
  {
    const std::size_t pivots = s.pivots(k), rest = s.rest(k).size();
    _factor_begins.push_back(_factor_begins.back() + pivots * (pivots + 2 * rest));
    if (s.parent[k] >= 0)
      ++_child_begins[s.parent[k] + 1];
    const auto front = front_of(k, nullptr);
    _largest_rest = std::max(_largest_rest, front.rest);
    _front_size = std::max(_front_size, front.factor_size());
    // The places of entries are counted by an Index.
    if (front.factor_size() > std::numeric_limits<Index>::max())
      throw std::length_error(
          "a front of the sparse LU, with " + std::to_string(front.pivots) + " pivots and " +
          std::to_string(front.rest) +
          " unknowns besides, has more than 2^31 - 1 entries; eliminate in an "
          "order with less fill, or use a coarser mesh or another linear solver");
  }
  std::partial_sum(_child_begins.begin(), _child_begins.end(), _child_begins.begin());
  _children.resize(_child_begins.back());
  std::vector<Index> next(_child_begins.begin(), _child_begins.end() - 1);
  _places.reserve(s.rests.size());
  for (Index k = 0; k < s.count(); ++k)
  {
    if (s.parent[k] < 0)
      continue; // it has no rest
    _children[next[s.parent[k]]++] = k;
    for (Index unknown : s.rest(k))
      _places.push_back(place_of(unknown, s.parent[k]));
  }
  place_entries(pattern);
  find_units();
  place_updates();
}

/// Where an unknown stands in the front of a supernode: among the pivots, then the rest.
template <class Scalar>
auto MultifrontalLU<Scalar>::place_of(Index unknown, Index supernode) const -> Index
{
  const Supernodes& s = _supernodes;
  if (unknown < s.begins[supernode + 1])
    return unknown - s.begins[supernode];
  const auto rest = s.rest(supernode);
  const auto at = std::lower_bound(rest.begin(), rest.end(), unknown);
  return s.pivots(supernode) + static_cast<Index>(at - rest.begin());
}

/// The parts of the front of a supernode in the memory, the update elsewhere.
template <class Scalar>
DenseFront<Scalar> MultifrontalLU<Scalar>::front_of(Index k, Scalar* memory) const
{
  DenseFront<Scalar> front{_supernodes.pivots(k),
                           static_cast<Index>(_supernodes.rest(k).size()),
                           memory,
                           nullptr,
                           nullptr,
                           nullptr};
  const std::size_t pivots = front.pivots;
  front.below = front.block + pivots * front.block_stride();
  front.beside = front.below + pivots * front.rest_stride();
  return front;
}

/// Finds the front and the place in it of every value of the matrix.
template <class Scalar>
void MultifrontalLU<Scalar>::place_entries(const Matrix& pattern)
{
  const Supernodes& s = _supernodes;
  std::vector<Index> owner(pattern.cols());
  for (Index k = 0; k < s.count(); ++k)
    std::fill_n(owner.begin() + s.begins[k], s.pivots(k), k);
  const auto each = [&](auto visit)
  {
    for (Index j = 0; j < pattern.cols(); ++j)
      for (Index source = pattern.outerIndexPtr()[j]; source < pattern.outerIndexPtr()[j + 1];
           ++source)
      {
        const Index row = s.number[pattern.innerIndexPtr()[source]], column = s.number[j];
        visit(source, row, column, owner[std::min(row, column)]);
      }
  };
  _entry_begins.assign(s.count() + 1, 0);
  each([&](Index, Index, Index, Index k) { ++_entry_begins[k + 1]; });
  std::partial_sum(_entry_begins.begin(), _entry_begins.end(), _entry_begins.begin());
  _entries.resize(_entry_begins.back());
  std::vector<std::size_t> next(_entry_begins.begin(), _entry_begins.end() - 1);
  each(
      [&](Index source, Index row, Index column, Index k)
      {
        const auto front = front_of(k, nullptr);
        const Index pivots = front.pivots, i = place_of(row, k), j = place_of(column, k);
        Index place = i + j * front.block_stride();
        if (i >= pivots)
          place = pivots * front.block_stride() + i - pivots + j * front.rest_stride();
        else if (j >= pivots)
          place = pivots * (front.block_stride() + front.rest_stride()) + j - pivots +
                  i * front.rest_stride();
        _entries[next[k]++] = {source, place};
      });
}

/// Cuts the tree into subtrees that are small parts of the work, and the supernodes above.
template <class Scalar>
void MultifrontalLU<Scalar>::find_units()
{
  constexpr double share = 1.0 / 32.0;
  const Supernodes& s = _supernodes;
  std::vector<double> work(s.count());
  std::vector<Index> first(s.count());
  double all = 0.0;
  for (Index k = 0; k < s.count(); ++k)
  {
    work[k] = work_of(s.pivots(k), static_cast<double>(s.rest(k).size()));
    first[k] = k;
    all += work[k];
  }
  for (Index k = 0; k < s.count(); ++k)
  {
    for (Index c = _child_begins[k]; c < _child_begins[k + 1]; ++c)
    {
      work[k] += work[_children[c]];
      first[k] = std::min(first[k], first[_children[c]]);
    }
  }
  for (Index k = 0; k < s.count(); ++k)
    if (work[k] > share * all)
      _units.push_back({k, k, work[k], true});
    else if (s.parent[k] < 0 || work[s.parent[k]] > share * all)
      _units.push_back({first[k], k, work[k], false});
}

/// Updates within a subtree lie on two stacks that grow towards each other, by the parity of the
/// depth: those of the children are on the top of one while that of the parent is put on the other.
template <class Scalar>
void MultifrontalLU<Scalar>::place_updates()
{
  const Supernodes& s = _supernodes;
  _update_begins.assign(s.count(), not_stacked);
  std::vector<char> side(s.count(), 0);
  for (const Unit& unit : _units)
  {
    std::size_t heights[2] = {0, 0};
    const auto height = [&](Index k) -> std::size_t& { return heights[side[k] ? 1 : 0]; };
    for (Index k = unit.last - 1; k >= unit.first; --k)
      side[k] = !side[s.parent[k]];
    for (Index k = unit.first; k < unit.last; ++k)
    {
      _update_begins[k] = height(k);
      height(k) += update_size(k);
      _stack_size = std::max(_stack_size, heights[0] + heights[1]);
      for (Index c = _child_begins[k]; c < _child_begins[k + 1]; ++c)
        height(_children[c]) -= update_size(_children[c]);
    }
  }
  for (Index k = 0; k < s.count(); ++k)
    if (side[k] && _update_begins[k] != not_stacked)
      _update_begins[k] = _stack_size - _update_begins[k] - update_size(k);
}

/// One factorisation: the updates that are not yet used, and the matrix.
template <class Scalar>
struct MultifrontalLU<Scalar>::Elimination
{
  MultifrontalLU& lu;
  const Matrix& matrix;
  std::vector<Scalar*> updates;
  std::vector<std::unique_ptr<Scalar[]>> alone; ///< those that wait outside the stack of a subtree
  std::atomic<bool> regular = true;

  Elimination(MultifrontalLU& factors, const Matrix& values)
      : lu(factors), matrix(values), updates(factors._supernodes.count()),
        alone(factors._supernodes.count())
  {
  }
  void run(const Unit& unit, Workspace& workspace, int threads)
  {
    for (Index k = unit.first; k <= unit.last && regular; ++k)
      if (!eliminate_supernode(k, workspace, threads))
        regular = false;
  }
  bool eliminate_supernode(Index k, Workspace& workspace, int threads);
};

/// Assembles the front of a supernode, eliminates its pivots and keeps the factors.
template <class Scalar>
bool MultifrontalLU<Scalar>::Elimination::eliminate_supernode(Index k, Workspace& workspace,
                                                              int threads)
{
  const Supernodes& s = lu._supernodes;
  auto front = lu.front_of(k, workspace.front.data());
  if (lu._update_begins[k] == not_stacked)
    alone[k] = std::make_unique_for_overwrite<Scalar[]>(lu.update_size(k));
  front.update = alone[k] ? alone[k].get() : workspace.stack.data() + lu._update_begins[k];
  updates[k] = front.update;
  std::fill_n(front.block, front.factor_size(), Scalar(0));
  std::fill_n(front.update, lu.update_size(k), Scalar(0));

  for (std::size_t e = lu._entry_begins[k]; e < lu._entry_begins[k + 1]; ++e)
    front.block[lu._entries[e].place] += matrix.valuePtr()[lu._entries[e].source];
  for (Index c = lu._child_begins[k]; c < lu._child_begins[k + 1]; ++c)
  {
    const Index child = lu._children[c];
    add_update<Scalar>(front, updates[child],
                       {lu._places.data() + s.rest_begins[child], s.rest(child).size()});
    alone[child].reset();
  }
  const bool large = work_of(front.pivots, front.rest) > worth_threads;
  if (!eliminate(front, lu._pivot_rows.data() + s.begins[k], large ? threads : 1))
    return false;
  lu.keep_factors(front, k);
  return true;
}

/// Copies the parts of a front to the factors, without the padding.
template <class Scalar>
void MultifrontalLU<Scalar>::keep_factors(const DenseFront<Scalar>& front, Index k)
{
  Scalar* target = _factors.data() + _factor_begins[k];
  const auto keep = [&](const Scalar* part, Index rows, Index stride)
  {
    for (Index column = 0; column < front.pivots; ++column, part += stride)
      target = std::copy_n(part, rows, target);
  };
  keep(front.block, front.pivots, front.block_stride());
  keep(front.below, front.rest, front.rest_stride());
  keep(front.beside, front.rest, front.rest_stride());
}

template <class Scalar>
bool MultifrontalLU<Scalar>::factorize(const Matrix& matrix)
{
  if (!_factors.data())
    _factors = Uninitialized<Scalar>(_factor_begins.back());
  double work = 0.0;
  for (const Unit& unit : _units)
    work += unit.above ? 0.0 : unit.work;
  const int threads = work > worth_threads ? std::max(1, _threads) : 1;
  while (static_cast<int>(_workspaces.size()) < threads)
    _workspaces.push_back({Uninitialized<Scalar>(_front_size), Uninitialized<Scalar>(_stack_size)});

  Elimination elimination(*this, matrix);
  _threads_run = 1;
  if (threads == 1)
  {
    for (const Unit& unit : _units)
      elimination.run(unit, _workspaces[0], 1);
    return elimination.regular;
  }
  std::vector<const Unit*> subtrees;
  for (const Unit& unit : _units)
    if (!unit.above)
      subtrees.push_back(&unit);
  std::stable_sort(subtrees.begin(), subtrees.end(),
                   [](const Unit* a, const Unit* b) { return a->work > b->work; });
  _threads_run = parallel_for(threads, static_cast<int>(subtrees.size()), [&](int item, int worker)
                              { elimination.run(*subtrees[item], _workspaces[worker], 1); });
  for (const Unit& unit : _units)
    if (unit.above)
      elimination.run(unit, _workspaces[0], threads);
  return elimination.regular;
}

template class MultifrontalLU<double>;
template class MultifrontalLU<std::complex<double>>;

} // namespace pyscl
