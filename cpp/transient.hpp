// One step of the time integration: variable-step BDF2 in increment form, or backward Euler.
//
// The amounts q obey  a0 (q - q_n) - a2 (q_n - q_(n-1)) + outflow = 0  with r = dt/dt_n and
//   BDF2:           a0 = (1 + 2r) / ((1 + r) dt),  a2 = r^2 / ((1 + r) dt)
//   backward Euler: a0 = 1/dt,  a2 = 0
// (E. Hairer, G. Wanner, Solving Ordinary Differential Equations II, ch. V.1). Increments of the
// amounts come from the minority fraction, so that nearly full sites lose no digits, and cancel
// exactly in the sum over a closed part. The choice of dt, events and output are left to the
// caller.
#pragma once

#include "newton.hpp"

#include <array>
#include <deque>

namespace pyscl
{

struct TimeAttempt
{
  NewtonResult newton;
  double error = 0.0;  ///< estimated local error, see Transient::attempt
  Index worst_dof = 0; ///< where it is largest
  double rate = 0.0;   ///< largest change of a site fraction per time, relative to its weight, or
                       ///< of the polarization as an unknown, relative to its scale
  Switching switching; ///< of the polarization as an unknown
};

class Transient
{
public:
  /// Errors of a site fraction count relative to the larger of the local and the bulk minority
  /// fraction, which is given for every carrier law (regions in order, carriers within); errors of
  /// phi [kT/e] beyond `phi_noise`, its rounding, count times `phi_weight`.
  Transient(Assembly assembly, std::vector<Index> node_rank, std::vector<double> bulk_minority,
            double phi_weight, double phi_noise, std::shared_ptr<const BackEnd> back_end = nullptr);

  /// Forgets the past and starts at a state.
  void restart(double time, const Vector& u);
  /// Puts back past levels, the oldest first; at most three.
  void restore(const std::vector<double>& times, const std::vector<Vector>& states);

  Assembly& assembly() { return _assembly; }
  double time() const { return _levels.back().time; }
  /// The levels that are kept, the oldest first.
  std::vector<double> times() const;
  std::vector<Vector> states() const;

  /// Solves for the state after dt with the fixed values and currents of the assembly. BDF2 needs
  /// two levels. The error estimate compares with the polynomial through the past levels:
  /// of degree `order` if there are enough of them, else the next lower one. Newton's method
  /// starts from that polynomial or, after a jump of fixed values (`displaced`), from the state in
  /// which phi has followed it at constant site fractions.
  TimeAttempt attempt(double dt, int order, bool displaced, const NewtonControl& control,
                      const Poll& poll);
  /// Makes the last attempt the newest level.
  void accept();
  /// Currents at every dof in the last attempt: displacement at phi, carriers at mu.
  Vector currents() const { return _assembly.currents(_new.u); }

private:
  using Past = std::vector<std::vector<TimeDerivative::Past>>;
  struct Level
  {
    double time;
    Vector u;
    Past past;
    Vector rows;
  };
  Level level(double time, const Vector& u) const;
  TimeDerivative derivative(double dt, int order) const;
  std::vector<double> extrapolation(double time, int degree) const;
  Vector displaced_state() const;
  void estimate(double dt, int order, int degree, TimeAttempt& attempt) const;

  Assembly _assembly;
  NewtonIteration _newton;
  std::vector<double> _bulk_minority;
  double _phi_weight, _phi_noise;
  std::deque<Level> _levels;
  Level _new;
};

} // namespace pyscl
