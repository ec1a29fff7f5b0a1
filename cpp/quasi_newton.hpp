// Newton iterations with the factors of an earlier one. Close to the solution the Jacobian hardly
// changes: its factors still reduce the error by a large factor per iteration, at a fraction of the
// cost of new ones. Broyden's update corrects them by the steps made since (C. T. Kelley, Solving
// Nonlinear Equations with Newton's Method, SIAM 2003, chapter 4).
#pragma once

#include <Eigen/Core>

#include <algorithm>
#include <cmath>
#include <vector>

namespace pyscl
{

class QuasiNewton
{
public:
  explicit QuasiNewton(double tolerance) : _tolerance(tolerance) {}

  /// Whether the next iteration goes without new factors.
  bool factors_serve() const { return _serve; }

  /// The step of this iteration from the solution of the linearised equations with the factors
  /// that there are, `fresh` or not.
  Eigen::VectorXd step(Eigen::VectorXd dz, bool fresh)
  {
    if (fresh)
      _steps.clear();
    else
    {
      for (std::size_t k = 0; k + 1 < _steps.size(); ++k)
        dz += _steps[k + 1] * (_steps[k].dot(dz) / _steps[k].squaredNorm());
      const Eigen::VectorXd& last = _steps.back();
      dz /= 1.0 - last.dot(dz) / last.squaredNorm();
    }
    _steps.push_back(dz);
    return dz;
  }

  /// Notes what came of the step: the largest update, and whether it was taken undamped with
  /// equations that may be solved with old factors.
  void note(double update, bool plain)
  {
    const bool fresh = _steps.size() == 1;
    _ratio = fresh ? 0.0 : update / _last;
    _last = update;
    if (fresh)
      _serve = plain && update < near && update >= _tolerance;
    else
      _serve = plain && _ratio < least_gain && _steps.size() < most_steps;
  }

  /// Whether what is left is rounding, as it is after an iteration with new factors, whose error is
  /// about the square of its update. Small currents are differences of large ones: they need it.
  bool has_arrived() const
  {
    return _ratio * _last <= rounding || (_last < near_rounding && !_serve);
  }

private:
  static constexpr double near = 0.1;       ///< update from which on old factors may serve [kT]
  static constexpr double least_gain = 0.3; ///< of an iteration with old factors
  static constexpr double rounding = 1e-15; ///< [kT]
  static constexpr double near_rounding = 1e-12; ///< where updates may stop to fall [kT]
  static constexpr std::size_t most_steps = 8;   ///< that cost as much as new factors

  double _tolerance, _last = 0.0, _ratio = 0.0;
  bool _serve = false;
  std::vector<Eigen::VectorXd> _steps; ///< since the last factorisation
};

} // namespace pyscl
