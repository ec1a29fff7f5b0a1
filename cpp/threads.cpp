#include "threads.hpp"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>
#ifdef __linux__
#include <sched.h>
#endif

namespace pyscl
{
namespace
{

int allowed_processors()
{
#ifdef __linux__
  cpu_set_t allowed;
  if (sched_getaffinity(0, sizeof allowed, &allowed) == 0)
    return CPU_COUNT(&allowed);
#endif
  return static_cast<int>(std::thread::hardware_concurrency());
}

} // namespace

int available_threads()
{
  const char* wanted = std::getenv("OMP_NUM_THREADS");
  const int most = wanted ? std::atoi(wanted) : 0;
  const int allowed = std::max(1, allowed_processors());
  return most > 0 ? std::min(most, allowed) : allowed;
}

void parallel_for(int threads, int count, const std::function<void(int, int)>& body)
{
  std::atomic<int> next = 0;
  std::exception_ptr failure;
  std::mutex mutex;
  const auto work = [&](int worker)
  {
    try
    {
      for (int item = next++; item < count; item = next++)
        body(item, worker);
    }
    catch (...)
    {
      const std::lock_guard lock(mutex);
      failure = failure ? failure : std::current_exception();
      next = count;
    }
  };
  {
    std::vector<std::jthread> others;
    try
    {
      for (int worker = 1; worker < std::min(threads, count); ++worker)
        others.emplace_back(work, worker);
    }
    catch (const std::system_error&)
    {
      // No more threads to be had: those that run do the work.
    }
    work(0);
  }
  if (failure)
    std::rethrow_exception(failure);
}

} // namespace pyscl
