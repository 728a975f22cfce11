// The guard of one command. Everything between the fork and _exit is safe in the child of a process with threads: system calls, no allocation,
// no locks. See CProcess.h for what it promises.
#define _GNU_SOURCE
#include "CProcess.h"
#include "descendants.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifndef CLOSE_RANGE_CLOEXEC
#define CLOSE_RANGE_CLOEXEC (1U << 2)
#endif

// What is left after KILL for this long is out of our power: another user's, or stuck in the kernel.
#define KILL_PATIENCE_MS 10000
#define KILL_PASS_MS 20
#define KERNEL_SIGNALS 64
#define OUTPUT_PIPE_BYTES (1 << 20)

enum phase { RUNNING, TERMINATING, KILLING };

struct state {
    const struct doorbell_guard_request *request;
    int events;
    int lifeline;
    int children;
    pid_t command;
    enum phase phase;
    int64_t deadline;
};

static int64_t now_ms(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

static void tell(const struct state *state, int32_t kind, int32_t value) {
    struct doorbell_guard_event event = {kind, value};
    // SIGPIPE is blocked; a reader that is gone shows as the end of the lifeline.
    while (write(state->events, &event, sizeof event) < 0 && errno == EINTR) {}
}

static void close_range_or_all(unsigned first, unsigned last, unsigned flags) {
    if (first > last) return;
    if (syscall(SYS_close_range, first, last, flags) == 0) return;
    // Kernels before 5.9.
    struct rlimit limit;
    unsigned end = 65536;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < end) end = (unsigned)limit.rlim_cur;
    for (unsigned number = first; number <= last && number < end; number++) {
        if (flags & CLOSE_RANGE_CLOEXEC) fcntl((int)number, F_SETFD, FD_CLOEXEC);
        else close((int)number);
    }
}

static void close_all_but(int *kept, int count) {
    for (int i = 1; i < count; i++) {
        for (int j = i; j > 0 && kept[j - 1] > kept[j]; j--) {
            int swapped = kept[j];
            kept[j] = kept[j - 1];
            kept[j - 1] = swapped;
        }
    }
    unsigned next = 0;
    for (int i = 0; i < count; i++) {
        if (kept[i] < 0) continue;
        if ((unsigned)kept[i] > next) close_range_or_all(next, (unsigned)kept[i] - 1, 0);
        next = (unsigned)kept[i] + 1;
    }
    close_range_or_all(next, ~0U, 0);
}

// Copies of descriptors 0 to 2 would be lost when the command's own are put there.
static int above_standard(int descriptor) {
    if (descriptor < 0 || descriptor > 2) return descriptor;
    return fcntl(descriptor, F_DUPFD_CLOEXEC, 3);
}

struct failure {
    int32_t kind;
    int32_t number;
};

// The kernel's own call: the C library refuses the signals that it keeps for itself, which may be ignored by inheritance.
static void reset_signals(void) {
    unsigned long standard[4] = {0};
    for (int number = 1; number <= KERNEL_SIGNALS; number++) syscall(SYS_rt_sigaction, number, standard, NULL, KERNEL_SIGNALS / 8);
}

__attribute__((noreturn)) static void become_command(
    const struct doorbell_guard_request *request, int input, int output, int errors, pid_t guard, volatile struct failure *failure) {
    setsid();
    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    if (getppid() != guard) _exit(127);
    dup2(input, 0);
    dup2(output, 1);
    dup2(errors, 2);
    close_range_or_all(3, ~0U, CLOSE_RANGE_CLOEXEC);
    reset_signals();
    if (request->directory && chdir(request->directory) != 0) {
        failure->kind = DOORBELL_GUARD_NO_DIRECTORY;
        failure->number = errno;
        _exit(127);
    }
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    execve(request->program, request->arguments, request->environment);
    failure->kind = DOORBELL_GUARD_NO_PROGRAM;
    failure->number = errno;
    _exit(127);
}

// vfork is right here: the guard has one thread and must not copy the page tables of a large worker a second time.
static int start_command(struct state *state, int input, int output, int errors) {
    volatile struct failure failure = {0, 0};
    pid_t self = getpid();
    pid_t command = vfork();
    if (command == 0) become_command(state->request, input, output, errors, self, &failure);
    if (command < 0) {
        tell(state, DOORBELL_GUARD_NO_PROCESS, errno);
        return -1;
    }
    if (failure.kind != 0) {
        waitpid(command, NULL, 0);
        tell(state, failure.kind, failure.number);
        return -1;
    }
    state->command = command;
    tell(state, DOORBELL_GUARD_STARTED, command);
    return 0;
}

static void terminate(struct state *state, uint32_t grace) {
    state->phase = TERMINATING;
    state->deadline = now_ms() + grace;
    doorbell_signal_descendants(state->command, SIGTERM);
    // What is stopped could not act on it.
    doorbell_signal_descendants(state->command, SIGCONT);
}

static void begin_killing(struct state *state) {
    if (state->phase == KILLING) return;
    state->phase = KILLING;
    state->deadline = now_ms() + KILL_PATIENCE_MS;
    doorbell_signal_descendants(state->command, SIGKILL);
}

