// The module as Python sees it; only the files bindings*.cpp know Python. The GIL is released
// around assembly and solves.
#include "bindings.hpp"
#include "fields.hpp"

using namespace pyscl;
using namespace pyscl::bindings;
using namespace pybind11::literals;

namespace
{

void bind_laws(py::module_& m)
{
  py::class_<Boltzmann>(m, "Boltzmann").def(py::init<>());
  py::class_<LatticeGas>(m, "LatticeGas").def(py::init<>());
  py::class_<Blakemore>(m, "Blakemore")
      .def(py::init([](double gamma) { return Blakemore{gamma}; }), "gamma"_a);
  py::class_<FermiDiracHalf>(m, "FermiDiracHalf").def(py::init<>());
  py::class_<NonIdeal>(m, "NonIdeal")
      .def(py::init<std::vector<double>, std::vector<double>, std::vector<double>>(),
           "site_fraction"_a, "excess"_a, "slope"_a);

  py::enum_<Mobility>(m, "Mobility")
      .value("vacancy", Mobility::vacancy)
      .value("dilute", Mobility::dilute)
      .value("constant_conductivity", Mobility::constant_conductivity);

  bind_polarization_laws(m);
  py::class_<CarrierLaw>(m, "CarrierLaw")
      .def(py::init<int, double, double, double, double, Mobility, Statistics>(), "carrier"_a,
           "charge"_a, "site_density"_a, "standard_potential"_a, "diffusivity"_a, "mobility"_a,
           "statistics"_a);
  py::class_<RegionLaw>(m, "RegionLaw")
      .def(py::init<double, std::vector<CarrierLaw>, Polarization>(), "permittivity"_a,
           "carriers"_a, "polarization"_a = Polarization());

  py::class_<ContactResistance>(m, "ContactResistance")
      .def(py::init([](double conductance) { return ContactResistance{conductance}; }),
           "conductance"_a);
  py::class_<ButlerVolmer>(m, "ButlerVolmer")
      .def(py::init([](double rate, double symmetry, bool occupancy)
                    { return ButlerVolmer{rate, symmetry, occupancy}; }),
           "rate"_a, "symmetry"_a, "occupancy"_a);
  m.def(
      "interface_flux",
      [](const InterfaceLaw& law, const std::array<double, 3>& i, const std::array<double, 3>& j)
      {
        const auto side = [](const std::array<double, 3>& s, int first)
        {
          return InterfaceSide<Dual<6>>{Dual<6>::variable(s[0], first),
                                        Dual<6>::variable(s[1], first + 1),
                                        Dual<6>::variable(s[2], first + 2)};
        };
        const Dual<6> flux =
            std::visit([&](const auto& l) { return l(side(i, 0), side(j, 3)); }, law);
        return py::make_tuple(flux.value, flux.grad);
      },
      "law"_a, "i"_a, "j"_a);

  m.def(
      "occupancy",
      [](const Statistics& statistics, const Array<double>& eta)
      {
        Vector y(eta.size()), vacancy(eta.size()), slope(eta.size());
        std::visit(
            [&](const auto& law)
            {
              for (py::ssize_t k = 0; k < eta.size(); ++k)
              {
                const auto o = law(Dual<1>::variable(eta.data()[k], 0));
                y[k] = o.y.value, vacancy[k] = o.vacancy.value, slope[k] = o.y.grad[0];
              }
            },
            statistics);
        return py::make_tuple(to_numpy(y), to_numpy(vacancy), to_numpy(slope));
      },
      "statistics"_a, "eta"_a.noconvert());
  m.def(
      "bernoulli",
      [](const Array<double>& x)
      {
        Vector value(x.size()), slope(x.size());
        for (py::ssize_t k = 0; k < x.size(); ++k)
        {
          const Bernoulli b = bernoulli_with_slope(x.data()[k]);
          value[k] = b.value, slope[k] = b.slope;
        }
        return py::make_tuple(to_numpy(value), to_numpy(slope));
      },
      "x"_a.noconvert());
}

void bind_discretization(py::module_& m)
{
  py::enum_<Coordinates>(m, "Coordinates")
      .value("planar", Coordinates::planar)
      .value("axisymmetric", Coordinates::axisymmetric);

  py::class_<Discretization, std::shared_ptr<Discretization>>(m, "Discretization")
      .def(
          py::init(
              [](const Array<double>& points, const Array<Index>& triangles,
                 const Array<Index>& region, Coordinates coordinates,
                 std::vector<RegionLaw> regions, int n_carriers,
                 const std::vector<std::pair<int, Array<Index>>>& split,
                 const std::vector<Index>& terminal_nodes, const std::optional<Array<double>>& axes)
              {
                std::vector<SplitFacets> closed;
                for (const auto& [carrier, facets] : split)
                  closed.push_back({carrier, to_rows<Index, 2>(facets, "split facets")});
                return std::make_shared<Discretization>(
                    Mesh{to_rows<double, 2>(points, "points"),
                         to_rows<Index, 3>(triangles, "triangles"), to_vector(region), coordinates},
                    std::move(regions), n_carriers, closed, terminal_nodes,
                    axes ? to_rows<double, 2>(*axes, "axes")
                         : std::vector<std::array<double, 2>>(triangles.shape(0), {1.0, 0.0}));
              }),
          "points"_a.noconvert(), "triangles"_a.noconvert(), "region"_a.noconvert(),
          "coordinates"_a, "regions"_a, "n_carriers"_a, "split"_a, "terminal_nodes"_a,
          "axes"_a = py::none())
      .def(
          "add_layer",
          [](Discretization& d, const RegionLaw& law, const Array<Index>& ends,
             const Array<double>& measure, double thickness)
          {
            d.add_layer(law, {to_rows<Index, 2>(ends, "link ends"), to_vector(measure)}, thickness);
          },
          "law"_a, "ends"_a.noconvert(), "measure"_a.noconvert(), "thickness"_a)
      .def(
          "add_junction",
          [](Discretization& d, int carrier, const InterfaceLaw& law, const Array<Index>& ends,
             const Array<double>& measure)
          {
            d.add_junction(
                {carrier, law, {to_rows<Index, 2>(ends, "link ends"), to_vector(measure)}});
          },
          "carrier"_a, "law"_a, "ends"_a.noconvert(), "measure"_a.noconvert())
      .def(
          "edges",
          [](const Discretization& d, std::size_t region)
          {
            const RegionGraph& graph = d.graphs().at(region);
            return py::make_tuple(to_numpy(graph.edges), to_numpy(graph.edge_weight));
          },
          "region"_a)
      .def(
          "junction_links",
          [](const Discretization& d, std::size_t junction)
          {
            const Junction& j = d.junctions().at(junction);
            return py::make_tuple(j.carrier, to_numpy(j.links.ends), to_numpy(j.links.measure));
          },
          "junction"_a)
      .def(
          "permittivity", [](const Discretization& d, std::size_t region)
          { return d.regions().at(region).permittivity; }, "region"_a)
      .def_property_readonly("n_regions",
                             [](const Discretization& d) { return d.regions().size(); })
      .def_property_readonly("n_junctions",
                             [](const Discretization& d) { return d.junctions().size(); })
      .def("terminal_dof", &Discretization::terminal_dof, "terminal"_a, "carrier"_a)
      .def_property_readonly("site_phi",
                             [](const Discretization& d) { return to_numpy(d.site_phi()); })
      .def_property_readonly("n_nodes", &Discretization::n_nodes)
      .def_property_readonly("n_dofs", &Discretization::n_dofs)
      .def_property_readonly("n_sites", &Discretization::n_sites)
      .def_property_readonly("dof_node",
                             [](const Discretization& d) { return to_numpy(d.dof_node()); })
      .def_property_readonly("dof_carrier",
                             [](const Discretization& d) { return to_numpy(d.dof_carrier()); })
      .def_property_readonly("site_node",
                             [](const Discretization& d) { return to_numpy(d.site_node()); })
      .def_property_readonly("site_region",
                             [](const Discretization& d) { return to_numpy(d.site_region()); })
      .def_property_readonly("site_volume",
                             [](const Discretization& d) { return to_numpy(d.site_volume()); })
      .def_property_readonly(
          "site_dofs", [](const Discretization& d)
          { return to_numpy(d.site_dofs().data(), {d.n_sites(), d.n_carriers()}); })
      .def_property_readonly("triangle_sites",
                             [](const Discretization& d) { return to_numpy(d.triangle_sites()); })
      .def(
          "set_fixed_charge",
          [](Discretization& d, const Array<double>& background, const Array<double>& node_charge)
          {
            if (background.size() != d.n_sites() || node_charge.size() != d.n_nodes())
              throw std::invalid_argument("fixed charge: one value per site and one per node");
            d.background = to_vector(background);
            d.node_charge = to_vector(node_charge);
          },
          "background"_a.noconvert(), "node_charge"_a.noconvert())
      .def(
          "set_polarization",
          [](Discretization& d, const Array<double>& bound_charge,
             const Array<double>& surface_stiffness)
          {
            auto stiffness = to_rows<double, 3>(surface_stiffness, "surface stiffness");
            if (bound_charge.size() != d.n_sites() ||
                static_cast<Index>(stiffness.size()) != d.n_sites())
              throw std::invalid_argument("polarization: one value per site");
            d.bound_charge = to_vector(bound_charge);
            d.surface_stiffness = std::move(stiffness);
          },
          "bound_charge"_a.noconvert(), "surface_stiffness"_a.noconvert())
      .def_property_readonly("site_polar",
                             [](const Discretization& d) { return to_numpy(d.site_polar()); })
      .def_property_readonly("triangle_memory",
                             [](const Discretization& d) { return to_numpy(d.triangle_memory()); })
      .def(
          "site_fractions",
          [](const Discretization& d, int carrier, const Array<double>& u)
          {
            const SiteFractions f = site_fractions(d, carrier, state(u, d));
            return py::make_tuple(to_numpy(f.occupied), to_numpy(f.vacant));
          },
          "carrier"_a, "u"_a.noconvert())
      .def(
          "flux_density", [](const Discretization& d, int carrier, const Array<double>& u)
          { return to_numpy(flux_density(d, carrier, state(u, d))); }, "carrier"_a,
          "u"_a.noconvert())
      .def(
          "dissipation", [](const Discretization& d, int carrier, const Array<double>& u)
          { return dissipation(d, carrier, state(u, d)); }, "carrier"_a, "u"_a.noconvert())
      .def(
          "neutral_potential", [](const Discretization& d, const Array<double>& u)
          { return to_numpy(neutral_potential(d, state(u, d))); }, "u"_a.noconvert());

  bind_polarization_fields(m);
  m.def(
      "edge_weights",
      [](const Array<double>& points, const Array<Index>& triangles, Coordinates coordinates)
      {
        const Mesh mesh{to_rows<double, 2>(points, "points"),
                        to_rows<Index, 3>(triangles, "triangles"),
                        {},
                        coordinates};
        std::vector<std::array<double, 3>> weights, volumes;
        for (Index t = 0; t < static_cast<Index>(mesh.triangles.size()); ++t)
        {
          const TriangleGeometry g = triangle_geometry(mesh, t);
          weights.push_back(g.edge_weight);
          volumes.push_back(g.volume);
        }
        return py::make_tuple(to_numpy(weights), to_numpy(volumes));
      },
      "points"_a.noconvert(), "triangles"_a.noconvert(), "coordinates"_a);
}

void bind_assembly(py::module_& m)
{
  py::class_<Constraints>(m, "Constraints")
      .def(py::init(
               [](const Discretization& d, const Array<Index>& fixed,
                  const Array<double>& fixed_value, const Array<Index>& ties,
                  const Array<double>& tie_factor, const Array<double>& tie_offset)
               {
                 const auto pairs = to_rows<Index, 2>(ties, "ties");
                 const auto n_ties = static_cast<py::ssize_t>(pairs.size());
                 if (fixed.size() != fixed_value.size() || n_ties != tie_factor.size() ||
                     n_ties != tie_offset.size())
                   throw std::invalid_argument("constraints and their values differ in number");
                 std::vector<FixedDof> fixes;
                 for (py::ssize_t k = 0; k < fixed.size(); ++k)
                   fixes.push_back({fixed.data()[k], fixed_value.data()[k]});
                 std::vector<Tie> tied;
                 for (std::size_t k = 0; k < pairs.size(); ++k)
                   tied.push_back(
                       {pairs[k][0], pairs[k][1], {tie_factor.data()[k], tie_offset.data()[k]}});
                 return Constraints(d, fixes, tied);
               }),
           "discretization"_a, "fixed"_a.noconvert(), "fixed_value"_a.noconvert(),
           "ties"_a.noconvert(), "tie_factor"_a.noconvert(), "tie_offset"_a.noconvert())
      .def_property_readonly("n_free", &Constraints::n_free)
      .def_property_readonly("free_of_dof",
                             [](const Constraints& c) { return to_numpy(c.free_of_dof()); })
      .def(
          "expand", [](const Constraints& c, const Array<double>& z)
          { return to_numpy(c.expand(to_eigen(z, c.n_free()))); }, "z"_a.noconvert())
      .def(
          "restrict_state", [](const Constraints& c, const Array<double>& u)
          { return to_numpy(c.restrict_state(to_eigen(u, c.n_dofs()))); }, "u"_a.noconvert());

  py::class_<Inventory>(m, "Inventory")
      .def(py::init<int, std::vector<Index>, double>(), "carrier"_a, "dofs"_a, "amount"_a);
  py::enum_<Balance>(m, "Balance")
      .value("equilibrium", Balance::equilibrium)
      .value("steady", Balance::steady)
      .value("transient", Balance::transient);
  py::class_<DrivenTerminal>(m, "DrivenTerminal")
      .def(py::init([](Index dof, double current) { return DrivenTerminal{dof, current}; }),
           "dof"_a, "current"_a);

  py::class_<Assembly>(m, "Assembly")
      .def(py::init(
               [](std::shared_ptr<Discretization> d, Constraints c,
                  std::vector<Inventory> inventories, std::vector<DrivenTerminal> terminals,
                  Balance balance)
               {
                 return Assembly(d, std::move(c), std::move(inventories), std::move(terminals),
                                 balance);
               }),
           "discretization"_a, "constraints"_a, "inventories"_a, "terminals"_a, "balance"_a)
      .def_property_readonly("balance", &Assembly::balance)
      .def_property_readonly("free_of_dof", [](const Assembly& a)
                             { return to_numpy(a.constraints().free_of_dof()); })
      .def(
          "rows",
          [](const Assembly& a, const Array<double>& u)
          {
            const Vector x = state(u, a.discretization());
            return to_numpy(unlocked([&] { return a.rows(x); }));
          },
          "u"_a.noconvert())
      .def(
          "displacement", [](const Assembly& a, const Array<double>& u)
          { return to_numpy(a.displacement(state(u, a.discretization()))); }, "u"_a.noconvert())
      .def(
          "displacement_change",
          [](const Assembly& a, const Array<double>& u, const Array<double>& change)
          {
            const Discretization& d = a.discretization();
            return to_numpy(a.displacement_change(state(u, d), state(change, d)));
          },
          "u"_a.noconvert(), "change"_a.noconvert())
      .def(
          "start_from",
          [](Assembly& a, const Array<double>& u, double rate)
          {
            if (a.balance() == Balance::transient)
              throw std::invalid_argument("the past of a transient balance is that of its steps");
            TimeDerivative time;
            time.rate = rate;
            time.state = state(u, a.discretization());
            a.set_time_derivative(std::move(time));
          },
          "u"_a.noconvert(), "rate"_a = 0.0)
      .def(
          "residual",
          [](const Assembly& a, const Array<double>& u)
          {
            const Vector x = state(u, a.discretization());
            return to_numpy(unlocked([&] { return a.residual(x); }));
          },
          "u"_a.noconvert())
      .def(
          "residual_and_jacobian",
          [](const Assembly& a, const Array<double>& u)
          {
            const Vector x = state(u, a.discretization());
            SparseMatrix jacobian;
            const Vector r = unlocked([&] { return a.residual_and_jacobian(x, jacobian); });
            return py::make_tuple(to_numpy(r), to_numpy(jacobian.valuePtr(), {jacobian.nonZeros()}),
                                  to_numpy(jacobian.innerIndexPtr(), {jacobian.nonZeros()}),
                                  to_numpy(jacobian.outerIndexPtr(), {jacobian.cols() + 1}));
          },
          "u"_a.noconvert());
}

py::dict build_information()
{
  py::dict info;
  info["compiler"] = PYSCL_COMPILER;
  info["build_type"] = PYSCL_BUILD_TYPE;
  info["eigen"] = PYSCL_EIGEN_VERSION;
  return info;
}

} // namespace

PYBIND11_MODULE(_core, m)
{
  m.doc() = "The compiled core of pyscl. All quantities are in the scaled units of the core.";
  m.attr("__version__") = PYSCL_VERSION;
  bind_laws(m);
  bind_discretization(m);
  bind_assembly(m);
  bind_newton(m);
  bind_transient(m);
  bind_small_signal(m);
  bind_linear_solver(m);
  m.def("build_information", &build_information);
}
