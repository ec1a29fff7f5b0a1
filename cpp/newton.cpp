#include "newton.hpp"

#include "elimination_order.hpp"
#include "quasi_newton.hpp"

#include <algorithm>
#include <chrono>
#include <memory>
#include <numeric>
#include <tuple>

namespace pyscl
{
namespace
{

class Stopwatch
{
public:
  /// Seconds since the construction or the last lap.
  double lap()
  {
    const auto now = std::chrono::steady_clock::now();
    const double seconds = std::chrono::duration<double>(now - _last).count();
    _last = now;
    return seconds;
  }

private:
  std::chrono::steady_clock::time_point _last = std::chrono::steady_clock::now();
};

/// The damping variable of a site: logit(y) for laws with a site limit, ln(y) otherwise.
struct Filling
{
  double x;
  bool site_limited;
};

Filling filling(const Statistics& statistics, double eta)
{
  return std::visit(
      [eta](const auto& law) -> Filling
      {
        using Law = std::decay_t<decltype(law)>;
        if constexpr (std::is_same_v<Law, NonIdeal>)
          return {law(eta).x, true};
        return {eta, Law::site_limited};
      },
      statistics);
}

/// Size of the accepted change of eta when Newton asks for `change`. Towards half filling the
/// minority fraction moves linearly (that is, eta logarithmically); away from it eta is clipped.
double damped_change(const Filling& at, double change, double outward_limit)
{
  const auto& [eta, site_limited] = at;
  const double size = std::fabs(change);
  if (!site_limited) // density y = exp(eta): rising is logarithmic, falling is clipped
    return change > 0.0 ? std::log1p(size) : std::min(size, outward_limit);
  if (change * eta >= 0.0)
    return std::min(size, outward_limit);
  const double minority = logistic(-std::fabs(eta)), majority = logistic(std::fabs(eta));
  if (minority * (1.0 + majority * size) < 0.5)
    return std::log1p(majority * size) - std::log1p(-minority * size);
  return std::min(size, std::fabs(eta) + 1.0);
}

struct DampedUpdate
{
  Vector dz;
  double phi_update = 0.0, eta_update = 0.0, undamped_share = 1.0;
  Index worst_dof = 0;
};

/// The largest change of P as an unknown over its scale, and where it is (-1: nowhere).
std::pair<double, Index> largest_polar_change(const Discretization& d, const Vector& du)
{
  std::pair<double, Index> largest{0.0, -1};
  for (Index s : d.polar_sites())
    for (Index dof : {d.site_polar()[s], d.site_polar()[s] + 1})
    {
      const double change = std::fabs(du[dof]) / d.landau(d.site_region()[s]).scale;
      if (change > largest.first)
        largest = {change, dof};
    }
  return largest;
}

/// phi keeps the Newton step; each free mu takes the most cautious of the steps that its sites
/// (a node may be seen from several regions) allow. `jump` is the change of every dof that does not
/// come from dz, of fixed values.
DampedUpdate damp(const Assembly& assembly, const Vector& u, const Vector& dz, const Vector& jump,
                  double outward_limit)
{
  const Discretization& d = assembly.discretization();
  const Constraints& c = assembly.constraints();
  const Vector du = c.expand_update(dz) + jump;
  DampedUpdate update{dz};
  for (Index i = 0; i < d.n_dofs(); ++i)
    if (d.dof_carrier()[i] == electric && std::fabs(du[i]) > update.phi_update)
      update.phi_update = std::fabs(du[i]), update.worst_dof = i;

  Index free_sites = 0, damped_sites = 0;
  Vector accepted = Vector::Constant(c.n_free(), -1.0);
  for (Index row : assembly.inventory_rows())
    if (std::count(c.free_of_dof().begin(), c.free_of_dof().end(), row) > 1)
      accepted[row] = 0.0; // one level for many sites: set by their sum, not by the worst of them
  for (Index row : assembly.terminal_rows())
    accepted[row] = 0.0;
  for_each_carrier_site(d,
                        [&](Index s, const CarrierLaw& law)
                        {
                          const Index mu = d.site_dof(s, law.carrier), phi = d.site_phi()[s];
                          const Index free = c.free(mu);
                          if (free < 0)
                            return;
                          const double eta = u[mu] - law.charge * u[phi] - law.standard_potential;
                          const double change = du[mu] - law.charge * du[phi];
                          const double size =
                              damped_change(filling(law.statistics, eta), change, outward_limit);
                          ++free_sites;
                          damped_sites += size < 0.999 * std::fabs(change);
                          if (std::fabs(change) > update.eta_update)
                          {
                            update.eta_update = std::fabs(change);
                            if (update.eta_update > update.phi_update)
                              update.worst_dof = mu;
                          }
                          if (accepted[free] < 0.0 || size < accepted[free])
                          {
                            accepted[free] = size;
                            update.dz[free] =
                                law.charge * du[phi] + std::copysign(size, change) - jump[mu];
                          }
                        });
  if (free_sites > 0)
    update.undamped_share = 1.0 - static_cast<double>(damped_sites) / free_sites;
  return update;
}

/// The largest change of phi and mu, and where it is.
std::pair<double, Index> largest_potential_change(const Discretization& d, const Vector& du)
{
  std::pair<double, Index> largest{0.0, 0};
  for (Index i = 0; i < d.n_dofs(); ++i)
    if (d.dof_carrier()[i] >= electric && !(std::fabs(du[i]) <= largest.first))
      largest = {std::fabs(du[i]), i};
  return largest;
}

/// Notes the change of P in a step whose changes of phi and mu are known.
void note_polar_change(const Assembly& assembly, const Vector& dz, NewtonStep& step)
{
  const Discretization& d = assembly.discretization();
  if (d.polar_sites().empty())
    return;
  const auto [change, dof] = largest_polar_change(d, assembly.constraints().expand_update(dz));
  step.polar_update = change;
  if (dof >= 0 && change > std::max(step.phi_update, step.eta_update))
    step.worst_dof = dof;
}

} // namespace

/// `advance(z, dz, residual, u, step)` moves z along the solution dz of the linearised equations
/// at u and records what it did; false if it finds no way.
template <class Advance>
NewtonResult NewtonIteration::iterate(const Assembly& assembly, const Vector& u,
                                      const NewtonControl& control, const Poll& poll,
                                      Advance advance)
{
  const Constraints& c = assembly.constraints();
  NewtonResult result;
  result.u = c.expand(c.restrict_state(u));
  const auto finish = [&](const char* reason) -> NewtonResult&
  {
    result.reason = reason;
    result.converged = result.reason.empty();
    result.u = assembly.remember(result.u);
    return result;
  };
  if (c.n_free() == 0)
    return finish("");
  prepare(assembly);
  const bool may_be_weak = assembly.balance() != Balance::equilibrium;
  // Time steps take few iterations, over which the weak parts hardly change.
  const int look_every = assembly.balance() == Balance::transient ? 4 : 1;
  Vector z = c.restrict_state(u);
  QuasiNewton quasi_newton(control.tolerance);
  for (int factorizations = 0; factorizations < control.max_iterations;)
  {
    NewtonStep step{};
    Stopwatch clock;
    Vector r;
    step.factorized = !quasi_newton.factors_serve();
    if (step.factorized)
    {
      const bool looks = may_be_weak && (factorizations % look_every == 0 || is_weak());
      r = linearize(assembly, result.u, looks);
      step.assembly_seconds = clock.lap();
      if (!r.allFinite() || !_solver->factorize(is_weak() ? _balanced : _jacobian))
        return finish("the Jacobian is singular or not finite");
      ++factorizations;
      step.factor_seconds = clock.lap();
    }
    else
    {
      r = assembly.residual(result.u);
      step.assembly_seconds = clock.lap();
    }
    step.residual = r.size() ? r.lpNorm<Eigen::Infinity>() : 0.0;
    const auto refinement = step.factorized ? Refinement::where_needed : Refinement::as_before;
    const Vector dz = quasi_newton.step(-_solver->solve(r, refinement), step.factorized);
    step.solve_seconds = clock.lap();
    step.solved_by = _solver->solved_by();
    if (!dz.allFinite())
      return finish("the linear solver returned values that are not finite");
    const bool advanced = advance(z, dz, r, result.u, step);
    note_polar_change(assembly, dz, step);
    result.u = c.expand(z);
    step.assembly_seconds += clock.lap();
    result.steps.push_back(step);
    result.factor_entries = _solver->fill();
    if (poll)
      poll(step);
    quasi_newton.note(std::max({step.phi_update, step.eta_update, step.polar_update}),
                      advanced && !is_weak() && step.damping == 1.0);
    const bool small = step.eta_update < control.tolerance &&
                       step.polar_update < control.tolerance &&
                       step.phi_update < std::fmax(control.tolerance, control.phi_tolerance);
    if (small && quasi_newton.has_arrived())
      return finish("");
    if (!advanced && step.factorized)
      return finish("no step along Newton's direction comes closer to the solution");
  }
  return finish("no convergence within the allowed number of iterations");
}

/// Makes the solver anew if the pattern is not that of the last Jacobian.
void NewtonIteration::prepare(const Assembly& assembly)
{
  const SparseMatrix& pattern = assembly.pattern();
  if (_solver && has_pattern(pattern))
    return;
  std::vector<Index> order = elimination_order(assembly, _node_rank);
  auto solver = std::make_unique<LinearSolver<double>>(pattern, order, _back_end.get());
  _jacobian = pattern;
  _order = std::move(order);
  _solver = std::move(solver);
  _weak.reset();
}

/// Residual and Jacobian at u; where weak parts are looked for, with their balances.
Vector NewtonIteration::linearize(const Assembly& assembly, const Vector& u, bool looks)
{
  if (!looks)
    return assembly.residual_and_jacobian(u, _jacobian);
  std::vector<EdgeFlux> fluxes;
  Vector r = assembly.residual_and_jacobian(u, _jacobian, &fluxes);
  WeakParts parts(assembly, fluxes);
  _balanced = parts.empty() ? SparseMatrix() : _jacobian;
  if (!parts.empty())
    parts.replace(assembly, fluxes, r, _balanced);
  if (_weak ? !_weak->same_pattern(parts) : !parts.empty())
    _solver = std::make_unique<LinearSolver<double>>(parts.empty() ? _jacobian : _balanced, _order,
                                                     _back_end.get());
  _weak = std::move(parts);
  return r;
}

bool NewtonIteration::has_pattern(const SparseMatrix& pattern) const
{
  const SparseMatrix& last = _jacobian;
  return last.cols() == pattern.cols() && last.nonZeros() == pattern.nonZeros() &&
         std::equal(last.outerIndexPtr(), last.outerIndexPtr() + last.cols() + 1,
                    pattern.outerIndexPtr()) &&
         std::equal(last.innerIndexPtr(), last.innerIndexPtr() + last.nonZeros(),
                    pattern.innerIndexPtr());
}

NewtonResult NewtonIteration::solve(const Assembly& assembly, const Vector& u,
                                    const NewtonControl& control, const Poll& poll)
{
  return assembly.balance() == Balance::equilibrium ? solve_convex(assembly, u, control, poll)
                                                    : solve_damped(assembly, u, control, poll);
}

NewtonResult NewtonIteration::follow(const Assembly& assembly, const Vector& u,
                                     const NewtonControl& control, const Poll& poll)
{
  const Constraints& c = assembly.constraints();
  NewtonResult result;
  result.u = c.expand(c.restrict_state(u));
  const Vector jump = result.u - u;
  const double largest = jump.lpNorm<Eigen::Infinity>();
  constexpr double rounding = 1e-9; // of values that have not moved
  if (c.n_free() == 0 || largest < rounding)
    return result;
  prepare(assembly);
  NewtonStep step{};
  Stopwatch clock;
  std::vector<EdgeFlux> fluxes;
  Vector r = assembly.residual_and_jacobian(u, _jacobian, &fluxes);
  const double share = 1e-3 / largest; // of the jump, to either side, in the difference quotient
  r += (assembly.residual(u + share * jump) - assembly.residual(u - share * jump)) / (2.0 * share);
  step.residual = r.lpNorm<Eigen::Infinity>();
  step.assembly_seconds = clock.lap();
  // The factors are those of the plain equations, which lose the levels of weak parts.
  if (!r.allFinite() || !WeakParts(assembly, fluxes).empty() || is_weak() ||
      !_solver->factorize(_jacobian))
    return result;
  step.factorized = true;
  step.factor_seconds = clock.lap();
  const Vector dz = -_solver->solve(r, Refinement::where_needed);
  step.solve_seconds = clock.lap();
  step.solved_by = _solver->solved_by();
  if (!dz.allFinite())
    return result;
  const DampedUpdate update = damp(assembly, u, dz, jump, control.outward_limit);
  step.phi_update = update.phi_update;
  step.eta_update = update.eta_update;
  step.worst_dof = update.worst_dof;
  step.damping = update.undamped_share;
  result.u = c.expand(c.restrict_state(u) + update.dz);
  result.factor_entries = _solver->fill();
  result.steps.push_back(step);
  if (poll)
    poll(step);
  return result;
}

NewtonResult NewtonIteration::solve_convex(const Assembly& assembly, const Vector& u,
                                           const NewtonControl& control, const Poll& poll)
{
  const Constraints& c = assembly.constraints();
  constexpr double smallest_share = 1e-8; // less is no progress in any number of iterations
  // The slope of the free energy along the step must fall to half its size.
  const auto line_search =
      [&](Vector& z, const Vector& dz, const Vector& residual, const Vector&, NewtonStep& step)
  {
    const double start = std::fabs(residual.dot(dz));
    double share = 1.0;
    for (int trial = 0; trial < 40 && start > 0.0; ++trial)
    {
      const double slope = assembly.residual(c.expand(z + share * dz)).dot(dz);
      if (slope <= 0.5 * start)
        break;
      share *= std::isfinite(slope) ? std::clamp(start / (start + slope), 0.1, 0.5) : 0.1;
    }
    z += share * dz;
    step.damping = share;
    std::tie(step.phi_update, step.worst_dof) =
        largest_potential_change(assembly.discretization(), c.expand_update(dz));
    return share > smallest_share;
  };
  return iterate(assembly, u, control, poll, line_search);
}

NewtonResult NewtonIteration::solve_damped(const Assembly& assembly, const Vector& u,
                                           const NewtonControl& control, const Poll& poll)
{
  const Vector fixed = Vector::Zero(assembly.discretization().n_dofs());
  const auto damped =
      [&](Vector& z, const Vector& dz, const Vector&, const Vector& at, NewtonStep& step)
  {
    const DampedUpdate update = damp(assembly, at, dz, fixed, control.outward_limit);
    z += update.dz;
    step.phi_update = update.phi_update;
    step.eta_update = update.eta_update;
    step.damping = update.undamped_share;
    step.worst_dof = update.worst_dof;
    return true;
  };
  return iterate(assembly, u, control, poll, damped);
}

} // namespace pyscl
