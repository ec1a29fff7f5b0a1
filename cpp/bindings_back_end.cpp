#include "bindings_back_end.hpp"

#include "bindings.hpp"

#include <pybind11/complex.h>

namespace pyscl::bindings
{
namespace
{

/// A reference that a thread without the GIL may drop.
struct Held
{
  py::object object;

  explicit Held(py::object given) : object(std::move(given)) {}
  Held(const Held&) = delete;
  Held& operator=(const Held&) = delete;
  ~Held()
  {
    py::gil_scoped_acquire acquire;
    object = py::object();
  }
};

/// Factors that a Python object keeps. Its exceptions pass through the core as they are.
template <class Scalar>
class PythonFactorization final : public Factorization<Scalar>
{
public:
  using typename Factorization<Scalar>::Matrix;
  using typename Factorization<Scalar>::Column;

  explicit PythonFactorization(py::object object) : _held(std::make_unique<Held>(std::move(object)))
  {
  }

  bool factorize(const Matrix& matrix) override
  {
    py::gil_scoped_acquire acquire;
    const py::object done =
        _held->object.attr("factorize")(to_numpy(matrix.valuePtr(), {matrix.nonZeros()}));
    if (!py::isinstance<py::bool_>(done))
      throw py::type_error("factorize() of a linear solver back end must return a bool");
    return done.cast<bool>();
  }

  Column solve(const Column& right_hand_side) const override
  {
    py::gil_scoped_acquire acquire;
    const auto n = static_cast<py::ssize_t>(right_hand_side.size());
    const py::object given = _held->object.attr("solve")(to_numpy(right_hand_side.data(), {n}));
    if (!py::isinstance<Array<Scalar>>(given) || given.cast<Array<Scalar>>().size() != n)
      throw py::type_error("solve() of a linear solver back end must return an array of " +
                           std::to_string(n) + " values of the type of its argument");
    return Eigen::Map<const Column>(given.cast<Array<Scalar>>().data(), n);
  }

  std::int64_t fill() const override
  {
    py::gil_scoped_acquire acquire;
    return _held->object.attr("fill").template cast<std::int64_t>();
  }

private:
  std::unique_ptr<Held> _held;
};

class PythonBackEnd final : public BackEnd
{
public:
  explicit PythonBackEnd(py::object object) : _held(std::make_unique<Held>(std::move(object))) {}

  Factors<double> analyse(const Eigen::SparseMatrix<double>& pattern) const override
  {
    return analyse_as<double>(pattern);
  }

  Factors<std::complex<double>>
  analyse(const Eigen::SparseMatrix<std::complex<double>>& pattern) const override
  {
    return analyse_as<std::complex<double>>(pattern);
  }

private:
  template <class Scalar>
  Factors<Scalar> analyse_as(const Eigen::SparseMatrix<Scalar>& pattern) const
  {
    py::gil_scoped_acquire acquire;
    return std::make_unique<PythonFactorization<Scalar>>(_held->object.attr("analyse")(
        to_numpy(pattern.innerIndexPtr(), {pattern.nonZeros()}),
        to_numpy(pattern.outerIndexPtr(), {pattern.cols() + 1}), py::dtype::of<Scalar>()));
  }

  std::unique_ptr<Held> _held;
};

} // namespace

std::shared_ptr<const BackEnd> make_back_end(const py::object& back_end)
{
  if (back_end.is_none())
    return nullptr;
  return std::make_shared<PythonBackEnd>(back_end);
}

} // namespace pyscl::bindings
