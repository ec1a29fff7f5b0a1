// Back ends of the linear solver that are written in Python; see pyscl/linear/back_end.py.
#pragma once

#include "factorization.hpp"

#include <pybind11/pybind11.h>

namespace pyscl::bindings
{

/// None stands for the built-in solver. May be called, and its result destroyed, with or without
/// the GIL.
std::shared_ptr<const BackEnd> make_back_end(const pybind11::object& back_end);

} // namespace pyscl::bindings
