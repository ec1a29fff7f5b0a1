#include "bindings.hpp"
#include "bindings_back_end.hpp"
#include "small_signal.hpp"

#include <pybind11/complex.h>

#include <numeric>
#include <optional>

namespace pyscl::bindings
{
namespace
{

using namespace pybind11::literals;

py::array_t<std::complex<double>> rows_of_groups(const SmallSignal::Matrix& columns)
{
  return to_numpy(columns.data(), {columns.cols(), columns.rows()});
}

template <class Value, class Get>
py::array_t<Value> of_fluxes(const SmallSignal& s, Get get)
{
  std::vector<std::array<Value, 4>> rows;
  for (const EdgeFlux& flux : s.linearization().fluxes)
    rows.push_back(get(flux));
  return to_numpy(rows);
}

} // namespace

void bind_small_signal(py::module_& m)
{
  py::class_<SmallSignal>(m, "SmallSignal")
      .def(py::init(
               [](const Assembly& assembly, const Array<double>& u, const Array<Index>& node_rank,
                  const py::object& given)
               {
                 const Vector at = state(u, assembly.discretization());
                 const std::vector<Index> rank = to_vector(node_rank);
                 if (static_cast<Index>(rank.size()) != assembly.discretization().n_nodes())
                   throw std::invalid_argument("node_rank needs one entry per node");
                 const auto back_end = make_back_end(given);
                 return unlocked(
                     [&] { return std::make_unique<SmallSignal>(assembly, at, rank, back_end); });
               }),
           "assembly"_a, "u"_a.noconvert(), "node_rank"_a.noconvert(), "back_end"_a = py::none())
      .def_property_readonly("count", &SmallSignal::count)
      .def_property_readonly("group", [](const SmallSignal& s) { return to_numpy(s.group()); })
      .def(
          "solve",
          [](const SmallSignal& s, std::complex<double> rate,
             const std::optional<std::vector<Index>>& given)
          {
            std::vector<Index> driven(s.n_groups());
            std::iota(driven.begin(), driven.end(), 0);
            if (given)
              driven = *given;
            const auto response = unlocked([&] { return s.solve(rate, driven); });
            return py::make_tuple(rows_of_groups(response.unknowns),
                                  rows_of_groups(response.admittance));
          },
          "rate"_a, "driven"_a = py::none())
      .def(
          "change_within", [](const SmallSignal& s, double time)
          { return to_numpy(unlocked([&] { return s.change_within(time); })); }, "time"_a)
      .def_property_readonly("flux_dofs",
                             [](const SmallSignal& s)
                             {
                               return of_fluxes<Index>(
                                   s, [](const EdgeFlux& f)
                                   { return std::array{f.phi_i, f.mu_i, f.phi_j, f.mu_j}; });
                             })
      .def_property_readonly(
          "flux_gradients", [](const SmallSignal& s)
          { return of_fluxes<double>(s, [](const EdgeFlux& f) { return f.flux.grad; }); })
      .def_property_readonly("capacities",
                             [](const SmallSignal& s)
                             {
                               std::vector<double> all;
                               for (const auto& values : s.linearization().capacities)
                                 all.insert(all.end(), values.begin(), values.end());
                               return to_numpy(all);
                             });
}

} // namespace pyscl::bindings
