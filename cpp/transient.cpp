#include "transient.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <stdexcept>

namespace pyscl
{
namespace
{

/// The rows and columns of some unknowns; `number` is their place in it, -1 for all others.
SparseMatrix part(const SparseMatrix& matrix, const std::vector<Index>& unknowns,
                  const std::vector<Index>& number)
{
  const auto n = static_cast<Index>(unknowns.size());
  SparseMatrix result(n, n);
  for (Index k = 0; k < n; ++k)
  {
    result.startVec(k);
    for (SparseMatrix::InnerIterator it(matrix, unknowns[k]); it; ++it)
      if (number[it.row()] >= 0)
        result.insertBack(number[it.row()], k) = it.value();
  }
  result.finalize();
  return result;
}

} // namespace

Transient::Transient(Assembly assembly, std::vector<Index> node_rank,
                     std::vector<double> bulk_minority, double phi_weight, double phi_noise,
                     std::shared_ptr<const BackEnd> back_end)
    : _assembly(std::move(assembly)), _newton(std::move(node_rank), std::move(back_end)),
      _bulk_minority(std::move(bulk_minority)), _phi_weight(phi_weight), _phi_noise(phi_noise)
{
  if (_assembly.balance() != Balance::transient)
    throw std::invalid_argument("time integration needs a transient balance");
}

Transient::Level Transient::level(double time, const Vector& u) const
{
  return {time, u, _assembly.past(u), _assembly.rows_of_charge(u)};
}

void Transient::restart(double time, const Vector& u)
{
  _levels.assign(1, level(time, u));
}

void Transient::restore(const std::vector<double>& times, const std::vector<Vector>& states)
{
  if (times.empty() || times.size() > 3 || times.size() != states.size() ||
      !std::is_sorted(times.begin(), times.end(), std::less_equal<>{}))
    throw std::invalid_argument("one to three past levels in the order of time are needed");
  _levels.clear();
  for (std::size_t k = 0; k < times.size(); ++k)
    _levels.push_back(level(times[k], states[k]));
}

std::vector<double> Transient::times() const
{
  std::vector<double> times;
  for (const Level& l : _levels)
    times.push_back(l.time);
  return times;
}

std::vector<Vector> Transient::states() const
{
  std::vector<Vector> states;
  for (const Level& l : _levels)
    states.push_back(l.u);
  return states;
}

TimeDerivative Transient::derivative(double dt, int order) const
{
  const Level& now = _levels.back();
  TimeDerivative time{1.0 / dt, now.past, now.rows / dt, now.u, {}};
  if (order == 1)
    return time;
  const Level& before = _levels[_levels.size() - 2];
  const double r = dt / (now.time - before.time);
  const double a2 = r * r / ((1.0 + r) * dt);
  time.rate = (1.0 + 2.0 * r) / ((1.0 + r) * dt);
  time.charge = time.rate * now.rows + a2 * (now.rows - before.rows);
  time.polarization_carry = a2 * (now.u - before.u);
  const auto gains = _assembly.gains(before.past, now.u);
  for (std::size_t pair = 0; pair < gains.size(); ++pair)
    for (std::size_t s = 0; s < gains[pair].size(); ++s)
      time.amounts[pair][s].carry = a2 * gains[pair][s];
  return time;
}

/// Lagrange weights of the newest degree + 1 levels for the value at a time, the newest first.
std::vector<double> Transient::extrapolation(double time, int degree) const
{
  const auto at = [&](int k) { return _levels[_levels.size() - 1 - k].time; };
  std::vector<double> weights;
  for (int i = 0; i <= degree; ++i)
  {
    double weight = 1.0;
    for (int j = 0; j <= degree; ++j)
      if (j != i)
        weight *= (time - at(j)) / (at(i) - at(j));
    weights.push_back(weight);
  }
  return weights;
}

/// Gauss's law for the change of phi after fixed values have jumped; mu follows by z times it.
/// Where mu is fixed and phi is not, phi follows mu, so that the site fraction stays there, too.
Vector Transient::displaced_state() const
{
  const Discretization& d = _assembly.discretization();
  const Constraints& c = _assembly.constraints();
  const Vector& u = _levels.back().u;
  const Vector moved = c.expand(c.restrict_state(u));
  // Only phi has a stiffness; mu stays for now, and so does phi where none is fixed.
  std::vector<Index> unknowns, number(c.n_free(), -1);
  for (Index k = 0; k < c.n_free(); ++k)
    if (_assembly.pattern().coeff(k, k) != 0.0)
    {
      number[k] = static_cast<Index>(unknowns.size());
      unknowns.push_back(k);
    }
  SparseMatrix stiffness = part(_assembly.pattern(), unknowns, number);
  Vector diagonal = (1.0 + 1e-12) * stiffness.diagonal();
  Vector right = c.reduce(_assembly.displacement(moved - u))(unknowns);
  constexpr double tight = 1e8; // of a spring between phi and mu, over the permittivity
  for_each_carrier_site(d,
                        [&](Index s, const CarrierLaw& law)
                        {
                          const Index mu = d.site_dof(s, law.carrier);
                          const Index free = c.free(d.site_phi()[s]);
                          if (c.free(mu) >= 0 || free < 0 || number[free] < 0)
                            return;
                          const Index k = number[free];
                          const double spring = tight * std::fabs(diagonal[k]);
                          diagonal[k] += spring;
                          right[k] -= spring * (moved[mu] - u[mu]) / law.charge;
                        });
  stiffness.diagonal() = diagonal;
  std::vector<Index> order(unknowns.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](Index a, Index b)
                   { return _newton.rank(d, c, unknowns[a]) < _newton.rank(d, c, unknowns[b]); });
  LinearSolver<double> solver(stiffness, order, _newton.back_end());
  if (!solver.factorize(stiffness))
    return moved;
  Vector z = Vector::Zero(c.n_free());
  z(unknowns) = solver.solve(right);
  Vector result = moved - c.expand_update(z);
  const Vector change = result - u;
  for_each_carrier_site(d,
                        [&](Index s, const CarrierLaw& law)
                        {
                          const Index mu = d.site_dof(s, law.carrier);
                          if (c.free(mu) >= 0)
                            result[mu] = u[mu] + law.charge * change[d.site_phi()[s]];
                        });
  return result;
}

