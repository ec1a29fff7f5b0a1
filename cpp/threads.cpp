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
  const int allowed = std::max(1, allowed_processors());
  const char* wanted = std::getenv("OMP_NUM_THREADS");
  if (!wanted)
    return allowed;
  // A list gives one number per level, of which the first counts. What no number begins is as if
  // it were not set; one too large for a long comes back as the largest and limits nothing.
  char* end = nullptr;
  const long most = std::strtol(wanted, &end, 10);
  while (*end == ' ' || *end == '\t')
    ++end;
  const bool is_number = end != wanted && (*end == '\0' || *end == ',');
  return is_number && most > 0 ? static_cast<int>(std::min<long>(most, allowed)) : allowed;
}

int parallel_for(int threads, int count, const std::function<void(int, int)>& body)
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
  int running = 1;
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
    running += static_cast<int>(others.size());
    work(0);
  }
  if (failure)
    std::rethrow_exception(failure);
  return running;
}

} // namespace pyscl
