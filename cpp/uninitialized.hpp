// Memory for large arrays that are written before they are read.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <memory>
#include <new>

namespace pyscl
{

/// `size` values that are not initialised, aligned to lines of the cache.
template <class T>
class Uninitialized
{
public:
  Uninitialized() = default;
  explicit Uninitialized(std::size_t size)
  {
    constexpr std::size_t line = 64;
    const std::size_t bytes = (size * sizeof(T) + line) / line * line;
    _values.reset(static_cast<T*>(std::aligned_alloc(line, bytes)));
    if (!_values)
      throw std::bad_alloc();
  }
  T* data() { return _values.get(); }
  const T* data() const { return _values.get(); }

private:
  struct Free
  {
    void operator()(T* values) const { std::free(values); }
  };
  std::unique_ptr<T[], Free> _values;
};

} // namespace pyscl
