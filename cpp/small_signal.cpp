#include "small_signal.hpp"

#include "elimination_order.hpp"

#include <algorithm>
#include <stdexcept>
#include <string>

namespace pyscl
{

SmallSignal::SmallSignal(const Assembly& assembly, const Vector& u,
                         const std::vector<Index>& node_rank,
                         std::shared_ptr<const BackEnd> back_end)
    : _back_end(std::move(back_end)), _constraints(assembly.constraints()),
      _linearization(assembly.linearize(u))
{
  const Discretization& d = assembly.discretization();
  for (Index t = 0; t < d.n_terminals(); ++t)
  {
    const Index dof = d.terminal_dof(t, electric), unknown = _constraints.free(dof);
    if (unknown < 0)
      throw std::invalid_argument("the voltage of terminal " + std::to_string(t) + " is fixed");
    const auto known = std::find(_terminals.begin(), _terminals.end(), unknown);
    _group.push_back(static_cast<Index>(known - _terminals.begin()));
    if (known != _terminals.end())
      continue;
    _terminals.push_back(unknown);
    _voltage_factor.push_back(_constraints.factor(dof));
  }
  if (_terminals.empty())
    throw std::invalid_argument("there is no terminal whose voltage could alternate");

  for (const Inventory& inventory : assembly.inventories())
    for (Index dof : inventory.dofs)
      if (std::count(_terminals.begin(), _terminals.end(), _constraints.free(dof)) > 0)
        throw std::invalid_argument("a closed amount of carrier " +
                                    std::to_string(inventory.carrier) + " is held by a terminal");

  const Index n = _constraints.n_free();
  _inner.assign(n, 0);
  for (Index unknown : _terminals)
    _inner[unknown] = -1;
  Index n_inner = 0;
  for (Index k = 0; k < n; ++k)
    if (_inner[k] == 0)
      _inner[k] = n_inner++;
  for (Index k : elimination_order(assembly, node_rank))
    if (_inner[k] >= 0)
      _order.push_back(_inner[k]);

  const SparseMatrix& all = _linearization.flow;
  std::vector<Eigen::Triplet<std::complex<double>>> entries;
  for (Index j = 0; j < n; ++j)
    for (Index k = all.outerIndexPtr()[j]; k < all.outerIndexPtr()[j + 1]; ++k)
      if (const Index i = all.innerIndexPtr()[k]; _inner[i] >= 0 && _inner[j] >= 0)
      {
        entries.emplace_back(_inner[i], _inner[j], 1.0);
        _source.push_back(k); // columns and rows keep their order
      }
  _pattern.resize(n_inner, n_inner);
  _pattern.setFromTriplets(entries.begin(), entries.end());
}

SmallSignal::~SmallSignal() = default;

/// The factors of flow + rate storage between the inner unknowns.
std::unique_ptr<SmallSignal::Solver> SmallSignal::factorized(std::complex<double> rate) const
{
  ComplexSparseMatrix matrix = _pattern;
  for (std::size_t k = 0; k < _source.size(); ++k)
    matrix.valuePtr()[k] = _linearization.flow.valuePtr()[_source[k]] +
                           rate * _linearization.storage.valuePtr()[_source[k]];
  std::unique_ptr<Solver> solver;
  {
    const std::lock_guard lock(_mutex);
    if (!_idle.empty())
    {
      solver = std::move(_idle.back());
      _idle.pop_back();
    }
  }
  if (!solver)
  {
    solver = std::make_unique<Solver>(matrix, _order, _back_end.get());
    solver->use_threads(1); // the frequencies have theirs
  }
  if (_pattern.cols() > 0 && !solver->factorize(matrix))
    throw std::runtime_error("the small-signal equations are singular or not finite");
  return solver;
}

void SmallSignal::give_back(std::unique_ptr<Solver> solver) const
{
  const std::lock_guard lock(_mutex);
  ++_count[static_cast<std::size_t>(solver->solved_by())];
  _idle.push_back(std::move(solver));
}

std::array<int, 3> SmallSignal::count() const
{
  const std::lock_guard lock(_mutex);
  return _count;
}

/// The free unknowns, those of the terminals 0, for given inner rows (n_free).
ComplexVector SmallSignal::solve_inner(Solver& solver, const ComplexVector& rows) const
{
  ComplexVector z = ComplexVector::Zero(rows.size());
  if (_pattern.cols() == 0)
    return z;
  ComplexVector right(_pattern.cols());
  for (Index k = 0; k < rows.size(); ++k)
    if (_inner[k] >= 0)
      right[_inner[k]] = rows[k];
  const ComplexVector inner = solver.solve(right);
  if (!inner.allFinite())
    throw std::runtime_error("the small-signal response is not finite");
  for (Index k = 0; k < rows.size(); ++k)
    if (_inner[k] >= 0)
      z[k] = inner[_inner[k]];
  return z;
}

SmallSignal::Response SmallSignal::solve(std::complex<double> rate,
                                         const std::vector<Index>& driven) const
{
  if (!(rate.real() >= 0.0) || !(std::abs(rate) > 0.0))
    throw std::invalid_argument("the rate must not be zero, nor its real part negative");
  const auto rows = [&](const ComplexVector& z) -> ComplexVector
  { return _linearization.flow * z + rate * (_linearization.storage * z); };

  for (Index g : driven)
    if (g < 0 || g >= n_groups())
      throw std::invalid_argument("there is no group " + std::to_string(g) + " of terminals");

  std::unique_ptr<Solver> solver = factorized(rate);
  const auto columns = static_cast<Index>(driven.size());
  Response response{Matrix(_constraints.n_dofs(), columns), Matrix(n_groups(), columns)};
  for (Index column = 0; column < columns; ++column)
  {
    const Index g = driven[column];
    ComplexVector z = ComplexVector::Zero(_constraints.n_free());
    z[_terminals[g]] = 1.0 / _voltage_factor[g];
    z += solve_inner(*solver, -rows(z));
    const ComplexVector current = rows(z);
    // Currents add up to zero. In the rows of the driven group itself they are small differences of
    // the large flows that its voltage would drive through the next element.
    auto into = response.admittance.col(column);
    into[g] = 0.0;
    for (Index other = 0; other < n_groups(); ++other)
      if (other != g)
      {
        into[other] = current[_terminals[other]] / _voltage_factor[other];
        into[g] -= into[other];
      }
    response.unknowns.col(column).real() = _constraints.expand_update(z.real());
    response.unknowns.col(column).imag() = _constraints.expand_update(z.imag());
  }
  give_back(std::move(solver));
  return response;
}

Vector SmallSignal::change_within(double time) const
{
  if (!(time > 0.0))
    throw std::invalid_argument("the time must be positive");
  std::unique_ptr<Solver> solver = factorized(1.0 / time);
  const Vector rows = _constraints.reduce(_linearization.outflow);
  const ComplexVector z = solve_inner(*solver, -rows.cast<std::complex<double>>());
  give_back(std::move(solver));
  return _constraints.expand_update(z.real());
}

} // namespace pyscl
