// Threads that live no longer than the call that uses them.
#pragma once

#include <functional>

namespace pyscl
{

/// The processors this process may run on, or OMP_NUM_THREADS if that is a number from 1 on and
/// less.
int available_threads();

/// Calls body(item, worker) for every item below `count`, with worker < threads; the items are
/// taken in ascending order. Returns when all are done, and rethrows the first exception. The value
/// is the number of threads that ran, this one among them.
int parallel_for(int threads, int count, const std::function<void(int item, int worker)>& body);

} // namespace pyscl
