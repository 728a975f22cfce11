// Finds descendants by the parents in /proc/PID/stat: `children` files are not in every kernel.
#define _GNU_SOURCE
#include "descendants.h"

#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PROCESS_LIMIT 65536
// The largest that Linux gives, on any machine.
#define ID_LIMIT 4194304

struct process {
    pid_t id;
    pid_t parent;
};

// Touched only when something has to be ended, so they cost the guard nothing until then.
static struct process processes[PROCESS_LIMIT];
static uint8_t ours[ID_LIMIT / 8];

static int is_ours(pid_t id) {
    return id > 0 && id < ID_LIMIT && (ours[id / 8] >> (id % 8) & 1);
}

struct directory_entry {
    uint64_t inode;
    int64_t offset;
    unsigned short length;
    unsigned char type;
    char name[];
};

static pid_t number(const char *text) {
    pid_t value = 0;
    for (; *text >= '0' && *text <= '9' && value < 100000000; text++) value = value * 10 + (*text - '0');
    return *text ? 0 : value;
}

// The fourth field of `stat`: after the last ')', since a program may have any name.
static pid_t parent_of(int proc, const char *name) {
    char path[32];
    int length = 0;
    for (; name[length] && length < 16; length++) path[length] = name[length];
    const char *rest = "/stat";
    for (int i = 0; i <= 5; i++) path[length + i] = rest[i];
    int file = openat(proc, path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return 0;
    char text[512];
    ssize_t count = read(file, text, sizeof text - 1);
    close(file);
    if (count <= 0) return 0;
    text[count] = 0;
    ssize_t end = count;
    while (end > 0 && text[end] != ')') end--;
    if (end + 4 >= count) return 0;
    pid_t parent = 0;
    for (const char *digit = text + end + 4; *digit >= '0' && *digit <= '9'; digit++) parent = parent * 10 + (*digit - '0');
    return parent;
}

static int list_processes(void) {
    int proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (proc < 0) return 0;
    int count = 0;
    char buffer[8192] __attribute__((aligned(8)));
    for (;;) {
        long length = syscall(SYS_getdents64, proc, buffer, sizeof buffer);
        if (length <= 0) break;
        for (long at = 0; at < length;) {
            struct directory_entry *entry = (struct directory_entry *)(buffer + at);
            at += entry->length;
            pid_t id = number(entry->name);
            if (id <= 0 || count == PROCESS_LIMIT) continue;
            processes[count++] = (struct process){id, parent_of(proc, entry->name)};
        }
    }
    close(proc);
    return count;
}

void doorbell_signal_descendants(pid_t command, int signal) {
    if (command > 0) kill(-command, signal);
    int count = list_processes();
    pid_t self = getpid();
    memset(ours, 0, sizeof ours);
    // /proc lists ids in ascending order and children mostly follow their parents, so this settles in two or three turns.
    for (int changed = 1; changed;) {
        changed = 0;
        for (int i = 0; i < count; i++) {
            pid_t id = processes[i].id, parent = processes[i].parent;
            if (id >= ID_LIMIT || is_ours(id) || !(parent == self || is_ours(parent))) continue;
            ours[id / 8] |= (uint8_t)(1 << (id % 8));
            changed = 1;
        }
    }
    for (int i = 0; i < count; i++) {
        if (is_ours(processes[i].id)) kill(processes[i].id, signal);
    }
}
