#ifndef DOORBELL_DESCENDANTS_H
#define DOORBELL_DESCENDANTS_H

#include <sys/types.h>

/* Sends a signal to every descendant of the calling process, and to the process group of `command` unless that is -1. Async-signal-safe; needs a
   process with one thread, since it works in static memory. */
void doorbell_signal_descendants(pid_t command, int signal);

#endif
