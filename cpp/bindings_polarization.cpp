#include "bindings.hpp"

namespace pyscl::bindings
{
namespace
{

using namespace pybind11::literals;

/// P and dP/dE at a field, in the frame of the crystal.
template <class Law, class... Memory>
py::tuple at_field(const Law& law, const std::array<double, 2>& field, const Memory*... memory)
{
  const Planar<Dual<2>> e{Dual<2>::variable(field[0], 0), Dual<2>::variable(field[1], 1)};
  const auto p = law(e, memory...);
  return py::make_tuple(std::array{p[0].value, p[1].value}, std::array{p[0].grad, p[1].grad});
}

template <class Law>
py::tuple without_memory(const Law& law, const std::array<double, 2>& field)
{
  return at_field(law, field);
}

} // namespace

void bind_polarization_laws(py::module_& m)
{
  py::class_<AnisotropicPolarization>(m, "AnisotropicPolarization")
      .def(py::init([](const Planar<double>& excess) { return AnisotropicPolarization{excess}; }),
           "excess"_a)
      .def("at", &without_memory<AnisotropicPolarization>, "field"_a);
  py::class_<JohnsonPolarization>(m, "JohnsonPolarization")
      .def(py::init([](double permittivity, double coefficient)
                    { return JohnsonPolarization{permittivity, coefficient}; }),
           "permittivity"_a, "coefficient"_a)
      .def("at", &without_memory<JohnsonPolarization>, "field"_a);
  py::class_<LangevinPolarization>(m, "LangevinPolarization")
      .def(py::init([](double saturation, double susceptibility)
                    { return LangevinPolarization{saturation, susceptibility}; }),
           "saturation"_a, "susceptibility"_a)
      .def("at", &without_memory<LangevinPolarization>, "field"_a);
  py::class_<HystereticPolarization>(m, "HystereticPolarization")
      .def(py::init(
               [](double saturation, double field, std::vector<double> weight,
                  std::vector<double> pinning)
               {
                 if (weight.empty() || weight.size() != pinning.size())
                   throw std::invalid_argument("one weight and one pinning per cell are needed");
                 return HystereticPolarization{saturation, field, std::move(weight),
                                               std::move(pinning)};
               }),
           "saturation"_a, "field"_a, "weight"_a, "pinning"_a)
      .def_property_readonly("n_cells", &HystereticPolarization::n_cells)
      .def(
          "at",
          [](const HystereticPolarization& law, const std::array<double, 2>& field,
             const std::vector<double>& memory)
          {
            if (memory.size() != law.n_cells())
              throw std::invalid_argument("one memory per cell is needed");
            return at_field(law, field, memory.data());
          },
          "field"_a, "memory"_a);
  py::class_<LandauPolarization>(m, "LandauPolarization")
      .def(py::init(
               [](const std::array<std::array<double, 5>, 5>& coefficient,
                  const std::array<double, 4>& gradient, double viscosity, double scale)
               {
                 return LandauPolarization{coefficient, gradient[0], gradient[1], gradient[2],
                                           gradient[3], viscosity,   scale};
               }),
           "coefficient"_a, "gradient"_a, "viscosity"_a, "scale"_a)
      .def_readonly("viscosity", &LandauPolarization::viscosity)
      .def_readonly("scale", &LandauPolarization::scale)
      .def("energy", &LandauPolarization::energy, "polarization"_a)
      .def("field", &LandauPolarization::field<double>, "polarization"_a)
      .def("stiffness", &LandauPolarization::stiffness, "polarization"_a)
      .def("gradient_energy", &LandauPolarization::gradient_energy, "gradient"_a);
}

void bind_polarization_fields(py::module_& m)
{
  py::class_<Switching>(m, "Switching")
      .def_readonly("change", &Switching::change)
      .def_readonly("dof", &Switching::dof)
      .def_readonly("rate", &Switching::rate);
  m.def(
      "switching",
      [](const Discretization& d, const Array<double>& before, const Array<double>& after)
      { return switching(d, state(before, d), state(after, d)); }, "discretization"_a,
      "before"_a.noconvert(), "after"_a.noconvert());
  m.def(
      "polarization_density", [](const Discretization& d, const Array<double>& u)
      { return to_numpy(polarization_density(d, state(u, d))); }, "discretization"_a,
      "u"_a.noconvert());
  m.def(
      "polarization_change",
      [](const Discretization& d, const Array<double>& u, const Array<double>& change)
      { return to_numpy(polarization_change(d, state(u, d), state(change, d))); },
      "discretization"_a, "u"_a.noconvert(), "change"_a.noconvert());
  m.def(
      "landau_energy",
      [](const Discretization& d, const Array<double>& u)
      {
        const LandauEnergy energy = landau_energy(d, state(u, d));
        return py::make_tuple(to_numpy(energy.bulk), to_numpy(energy.gradient),
                              to_numpy(energy.surface));
      },
      "discretization"_a, "u"_a.noconvert());
}

} // namespace pyscl::bindings
