#include "assembly.hpp"

#include "slot_writer.hpp"

#include <algorithm>
#include <limits>
#include <stdexcept>
#include <string>

namespace pyscl
{
namespace
{

/// The derivative with respect to eta = mu - z phi - mu0 spread onto (phi, mu).
Dual<4> lift(const Dual<1>& a, double charge, int phi_slot, int mu_slot)
{
  Dual<4> r(a.value);
  r.grad[phi_slot] = -charge * a.grad[0];
  r.grad[mu_slot] = a.grad[0];
  return r;
}

TransportState<Dual<4>> lift(const TransportState<Dual<1>>& s, double charge, int end)
{
  const int phi_slot = 2 * end, mu_slot = 2 * end + 1;
  return {lift(s.share, charge, phi_slot, mu_slot), lift(s.room, charge, phi_slot, mu_slot),
          lift(s.activity, charge, phi_slot, mu_slot), lift(s.vacancy, charge, phi_slot, mu_slot)};
}

/// Outflow from end i in the unknowns (phi_i, mu_i, phi_j, mu_j), without derivatives ...
double local_flux(const CarrierLaw& law, double mu_i, const TransportState<double>& i, double mu_j,
                  const TransportState<double>& j)
{
  return edge_flux(law.mobility, mu_i, i, mu_j, j);
}

/// ... and with them.
Dual<4> local_flux(const CarrierLaw& law, double mu_i, const TransportState<Dual<1>>& i,
                   double mu_j, const TransportState<Dual<1>>& j)
{
  return edge_flux(law.mobility, Dual<4>::variable(mu_i, 1), lift(i, law.charge, 0),
                   Dual<4>::variable(mu_j, 3), lift(j, law.charge, 1));
}

InterfaceSide<double> interface_side(double mu, const TransportState<double>* site, double, int)
{
  return site ? InterfaceSide<double>{mu, site->share, site->vacancy}
              : InterfaceSide<double>{mu, 1.0, 1.0};
}

InterfaceSide<Dual<4>> interface_side(double mu, const TransportState<Dual<1>>* site, double charge,
                                      int end)
{
  const int phi_slot = 2 * end, mu_slot = 2 * end + 1;
  const auto value = Dual<4>::variable(mu, mu_slot);
  if (!site)
    return {value, 1.0, 1.0};
  return {value, lift(site->share, charge, phi_slot, mu_slot),
          lift(site->vacancy, charge, phi_slot, mu_slot)};
}

bool is_site_limited(const Statistics& statistics)
{
  return std::visit([](const auto& law) { return std::decay_t<decltype(law)>::site_limited; },
                    statistics);
}

/// y - y_n, from the smaller of the occupied and the vacant share, which does not cancel.
template <class T>
T gain(const TimeDerivative::Past& past, const TransportState<T>& now)
{
  return past.vacancy < past.share ? past.vacancy - now.vacancy : now.share - past.share;
}

} // namespace

Assembly::Assembly(std::shared_ptr<const Discretization> discretization, Constraints constraints,
                   std::vector<Inventory> inventories, std::vector<DrivenTerminal> terminals,
                   Balance balance)
    : _discretization(std::move(discretization)), _constraints(std::move(constraints)),
      _inventories(std::move(inventories)), _terminals(std::move(terminals)), _balance(balance)
{
  _inventory_of_dof.assign(_discretization->n_dofs(), -1);
  for (std::size_t k = 0; k < _inventories.size(); ++k)
  {
    const Inventory& inventory = _inventories[k];
    for (Index dof : inventory.dofs)
      if (dof < 0 || dof >= _discretization->n_dofs())
        throw std::invalid_argument("inventory " + std::to_string(k) + " names dof " +
                                    std::to_string(dof) + " of " +
                                    std::to_string(_discretization->n_dofs()));
    if (inventory.dofs.empty() || _constraints.free(inventory.dofs.front()) < 0)
      throw std::invalid_argument("inventory " + std::to_string(k) +
                                  " is empty or held by a fixed electrochemical potential");
    _inventory_rows.push_back(_constraints.free(inventory.dofs.front()));
    for (Index dof : inventory.dofs)
      _inventory_of_dof[dof] = static_cast<Index>(k);
  }
  if (_balance == Balance::equilibrium)
    for (Index dof = 0; dof < _discretization->n_dofs(); ++dof)
      if (_discretization->dof_carrier()[dof] > electric && _constraints.free(dof) >= 0 &&
          std::find(_inventory_rows.begin(), _inventory_rows.end(), _constraints.free(dof)) ==
              _inventory_rows.end())
        throw std::invalid_argument("in equilibrium every electrochemical potential is fixed or "
                                    "tied to an inventory, dof " +
                                    std::to_string(dof) + " is not");
  _is_terminal_row.assign(_constraints.n_free(), 0);
  for (const DrivenTerminal& t : _terminals)
  {
    if (_constraints.free(t.dof) < 0)
      throw std::invalid_argument("the voltage of a terminal with a given current is fixed");
    _terminal_rows.push_back(_constraints.free(t.dof));
    _is_terminal_row[_terminal_rows.back()] = 1;
  }
  const Discretization& d = *_discretization;
  _pair_of.assign(d.regions().size() * d.n_carriers(), {0, 0.0});
  std::size_t pairs = 0;
  for (std::size_t r = 0; r < d.regions().size(); ++r)
    for (const CarrierLaw& law : d.regions()[r].carriers)
      _pair_of[r * d.n_carriers() + law.carrier] = {pairs++, law.charge};
  build_pattern();
}

bool Assembly::counts(Index row_dof) const
{
  const Index row = _constraints.free(row_dof);
  return row >= 0 && !(_balance == Balance::steady && _is_terminal_row[row] &&
                       _discretization->dof_carrier()[row_dof] == electric);
}

/// The memory of the past is a set of fixed values.
void Assembly::set_time_derivative(TimeDerivative time)
{
  _time = std::move(time);
  if (_time.state.size())
    for (Index dof = 0; dof < _discretization->n_dofs(); ++dof)
      if (_discretization->dof_carrier()[dof] == memory)
        _constraints.set_value(dof, _time.state[dof]);
}

template <class Scalar>
std::vector<SiteStates<Scalar>> Assembly::site_states(const Vector& u) const
{
  const Discretization& d = *_discretization;
  std::vector<SiteStates<Scalar>> states;
  visit_carriers(
      [&](const RegionGraph& graph, const CarrierLaw& law, std::size_t)
      {
        auto& region_states = states.emplace_back();
        region_states.reserve(graph.last_site - graph.first_site);
        std::visit(
            [&](const auto& statistics)
            {
              using Law = std::decay_t<decltype(statistics)>;
              for (Index s = graph.first_site; s < graph.last_site; ++s)
              {
                const double value = u[d.site_dof(s, law.carrier)] -
                                     law.charge * u[d.site_phi()[s]] - law.standard_potential;
                Scalar eta(value);
                if constexpr (!std::is_same_v<Scalar, double>)
                  eta.grad[0] = 1.0;
                region_states.push_back(transport_state<Law>(law.mobility, statistics(eta)));
              }
            },
            law.statistics);
      });
  return states;
}

void Assembly::add_displacement(const Vector& u, Vector& rows) const
{
  const Discretization& d = *_discretization;
  for (std::size_t r = 0; r < d.regions().size(); ++r)
  {
    const RegionGraph& graph = d.graphs()[r];
    for (std::size_t e = 0; e < graph.edges.size(); ++e)
    {
      const Index i = d.site_phi()[graph.edges[e][0]], j = d.site_phi()[graph.edges[e][1]];
      const double flux = graph.edge_weight[e] * d.regions()[r].permittivity * (u[i] - u[j]);
      rows[i] += flux;
      rows[j] -= flux;
    }
  }
}

/// Gauss's law: displacement along edges, immobile charge and charge of the carriers.
template <class Scalar>
void Assembly::add_gauss(const Vector& u, const std::vector<SiteStates<Scalar>>& states,
                         Vector& rows) const
{
  const Discretization& d = *_discretization;
  for (Index i = 0; i < d.n_nodes(); ++i)
    rows[i] -= d.node_charge[i];
  for (std::size_t r = 0; r < d.regions().size(); ++r)
  {
    const RegionGraph& graph = d.graphs()[r];
    for (Index s = graph.first_site; s < graph.last_site; ++s)
      rows[d.site_phi()[s]] -= d.site_volume()[s] * d.background[s] + d.bound_charge[s];
  }
  add_displacement(u, rows);
  visit_carriers(
      [&](const RegionGraph& graph, const CarrierLaw& law, std::size_t pair)
      {
        for (Index s = graph.first_site; s < graph.last_site; ++s)
          rows[d.site_phi()[s]] -= law.charge * law.site_density * d.site_volume()[s] *
                                   value_of(states[pair][s - graph.first_site].share);
      });
}

/// Gauss's law, gains and amounts of the carriers and, with derivatives, these slot by slot.
template <class Scalar>
void Assembly::add_storage(const Vector& u, const std::vector<SiteStates<Scalar>>& states,
                           Vector& rows, Vector& amounts, SlotWriter& add) const
{
  const Discretization& d = *_discretization;
  constexpr bool differentiate = !std::is_same_v<Scalar, double>;
  add_gauss(u, states, rows);
  visit_carriers(
      [&](const RegionGraph& graph, const CarrierLaw& law, std::size_t pair)
      {
        for (Index s = graph.first_site; s < graph.last_site; ++s)
        {
          const TransportState<Scalar>& state = states[pair][s - graph.first_site];
          const double capacity = d.site_volume()[s] * law.site_density;
          const Index mu = d.site_dof(s, law.carrier);
          if constexpr (differentiate)
          {
            const double dy = gauss_scale() * capacity * state.share.grad[0];
            add(law.charge * law.charge * dy);
            add(-law.charge * dy);
          }
          if (_balance == Balance::transient)
          {
            const TimeDerivative::Past& past = _time.amounts[pair][s - graph.first_site];
            const auto rate = _time.rate * capacity * gain(past, state);
            rows[mu] += value_of(rate) - past.carry;
            if constexpr (differentiate)
            {
              add(-law.charge * rate.grad[0]);
              add(rate.grad[0]);
            }
          }
          const Index inventory = _inventory_of_dof[mu];
          if (inventory < 0)
            continue;
          amounts[inventory] += capacity * value_of(state.share);
          if constexpr (differentiate)
          {
            const double dy = capacity * state.share.grad[0];
            add(-law.charge * dy);
            add(dy);
          }
        }
      });
  add_polarization_charge<Scalar>(u, rows, add);
  add_polarization_rates<Scalar>(u, rows, add);
}

/// Transport along edges and exchange across junctions, with their derivatives slot by slot.
template <class Scalar>
void Assembly::add_flow(const Vector& u, const std::vector<SiteStates<Scalar>>& states,
                        Vector& rows, SlotWriter& add, std::vector<EdgeFlux>* fluxes) const
{
  const Discretization& d = *_discretization;
  constexpr bool differentiate = !std::is_same_v<Scalar, double>;
  const auto pass = [&](Index phi_i, Index mu_i, Index phi_j, Index mu_j, const auto& flux)
  {
    rows[mu_i] += value_of(flux);
    rows[mu_j] -= value_of(flux);
    if constexpr (differentiate)
    {
      for (double sign : {1.0, -1.0})
        for (double derivative : flux.grad)
          add(sign * derivative);
      if (fluxes)
        fluxes->push_back({phi_i, mu_i, phi_j, mu_j, flux});
    }
  };

  visit_carriers(
      [&](const RegionGraph& graph, const CarrierLaw& law, std::size_t pair)
      {
        for (std::size_t e = 0; e < graph.edges.size(); ++e)
        {
          const auto [i, j] = graph.edges[e];
          const Index mu_i = d.site_dof(i, law.carrier), mu_j = d.site_dof(j, law.carrier);
          const double scale = graph.edge_weight[e] * law.site_density * law.diffusivity;
          pass(d.site_phi()[i], mu_i, d.site_phi()[j], mu_j,
               scale * local_flux(law, u[mu_i], states[pair][i - graph.first_site], u[mu_j],
                                  states[pair][j - graph.first_site]));
        }
      });

  for (const Junction& junction : d.junctions())
  {
    const int carrier = junction.carrier;
    const auto side = [&](Index site, int end)
    {
      const double mu = u[d.end_dof(site, carrier)];
      if (site < 0)
        return interface_side(mu, static_cast<const TransportState<Scalar>*>(nullptr), 0.0, end);
      const Index region = d.site_region()[site];
      const auto& [pair, charge] = _pair_of[region * d.n_carriers() + carrier];
      return interface_side(mu, &states[pair][site - d.graphs()[region].first_site], charge, end);
    };
    std::visit(
        [&](const auto& law)
        {
          for (std::size_t k = 0; k < junction.links.ends.size(); ++k)
          {
            const auto [i, j] = junction.links.ends[k];
            pass(d.end_phi(i), d.end_dof(i, carrier), d.end_phi(j), d.end_dof(j, carrier),
                 junction.links.measure[k] * law(side(i, 0), side(j, 1)));
          }
        },
        junction.law);
  }
}

/// All of the equations.
template <class Scalar>
void Assembly::accumulate(const Vector& u, Vector& rows, Vector& amounts, double* values,
                          std::vector<EdgeFlux>* fluxes) const
{
  if (_balance == Balance::transient && _time.rate == 0.0)
    throw std::invalid_argument("a transient balance needs a step in time");
  const std::vector<SiteStates<Scalar>> states = site_states<Scalar>(u);
  rows = Vector::Zero(_discretization->n_dofs());
  amounts = Vector::Zero(static_cast<Index>(_inventories.size()));
  SlotWriter add(_slots.data(), _slot_factors.empty() ? nullptr : _slot_factors.data(), values);
  add_storage(u, states, rows, amounts, add);
  if (_balance != Balance::equilibrium)
    add_flow(u, states, rows, add, fluxes);
  add_polarization_forces<Scalar>(u, rows, add);
}

Vector Assembly::rows(const Vector& u) const
{
  Vector rows, amounts;
  accumulate<double>(u, rows, amounts, nullptr, nullptr);
  return rows;
}

Vector Assembly::displacement(const Vector& u) const
{
  Vector result = Vector::Zero(_discretization->n_dofs());
  add_displacement(u, result);
  return result;
}

Vector Assembly::rows_of_charge(const Vector& u) const
{
  Vector result = Vector::Zero(_discretization->n_dofs());
  add_gauss(u, site_states<double>(u), result);
  SlotWriter nowhere(nullptr, nullptr, nullptr);
  add_polarization_charge<double>(u, result, nowhere);
  return result;
}

Vector Assembly::currents(const Vector& u) const
{
  Vector result = rows(u);
  const auto& carrier = _discretization->dof_carrier();
  for (Index i = 0; i < _discretization->n_dofs(); ++i)
    if (carrier[i] == electric)
      result[i] = _balance == Balance::transient ? _time.rate * result[i] - _time.charge[i] : 0.0;
  return result;
}

std::vector<std::vector<TimeDerivative::Past>> Assembly::past(const Vector& u) const
{
  std::vector<std::vector<TimeDerivative::Past>> result;
  const std::vector<SiteStates<double>> states = site_states<double>(u);
  visit_carriers(
      [&](const RegionGraph&, const CarrierLaw& law, std::size_t pair)
      {
        const bool limited = is_site_limited(law.statistics);
        auto& past = result.emplace_back();
        past.reserve(states[pair].size());
        for (const TransportState<double>& s : states[pair])
          past.push_back(
              {s.share, limited ? s.vacancy : std::numeric_limits<double>::infinity(), 0.0});
      });
  return result;
}

std::vector<std::vector<double>>
Assembly::gains(const std::vector<std::vector<TimeDerivative::Past>>& past, const Vector& u) const
{
  const Discretization& d = *_discretization;
  std::vector<std::vector<double>> result;
  const std::vector<SiteStates<double>> states = site_states<double>(u);
  visit_carriers(
      [&](const RegionGraph& graph, const CarrierLaw& law, std::size_t pair)
      {
        auto& gains = result.emplace_back();
        gains.reserve(states[pair].size());
        for (Index s = graph.first_site; s < graph.last_site; ++s)
        {
          const Index k = s - graph.first_site;
          gains.push_back(d.site_volume()[s] * law.site_density *
                          gain(past[pair][k], states[pair][k]));
        }
      });
  return result;
}

Vector Assembly::close(Vector rows, const Vector& amounts) const
{
  const auto& carrier = _discretization->dof_carrier();
  const double scale = gauss_scale();
  for (Index i = 0; i < _discretization->n_dofs(); ++i)
    if (!counts(i))
      rows[i] = 0.0;
    else if (scale != 1.0 && carrier[i] == electric)
    {
      rows[i] *= scale;
      if (_is_terminal_row[_constraints.free(i)])
        rows[i] -= _time.charge[i];
    }
  Vector r = _constraints.reduce(rows);
  for (std::size_t k = 0; k < _terminals.size(); ++k)
    r[_terminal_rows[k]] -= _constraints.factor(_terminals[k].dof) * _terminals[k].current;
  for (std::size_t k = 0; k < _inventories.size(); ++k)
    r[_inventory_rows[k]] = amounts[k] - _inventories[k].amount;
  return r;
}

Linearization Assembly::linearize(const Vector& u) const
{
  if (_balance != Balance::transient)
    throw std::invalid_argument("storage and flow are parts of a transient balance");
  Assembly unit = *this; // d/dt = 1
  unit.set_time_derivative({1.0, past(u), Vector::Zero(_discretization->n_dofs()), u, {}});
  const std::vector<SiteStates<Dual<1>>> states = site_states<Dual<1>>(u);
  Linearization result;
  Vector rows = Vector::Zero(_discretization->n_dofs());
  Vector amounts = Vector::Zero(static_cast<Index>(_inventories.size()));
  const double* factors = _slot_factors.empty() ? nullptr : _slot_factors.data();
  result.storage = _stiffness;
  SlotWriter storage(_slots.data(), factors, result.storage.valuePtr());
  unit.add_storage(u, states, rows, amounts, storage);
  result.flow = 0.0 * _stiffness;
  SlotWriter flow = storage.with_values(result.flow.valuePtr());
  result.outflow = Vector::Zero(_discretization->n_dofs());
  unit.add_flow(u, states, result.outflow, flow, &result.fluxes);
  unit.add_polarization_forces<Dual<1>>(u, result.outflow, flow);
  visit_carriers(
      [&](const RegionGraph& graph, const CarrierLaw& law, std::size_t pair)
      {
        auto& capacities = result.capacities.emplace_back();
        for (Index s = graph.first_site; s < graph.last_site; ++s)
          capacities.push_back(_discretization->site_volume()[s] * law.site_density *
                               states[pair][s - graph.first_site].share.grad[0]);
      });
  return result;
}

Vector Assembly::residual(const Vector& u) const
{
  Vector rows, amounts;
  accumulate<double>(u, rows, amounts, nullptr, nullptr);
  return close(std::move(rows), amounts);
}

Vector Assembly::residual_and_jacobian(const Vector& u, SparseMatrix& jacobian,
                                       std::vector<EdgeFlux>* fluxes) const
{
  jacobian = _stiffness;
  if (const double scale = gauss_scale(); scale != 1.0)
    jacobian *= scale;
  Vector rows, amounts;
  if (fluxes)
    fluxes->clear();
  accumulate<Dual<1>>(u, rows, amounts, jacobian.valuePtr(), fluxes);
  return close(std::move(rows), amounts);
}

} // namespace pyscl
