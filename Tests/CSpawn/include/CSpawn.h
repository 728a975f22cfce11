#ifndef DOORBELL_CSPAWN_H
#define DOORBELL_CSPAWN_H

#include <sys/types.h>

/*
 * Starts a program in a directory, without blocked signals and with no descriptor but its standard input (/dev/null), output and errors.
 * Returns 0 and its process id, or the errno.
 */
int doorbell_spawn(
    const char *program, char *const *arguments, char *const *environment, const char *directory, int output, int errors, pid_t *process);

#endif
