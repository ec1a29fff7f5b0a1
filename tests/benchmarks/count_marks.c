/* Marks for callgrind: what runs between start() and stop(name) is counted and written down. */
#include <valgrind/callgrind.h>

void start(void)
{
  CALLGRIND_START_INSTRUMENTATION;
  CALLGRIND_ZERO_STATS;
}

void stop(const char* name)
{
  CALLGRIND_DUMP_STATS_AT(name);
  CALLGRIND_STOP_INSTRUMENTATION;
}

int is_counted(void)
{
  return RUNNING_ON_VALGRIND;
}
