#ifndef DOORBELL_CPROCESS_H
#define DOORBELL_CPROCESS_H

#include <stdint.h>
#include <sys/types.h>

/*
 * Commands that cannot outlive whoever started them.
 *
 * `doorbell_guard_spawn` forks a small guard process, which starts the command and stays until the last descendant of the command is gone.
 * The guard is a subreaper, so whatever forks into the background, detaches or starts a session of its own still becomes the guard's child and
 * is ended with the command. It holds the reading end of a lifeline: when the other end closes, for whatever reason, everything is killed.
 */

/* What happened, written by the guard to the events pipe; the end of that pipe says that the guard is gone and with it all descendants. */
enum doorbell_guard_event_kind {
    /* The command runs; value is its process id. */
    DOORBELL_GUARD_STARTED = 1,
    /* The working directory could not be entered; value is the errno. No other event follows. */
    DOORBELL_GUARD_NO_DIRECTORY = 2,
    /* The program could not be executed; value is the errno. No other event follows. */
    DOORBELL_GUARD_NO_PROGRAM = 3,
    /* No process could be made; value is the errno. No other event follows. */
    DOORBELL_GUARD_NO_PROCESS = 4,
    /* The command itself exited; value is its exit status. Descendants may still be ending. */
    DOORBELL_GUARD_EXITED = 5,
    /* The command itself was ended by a signal; value is its number. Descendants may still be ending. */
    DOORBELL_GUARD_SIGNALLED = 6,
};

struct doorbell_guard_event {
    int32_t kind;
    int32_t value;
};

struct doorbell_guard_request {
    /* The path of the program; no search is made. */
    const char *program;
    char *const *arguments;
    char *const *environment;
    /* Null: the caller's. */
    const char *directory;
    /* A descriptor to read from, which stays the caller's; -1 is /dev/null. */
    int input;
    /* Not 0: standard error has a pipe of its own; else it is written to that of standard output. */
    int separate_errors;
    /* A descriptor that the guard keeps open while anything is left of the command (a locked file, for instance); -1 for none. */
    int keep;
    /* How long what was asked to end has before it is killed: the command, and what it leaves behind when it ends by itself. */
    uint32_t grace_ms;
    uint32_t leftover_grace_ms;
};

/* The caller's ends; all are close-on-exec, those to read from are non-blocking. */
struct doorbell_guard {
    /* To be reaped with `doorbell_guard_reap`. */
    pid_t process;
    int output;
    /* -1 unless asked for. */
    int errors;
    int events;
    /* One byte asks for the end: 'T' terminates and kills after the grace, 'K' kills at once. Closing it kills at once. */
    int lifeline;
};

/* Returns 0, or the errno. Blocks for the time of a fork. */
int doorbell_guard_spawn(const struct doorbell_guard_request *request, struct doorbell_guard *guard);

/* Waits until the guard is gone; call it after the end of the events. */
void doorbell_guard_reap(pid_t process);

#endif
