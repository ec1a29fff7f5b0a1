#include "bindings.hpp"
#include "bindings_back_end.hpp"
#include "linear_solver.hpp"

#include <pybind11/complex.h>

#include <stdexcept>

namespace pyscl::bindings
{
namespace
{

using namespace pybind11::literals;

template <class Scalar>
void bind(py::module_& m, const char* name)
{
  using Solver = LinearSolver<Scalar>;
  using Matrix = typename Solver::Matrix;
  // A solver, the pattern that its values belong to, and whether it has factors.
  struct Bound
  {
    Matrix matrix;
    Solver solver;
    bool ready = false;
  };
  py::class_<Bound>(m, name)
      .def(py::init(
               [](const Array<Index>& rows, const Array<Index>& column_begins,
                  const Array<Index>& order, const py::object& given)
               {
                 const py::ssize_t n = column_begins.size() - 1;
                 Matrix matrix(n, n);
                 matrix.resizeNonZeros(rows.size());
                 std::copy_n(column_begins.data(), n + 1, matrix.outerIndexPtr());
                 std::copy_n(rows.data(), rows.size(), matrix.innerIndexPtr());
                 std::fill_n(matrix.valuePtr(), rows.size(), Scalar(1));
                 const auto back_end = make_back_end(given);
                 Solver solver(matrix, to_vector(order), back_end.get());
                 return std::make_unique<Bound>(Bound{std::move(matrix), std::move(solver)});
               }),
           "rows"_a.noconvert(), "column_begins"_a.noconvert(), "order"_a.noconvert(),
           "back_end"_a = py::none())
      .def(
          "use_threads", [](Bound& b, int most) { b.solver.use_threads(most); }, "most"_a)
      .def(
          "factorize",
          [](Bound& b, const Array<Scalar>& values)
          {
            if (values.size() != b.matrix.nonZeros())
              throw std::invalid_argument("one value per entry of the pattern is needed");
            b.ready = false;
            std::copy_n(values.data(), values.size(), b.matrix.valuePtr());
            b.ready = unlocked([&] { return b.solver.factorize(b.matrix); });
            return b.ready;
          },
          "values"_a.noconvert())
      .def(
          "solve",
          [](Bound& b, const Array<Scalar>& right_hand_side)
          {
            if (right_hand_side.size() != b.matrix.cols())
              throw std::invalid_argument("one value per row is needed");
            if (!b.ready)
              throw std::logic_error("there are no factors to solve with: call factorize() first, "
                                     "and solve only where it returned True");
            const typename Solver::Column x =
                b.solver.solve(Eigen::Map<const typename Solver::Column>(right_hand_side.data(),
                                                                         right_hand_side.size()));
            return to_numpy(x.data(), {static_cast<py::ssize_t>(x.size())});
          },
          "right_hand_side"_a.noconvert())
      .def_property_readonly("threads_run", [](const Bound& b) { return b.solver.threads_run(); })
      .def_property_readonly("fill", [](const Bound& b) { return b.solver.fill(); })
      .def_property_readonly("solved_by", [](const Bound& b) { return b.solver.solved_by(); });
}

} // namespace

void bind_linear_solver(py::module_& m)
{
  bind<double>(m, "LinearSolver");
  bind<std::complex<double>>(m, "ComplexLinearSolver");
}

} // namespace pyscl::bindings