TimeAttempt Transient::attempt(double dt, int order, bool displaced, const NewtonControl& control,
                               const Poll& poll)
{
  if (_levels.empty() || !(dt > 0.0) || order < 1 || order > 2 ||
      static_cast<int>(_levels.size()) < order)
    throw std::invalid_argument("a step needs dt > 0, order 1 or 2, and as many past levels");
  const int degree = std::min(order, static_cast<int>(_levels.size()) - 1);
  const double time = _levels.back().time + dt;
  _assembly.set_time_derivative(derivative(dt, order));
  const std::vector<double> weights = extrapolation(time, degree);
  Vector guess = Vector::Zero(_levels.back().u.size());
  for (int k = 0; k <= degree; ++k)
    guess += weights[k] * _levels[_levels.size() - 1 - k].u;
  if (displaced)
    guess = displaced_state();

  TimeAttempt result;
  result.newton = _newton.solve_damped(_assembly, guess, control, poll);
  if (!result.newton.converged)
    return result;
  _new = level(time, result.newton.u);
  estimate(dt, order, degree, result);
  return result;
}

/// With the predictor p of degree m through the past, the local error of the method is the share
/// c / (1 + c) of the difference u - p, where c is the ratio of their leading error terms:
///   backward Euler, m = 1:  c = dt / (t - t_(n-1))
///   BDF2, m = 2:            c = dt (1+r)/(1+2r) / (t - t_(n-2))
/// With too short a past (m < order) the share is 1, for the very first step 1/2.
void Transient::estimate(double dt, int order, int degree, TimeAttempt& attempt) const
{
  const Discretization& d = _assembly.discretization();
  const std::vector<double> weights = extrapolation(_new.time, degree);
  const auto past = [&](int k) -> const Level& { return _levels[_levels.size() - 1 - k]; };
  double share = degree == 0 ? 0.5 : 1.0;
  if (degree == order)
  {
    double c = dt / (_new.time - past(degree).time);
    if (order == 2)
    {
      const double r = dt / (past(0).time - past(1).time);
      c *= (1.0 + r) / (1.0 + 2.0 * r);
    }
    share = c / (1.0 + c);
  }
  const auto note = [&](double error, Index dof)
  {
    if (error > attempt.error)
      attempt.error = error, attempt.worst_dof = dof;
  };
  std::size_t pair = 0;
  for (std::size_t r = 0; r < d.regions().size(); ++r)
    for (const CarrierLaw& law : d.regions()[r].carriers)
    {
      const auto& now = _new.past[pair];
      for (std::size_t s = 0; s < now.size(); ++s)
      {
        double predicted = 0.0;
        for (int k = 0; k <= degree; ++k)
          predicted += weights[k] * past(k).past[pair][s].share;
        const double weight =
            std::max(std::min(now[s].share, now[s].vacancy), _bulk_minority[pair]);
        const double change = now[s].share - past(0).past[pair][s].share;
        attempt.rate = std::max(attempt.rate, std::fabs(change) / (weight * dt));
        note(share * std::fabs(now[s].share - predicted) / weight,
             d.site_dof(d.graphs()[r].first_site + static_cast<Index>(s), law.carrier));
      }
      ++pair;
    }
  attempt.switching = switching(d, past(0).u, _new.u);
  attempt.rate = std::max(attempt.rate, attempt.switching.change / dt);
  if (degree > 0)
    for (Index s : d.polar_sites())
      for (Index dof : {d.site_polar()[s], d.site_polar()[s] + 1})
      {
        double predicted = 0.0;
        for (int k = 0; k <= degree; ++k)
          predicted += weights[k] * past(k).u[dof];
        note(share * std::fabs(_new.u[dof] - predicted) / d.landau(d.site_region()[s]).scale, dof);
      }
  if (degree > 0)
    for (Index i = 0; i < d.n_dofs(); ++i)
      if (d.dof_carrier()[i] == electric)
      {
        double predicted = 0.0;
        for (int k = 0; k <= degree; ++k)
          predicted += weights[k] * past(k).u[i];
        note(_phi_weight * std::fmax(share * std::fabs(_new.u[i] - predicted) - _phi_noise, 0.0),
             i);
      }
}

void Transient::accept()
{
  _levels.push_back(_new);
  if (_levels.size() > 3)
    _levels.pop_front();
}

} // namespace pyscl
