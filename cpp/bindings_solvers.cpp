#include "bindings.hpp"
#include "bindings_back_end.hpp"
#include "elimination_order.hpp"
#include "transient.hpp"

#include <pybind11/functional.h>

namespace pyscl::bindings
{

using namespace pybind11::literals;

namespace
{

/// Wraps a Python callable for the solver threads and lets Ctrl-C through between iterations.
Poll make_poll(const py::object& callback)
{
  return [callback](const NewtonStep& step)
  {
    py::gil_scoped_acquire acquire;
    if (PyErr_CheckSignals() != 0)
      throw py::error_already_set();
    if (!callback.is_none())
      callback(step);
  };
}

} // namespace

void bind_newton(py::module_& m)
{
  py::enum_<SolvedBy>(m, "SolvedBy")
      .value("back_end", SolvedBy::back_end)
      .value("multifrontal", SolvedBy::multifrontal)
      .value("free_pivots", SolvedBy::free_pivots);
  py::class_<NewtonControl>(m, "NewtonControl")
      .def(py::init<double, int, double, double>(), "tolerance"_a, "max_iterations"_a,
           "outward_limit"_a, "phi_tolerance"_a = 0.0)
      .def_readonly("phi_tolerance", &NewtonControl::phi_tolerance)
      .def_readonly("tolerance", &NewtonControl::tolerance)
      .def_readonly("max_iterations", &NewtonControl::max_iterations)
      .def_readonly("outward_limit", &NewtonControl::outward_limit);
  py::class_<NewtonStep>(m, "NewtonStep")
      .def_readonly("phi_update", &NewtonStep::phi_update)
      .def_readonly("eta_update", &NewtonStep::eta_update)
      .def_readonly("polar_update", &NewtonStep::polar_update)
      .def_readonly("residual", &NewtonStep::residual)
      .def_readonly("damping", &NewtonStep::damping)
      .def_readonly("worst_dof", &NewtonStep::worst_dof)
      .def_readonly("factorized", &NewtonStep::factorized)
      .def_readonly("solved_by", &NewtonStep::solved_by)
      .def_readonly("assembly_seconds", &NewtonStep::assembly_seconds)
      .def_readonly("factor_seconds", &NewtonStep::factor_seconds)
      .def_readonly("solve_seconds", &NewtonStep::solve_seconds);
  py::class_<NewtonResult>(m, "NewtonResult")
      .def_property_readonly("u", [](const NewtonResult& r) { return to_numpy(r.u); })
      .def_readonly("converged", &NewtonResult::converged)
      .def_readonly("reason", &NewtonResult::reason)
      .def_readonly("steps", &NewtonResult::steps)
      .def_readonly("factor_entries", &NewtonResult::factor_entries);

  m.def(
      "elimination_order",
      [](const Assembly& assembly, const Array<Index>& node_rank)
      {
        if (node_rank.size() != assembly.discretization().n_nodes())
          throw std::invalid_argument("node_rank needs one entry per node");
        return to_numpy(elimination_order(assembly, to_vector(node_rank)));
      },
      "assembly"_a, "node_rank"_a.noconvert());
  const auto from_a_state = [](auto method)
  {
    return [method](NewtonIteration& newton, const Assembly& assembly, const Array<double>& u,
                    const NewtonControl& control, const py::object& callback)
    {
      const Vector start = state(u, assembly.discretization());
      if (newton.n_nodes() != assembly.discretization().n_nodes())
        throw std::invalid_argument("node_rank needs one entry per node");
      const Poll poll = make_poll(callback);
      return unlocked([&] { return (newton.*method)(assembly, start, control, poll); });
    };
  };
  py::class_<NewtonIteration>(m, "NewtonIteration")
      .def(py::init([](const Array<Index>& node_rank, const py::object& back_end)
                    { return NewtonIteration(to_vector(node_rank), make_back_end(back_end)); }),
           "node_rank"_a.noconvert(), "back_end"_a = py::none())
      .def("solve", from_a_state(&NewtonIteration::solve), "assembly"_a, "u"_a.noconvert(),
           "control"_a, "callback"_a = py::none())
      .def("follow", from_a_state(&NewtonIteration::follow), "assembly"_a, "u"_a.noconvert(),
           "control"_a, "callback"_a = py::none());
}

void bind_transient(py::module_& m)
{
  py::class_<TimeAttempt>(m, "TimeAttempt")
      .def_readonly("newton", &TimeAttempt::newton)
      .def_readonly("error", &TimeAttempt::error)
      .def_readonly("worst_dof", &TimeAttempt::worst_dof)
      .def_readonly("rate", &TimeAttempt::rate)
      .def_readonly("switching", &TimeAttempt::switching);
  py::class_<Transient>(m, "Transient")
      .def(py::init(
               [](const Assembly& assembly, const Array<Index>& node_rank,
                  std::vector<double> bulk_minority, double phi_weight, double phi_noise,
                  const py::object& back_end)
               {
                 return Transient(assembly, to_vector(node_rank), std::move(bulk_minority),
                                  phi_weight, phi_noise, make_back_end(back_end));
               }),
           "assembly"_a, "node_rank"_a.noconvert(), "bulk_minority"_a, "phi_weight"_a,
           "phi_noise"_a = 0.0, "back_end"_a = py::none())
      .def(
          "restart", [](Transient& t, double time, const Array<double>& u)
          { t.restart(time, state(u, t.assembly().discretization())); }, "time"_a,
          "u"_a.noconvert())
      .def(
          "restore",
          [](Transient& t, const std::vector<double>& times, const Array<double>& states)
          {
            const Index n = t.assembly().discretization().n_dofs();
            if (states.ndim() != 2 || states.shape(1) != n ||
                states.shape(0) != static_cast<py::ssize_t>(times.size()))
              throw std::invalid_argument("one state of all dofs per time is needed");
            std::vector<Vector> levels;
            for (py::ssize_t k = 0; k < states.shape(0); ++k)
              levels.push_back(Eigen::Map<const Vector>(states.data(k, 0), n));
            t.restore(times, levels);
          },
          "times"_a, "states"_a.noconvert())
      .def_property_readonly("time", &Transient::time)
      .def_property_readonly("times", &Transient::times)
      .def_property_readonly("states",
                             [](const Transient& t)
                             {
                               py::list states;
                               for (const Vector& u : t.states())
                                 states.append(to_numpy(u));
                               return states;
                             })
      .def(
          "set_fixed", [](Transient& t, Index dof, double value)
          { t.assembly().set_fixed(dof, value); }, "dof"_a, "value"_a)
      .def(
          "set_current", [](Transient& t, std::size_t terminal, double current)
          { t.assembly().set_current(terminal, current); }, "terminal"_a, "current"_a)
      .def(
          "attempt",
          [](Transient& t, double dt, int order, const NewtonControl& control,
             const py::object& callback, bool displaced)
          {
            const Poll poll = make_poll(callback);
            return unlocked([&] { return t.attempt(dt, order, displaced, control, poll); });
          },
          "dt"_a, "order"_a, "control"_a, "callback"_a, "displaced"_a = false)
      .def("accept", &Transient::accept)
      .def_property_readonly("assembly", &Transient::assembly,
                             py::return_value_policy::reference_internal)
      .def("currents", [](const Transient& t) { return to_numpy(t.currents()); });
}

} // namespace pyscl::bindings
