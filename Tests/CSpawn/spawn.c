#define _GNU_SOURCE
#include "CSpawn.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>

static int prepare(posix_spawn_file_actions_t *actions, const char *directory, int output, int errors) {
    int failure = posix_spawn_file_actions_addopen(actions, 0, "/dev/null", O_RDONLY, 0);
    if (failure == 0) failure = posix_spawn_file_actions_adddup2(actions, output, 1);
    if (failure == 0) failure = posix_spawn_file_actions_adddup2(actions, errors, 2);
    if (failure == 0) failure = posix_spawn_file_actions_addclosefrom_np(actions, 3);
    if (failure == 0) failure = posix_spawn_file_actions_addchdir_np(actions, directory);
    return failure;
}

static int start(
    const char *program, char *const *arguments, char *const *environment, const posix_spawn_file_actions_t *actions, pid_t *process) {
    posix_spawnattr_t attributes;
    int failure = posix_spawnattr_init(&attributes);
    if (failure != 0) return failure;
    sigset_t none;
    sigemptyset(&none);
    failure = posix_spawnattr_setsigmask(&attributes, &none);
    if (failure == 0) failure = posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
    if (failure == 0) failure = posix_spawn(process, program, actions, &attributes, arguments, environment);
    posix_spawnattr_destroy(&attributes);
    return failure;
}

int doorbell_spawn(
    const char *program, char *const *arguments, char *const *environment, const char *directory, int output, int errors, pid_t *process) {
    posix_spawn_file_actions_t actions;
    int failure = posix_spawn_file_actions_init(&actions);
    if (failure != 0) return failure;
    failure = prepare(&actions, directory, output, errors);
    if (failure == 0) failure = start(program, arguments, environment, &actions, process);
    posix_spawn_file_actions_destroy(&actions);
    return failure;
}