// Returns 1 when no child is left.
static int reap(struct state *state) {
    for (;;) {
        int status;
        pid_t child = waitpid(-1, &status, WNOHANG);
        if (child < 0 && errno == EINTR) continue;
        if (child < 0) return 1;
        if (child == 0) return 0;
        if (child != state->command) continue;
        state->command = -1;
        if (WIFSIGNALED(status)) tell(state, DOORBELL_GUARD_SIGNALLED, WTERMSIG(status));
        else tell(state, DOORBELL_GUARD_EXITED, WEXITSTATUS(status));
    }
}

static void hear(struct state *state) {
    char commands[16];
    ssize_t count = read(state->lifeline, commands, sizeof commands);
    if (count < 0 && (errno == EINTR || errno == EAGAIN)) return;
    if (count <= 0) {
        close(state->lifeline);
        state->lifeline = -1;
        begin_killing(state);
        return;
    }
    for (ssize_t i = 0; i < count; i++) {
        if (commands[i] == 'K') begin_killing(state);
        else if (state->phase == RUNNING) terminate(state, state->request->grace_ms);
    }
}

static void watch(struct state *state) {
    for (;;) {
        pid_t before = state->command;
        if (reap(state)) return;
        if (before > 0 && state->command < 0 && state->phase == RUNNING) terminate(state, state->request->leftover_grace_ms);
        int64_t time = now_ms();
        int wait = -1;
        if (state->phase == TERMINATING) {
            if (time >= state->deadline) begin_killing(state);
            else wait = (int)(state->deadline - time);
        }
        if (state->phase == KILLING) {
            if (time >= state->deadline) return;
            wait = KILL_PASS_MS;
        }
        struct pollfd watched[2] = {{state->children, POLLIN, 0}, {state->lifeline, POLLIN, 0}};
        int ready = poll(watched, 2, wait);
        if (ready > 0 && watched[0].revents) {
            struct signalfd_siginfo ignored[8];
            (void)!read(state->children, ignored, sizeof ignored);
        }
        if (ready > 0 && watched[1].revents) hear(state);
        // Whoever was forked between a look and the signal is met by the next pass.
        if (state->phase == KILLING) doorbell_signal_descendants(state->command, SIGKILL);
    }
}

__attribute__((noreturn)) static void guard_main(
    const struct doorbell_guard_request *request, int output, int errors, int events, int lifeline) {
    prctl(PR_SET_NAME, "doorbell-guard", 0, 0, 0);
    // Out of the terminal's process group: its interrupts are the worker's business.
    setsid();
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    struct sigaction standard = {.sa_handler = SIG_DFL};
    sigaction(SIGCHLD, &standard, NULL);

    output = above_standard(output);
    errors = above_standard(errors);
    struct state state = {.request = request, .events = above_standard(events), .lifeline = above_standard(lifeline), .command = -1};
    int input = above_standard(request->input);
    int keep = above_standard(request->keep);
    int kept[6] = {output, errors, state.events, state.lifeline, input, keep};
    close_all_but(kept, 6);
    int null = open("/dev/null", O_RDWR);
    for (int number = 0; number < 3; number++) {
        if (null != number) dup2(null, number);
    }
    if (null > 2) close(null);

    sigset_t child;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    state.children = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
    if (start_command(&state, input < 0 ? 0 : input, output, errors < 0 ? output : errors) != 0) _exit(0);
    close(output);
    if (errors >= 0) close(errors);
    if (input >= 0) close(input);
    watch(&state);
    _exit(0);
}

static void close_both(int pair[2]) {
    if (pair[0] >= 0) close(pair[0]);
    if (pair[1] >= 0) close(pair[1]);
}

int doorbell_guard_spawn(const struct doorbell_guard_request *request, struct doorbell_guard *guard) {
    int output[2] = {-1, -1}, errors[2] = {-1, -1}, events[2] = {-1, -1}, lifeline[2] = {-1, -1};
    int problem = 0;
    if (pipe2(output, O_CLOEXEC) != 0 || pipe2(events, O_CLOEXEC) != 0 || pipe2(lifeline, O_CLOEXEC) != 0
        || (request->separate_errors && pipe2(errors, O_CLOEXEC) != 0)) {
        problem = errno;
        goto failed;
    }
    // Fewer turns for much output; a refusal does no harm.
    fcntl(output[0], F_SETPIPE_SZ, OUTPUT_PIPE_BYTES);
    fcntl(output[0], F_SETFL, O_NONBLOCK);
    fcntl(events[0], F_SETFL, O_NONBLOCK);
    fcntl(lifeline[1], F_SETFL, O_NONBLOCK);
    if (errors[0] >= 0) fcntl(errors[0], F_SETFL, O_NONBLOCK);

    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 34)
    pid_t process = _Fork();
#else
    pid_t process = fork();
#endif
    if (process == 0) guard_main(request, output[1], errors[1], events[1], lifeline[0]);
    problem = process < 0 ? errno : 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (problem) goto failed;

    close(output[1]);
    close(events[1]);
    close(lifeline[0]);
    if (errors[1] >= 0) close(errors[1]);
    *guard = (struct doorbell_guard){process, output[0], errors[0], events[0], lifeline[1]};
    return 0;

failed:
    close_both(output);
    close_both(errors);
    close_both(events);
    close_both(lifeline);
    return problem;
}

void doorbell_guard_reap(pid_t process) {
    while (waitpid(process, NULL, 0) < 0 && errno == EINTR) {}
}
