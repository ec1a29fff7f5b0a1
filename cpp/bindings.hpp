// Between numpy and the core: arrays come in as C-contiguous numpy arrays of the exact dtype and go
// out as arrays that own their data.
#pragma once

#include "assembly.hpp"

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

namespace pyscl::bindings
{

namespace py = pybind11;

template <class T>
using Array = py::array_t<T, py::array::c_style>;

template <class T>
std::vector<T> to_vector(const Array<T>& a)
{
  return {a.data(), a.data() + a.size()};
}

template <class T, std::size_t N>
std::vector<std::array<T, N>> to_rows(const Array<T>& a, const char* name)
{
  if (a.ndim() != 2 || a.shape(1) != static_cast<py::ssize_t>(N))
    throw std::invalid_argument(std::string(name) + " must have shape (n, " + std::to_string(N) +
                                ")");
  std::vector<std::array<T, N>> rows(a.shape(0));
  std::copy(a.data(), a.data() + a.size(), reinterpret_cast<T*>(rows.data()));
  return rows;
}

inline Vector to_eigen(const Array<double>& a, Index size)
{
  if (a.size() != size)
    throw std::invalid_argument("the state has " + std::to_string(a.size()) + " values, expected " +
                                std::to_string(size));
  return Eigen::Map<const Vector>(a.data(), a.size());
}

inline Vector state(const Array<double>& u, const Discretization& d)
{
  return to_eigen(u, d.n_dofs());
}

template <class T>
py::array_t<T> to_numpy(const T* data, std::vector<py::ssize_t> shape)
{
  return py::array_t<T>(shape, data);
}

template <class T>
py::array_t<T> to_numpy(const std::vector<T>& v)
{
  return to_numpy(v.data(), {static_cast<py::ssize_t>(v.size())});
}

template <class T, std::size_t N>
py::array_t<T> to_numpy(const std::vector<std::array<T, N>>& v)
{
  return to_numpy(v.empty() ? nullptr : v.front().data(),
                  {static_cast<py::ssize_t>(v.size()), static_cast<py::ssize_t>(N)});
}

inline py::array_t<double> to_numpy(const Vector& v)
{
  return to_numpy(v.data(), {static_cast<py::ssize_t>(v.size())});
}

/// Runs `work` without the GIL.
template <class Work>
auto unlocked(Work work)
{
  py::gil_scoped_release release;
  return work();
}

void bind_linear_solver(py::module_& m);
void bind_newton(py::module_& m);
void bind_polarization_laws(py::module_& m);
void bind_polarization_fields(py::module_& m);
void bind_small_signal(py::module_& m);
void bind_transient(py::module_& m);

} // namespace pyscl::bindings
