#include "small_signal.hpp"

#include "elimination_order.hpp"

#include <algorithm>
#include <stdexcept>
#include <string>

namespace pyscl
{
namespace
{

/// Whether all fluxes are proportional to a drop of mu: exactly so where mu is uniform.
bool follows_drops(const std::vector<EdgeFlux>& fluxes)
{
  constexpr double rounding = 1e-13;
  return std::all_of(fluxes.begin(), fluxes.end(),
                     [](const EdgeFlux& f)
                     {
                       const auto& [by_phi_i, by_mu_i, by_phi_j, by_mu_j] = f.flux.grad;
                       const double bound = rounding * std::fabs(by_mu_i);
                       return std::fabs(by_mu_i + by_mu_j) <= bound &&
                              std::fabs(by_phi_i) <= bound && std::fabs(by_phi_j) <= bound;
                     });
}

} // namespace

SmallSignal::SmallSignal(const Assembly& assembly, const Vector& u,
                         const std::vector<Index>& node_rank)
    : _constraints(assembly.constraints()), _linearization(assembly.linearize(u)),
      _symmetric(follows_drops(_linearization.fluxes))
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

  if (_symmetric)
    use_levels(assembly);
  build_pattern();
}

/// Makes the unknown of every closed amount the level of its part and lets the other members count
/// from it. Its row, the sum of the balances of the part, then equals its column.
void SmallSignal::use_levels(const Assembly& assembly)
{
  const Index n = _constraints.n_free();
  std::vector<Index> level_of(n, -1);
  for (std::size_t k = 0; k < assembly.inventories().size(); ++k)
  {
    auto& [level, members] =
        _levels.emplace_back(assembly.inventory_rows()[k], std::vector<Index>());
    for (Index dof : assembly.inventories()[k].dofs)
      if (const Index free = _constraints.free(dof); level_of[free] != level)
      {
        level_of[free] = level;
        if (free != level)
          members.push_back(free);
      }
  }
  if (_levels.empty())
    return;
  std::vector<char> is_level(n, 0);
  for (const auto& [level, members] : _levels)
    is_level[level] = 1;
  std::vector<Eigen::Triplet<double>> flow, storage;
  for (Index j = 0; j < n; ++j)
    for (SparseMatrix::InnerIterator f(_linearization.flow, j), c(_linearization.storage, j); f;
         ++f, ++c)
    {
      const auto i = static_cast<Index>(f.row());
      if (is_level[j] && !is_level[i])
        continue;
      if (!is_level[i])
      {
        flow.emplace_back(i, j, f.value());
        storage.emplace_back(i, j, c.value());
        continue;
      }
      if (level_of[j] == i) // the amount follows the level itself, too
        storage.emplace_back(i, i, c.value());
      if (is_level[j])
        continue;
      for (const auto& [row, column] : {std::pair{i, j}, std::pair{j, i}})
      {
        flow.emplace_back(row, column, 0.0);
        storage.emplace_back(row, column, c.value());
      }
    }
  for (const auto& [level, members] : _levels)
    flow.emplace_back(level, level, 0.0);
  _linearization.flow.setFromTriplets(flow.begin(), flow.end());
  _linearization.storage.setFromTriplets(storage.begin(), storage.end());
}

/// The pattern of the equations between the inner unknowns.
void SmallSignal::build_pattern()
{
  const SparseMatrix& all = _linearization.flow;
  const auto n_inner = static_cast<Index>(_order.size());
  std::vector<Eigen::Triplet<std::complex<double>>> entries;
  for (Index j = 0; j < static_cast<Index>(all.cols()); ++j)
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
    solver = std::make_unique<Solver>(_symmetric ? MatrixKind::symmetric : MatrixKind::general,
                                      matrix, _order);
  if (_pattern.cols() > 0 && !solver->factorize(matrix))
    throw std::runtime_error("the small-signal equations are singular or not finite");
  return solver;
}

void SmallSignal::give_back(std::unique_ptr<Solver> solver) const
{
  const std::lock_guard lock(_mutex);
  _idle.push_back(std::move(solver));
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

/// All dofs for a change of the free unknowns.
ComplexVector SmallSignal::expand(const ComplexVector& z) const
{
  ComplexVector counted = z;
  for (const auto& [level, members] : _levels)
    for (Index member : members)
      counted[member] += z[level];
  ComplexVector u(_constraints.n_dofs());
  u.real() = _constraints.expand_update(counted.real());
  u.imag() = _constraints.expand_update(counted.imag());
  return u;
}

SmallSignal::Response SmallSignal::solve(std::complex<double> rate) const
{
  if (!(rate.real() >= 0.0) || !(std::abs(rate) > 0.0))
    throw std::invalid_argument("the rate must not be zero, nor its real part negative");
  const auto rows = [&](const ComplexVector& z) -> ComplexVector
  { return _linearization.flow * z + rate * (_linearization.storage * z); };

  std::unique_ptr<Solver> solver = factorized(rate);
  const auto groups = static_cast<Index>(_terminals.size());
  Response response{Matrix(_constraints.n_dofs(), groups), Matrix(groups, groups)};
  for (Index g = 0; g < groups; ++g)
  {
    ComplexVector z = ComplexVector::Zero(_constraints.n_free());
    z[_terminals[g]] = 1.0 / _voltage_factor[g];
    z += solve_inner(*solver, -rows(z));
    const ComplexVector current = rows(z);
    // Currents add up to zero. In the rows of the driven group itself they are small differences of
    // the large flows that its voltage would drive through the next element.
    response.admittance(g, g) = 0.0;
    for (Index other = 0; other < groups; ++other)
      if (other != g)
      {
        response.admittance(other, g) = current[_terminals[other]] / _voltage_factor[other];
        response.admittance(g, g) -= response.admittance(other, g);
      }
    response.unknowns.col(g) = expand(z);
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
  return expand(z).real();
}

} // namespace pyscl
