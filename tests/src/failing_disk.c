// Loaded before the C library (LD_PRELOAD): what a program writes to its database
// fails as a disk would, from a certain write on, while the control file says so.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <unistd.h>

// The control file: an errno, or 0, or -1 for a power cut; how many writes go well before; how many failed.
struct control {
    int32_t error;
    int32_t before;
    int32_t failed;
};

static volatile struct control *control;

__attribute__((constructor)) static void start(void)
{
    const char *path = getenv("GESTAN_TEST_FAILING_DISK");
    int fd = path ? open(path, O_RDWR) : -1;
    if (fd < 0)
        return;
    void *map = mmap(NULL, sizeof(struct control), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    control = map == MAP_FAILED ? NULL : map;
}

static int is_of_database(int fd)
{
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0)
        return 0;
    path[length] = 0;
    // Not its index, which is memory that has a name.
    return strstr(path, ".sqlite") && !strstr(path, "-shm");
}

static int fails(int fd)
{
    if (!control || !control->error || !is_of_database(fd))
        return 0;
    if (__sync_fetch_and_sub(&control->before, 1) > 0)
        return 0;
    __sync_fetch_and_add(&control->failed, 1);
    if (control->error < 0)
        kill(getpid(), SIGKILL);
    errno = control->error;
    return 1;
}

#define REAL(name, type) ((type)dlsym(RTLD_NEXT, name))

ssize_t pwrite(int fd, const void *bytes, size_t count, off_t offset)
{
    typedef ssize_t (*real)(int, const void *, size_t, off_t);
    return fails(fd) ? -1 : REAL("pwrite", real)(fd, bytes, count, offset);
}

ssize_t pwrite64(int fd, const void *bytes, size_t count, off64_t offset)
{
    typedef ssize_t (*real)(int, const void *, size_t, off64_t);
    return fails(fd) ? -1 : REAL("pwrite64", real)(fd, bytes, count, offset);
}

int fsync(int fd)
{
    return fails(fd) ? -1 : REAL("fsync", int (*)(int))(fd);
}

int fdatasync(int fd)
{
    return fails(fd) ? -1 : REAL("fdatasync", int (*)(int))(fd);
}

int ftruncate(int fd, off_t length)
{
    return fails(fd) ? -1 : REAL("ftruncate", int (*)(int, off_t))(fd, length);
}

int ftruncate64(int fd, off64_t length)
{
    return fails(fd) ? -1 : REAL("ftruncate64", int (*)(int, off64_t))(fd, length);
}

// What is done to names counts for a power cut alone.
static void named(const char *path)
{
    if (!control || control->error >= 0 || !strstr(path, ".sqlite"))
        return;
    if (__sync_fetch_and_sub(&control->before, 1) > 0)
        return;
    __sync_fetch_and_add(&control->failed, 1);
    kill(getpid(), SIGKILL);
}

int linkat(int from, const char *old, int to, const char *name, int flags)
{
    named(old);
    return REAL("linkat", int (*)(int, const char *, int, const char *, int))(from, old, to, name,
                                                                              flags);
}

int rename(const char *old, const char *name)
{
    named(old);
    return REAL("rename", int (*)(const char *, const char *))(old, name);
}

int unlink(const char *path)
{
    named(path);
    return REAL("unlink", int (*)(const char *))(path);
}
