/* Wall-clock time that a test can move, for programs that cannot be told another one.
 *
 * Loaded before libc (LD_PRELOAD). The first eight bytes of the file named by E2E_CLOCK are added
 * to what the machine says, in nanoseconds; the file is mapped, so a change counts at once and in
 * every process. Only CLOCK_REALTIME is moved: waiting goes on by real time.
 *
 * The kernel is asked directly: this is called before allocators and loaders are ready. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define BILLION 1000000000LL

static volatile const int64_t *moved;

static int64_t offset(void) {
    if (moved == NULL) {
        const char *path = getenv("E2E_CLOCK");
        if (path == NULL) return 0;
        int file = open(path, O_RDONLY | O_CLOEXEC);
        if (file < 0) return 0;
        void *page = mmap(NULL, sizeof *moved, PROT_READ, MAP_SHARED, file, 0);
        close(file);
        if (page == MAP_FAILED) return 0;
        moved = page;
    }
    return *moved;
}

int clock_gettime(clockid_t clock, struct timespec *at) {
    int result = (int)syscall(SYS_clock_gettime, clock, at);
    if (result != 0 || (clock != CLOCK_REALTIME && clock != CLOCK_REALTIME_COARSE)) return result;
    int64_t nanos = at->tv_sec * BILLION + at->tv_nsec + offset();
    at->tv_sec = nanos / BILLION;
    at->tv_nsec = nanos % BILLION;
    return 0;
}

int gettimeofday(struct timeval *restrict at, void *restrict zone) {
    struct timespec now;
    (void)zone;
    if (clock_gettime(CLOCK_REALTIME, &now) != 0) return -1;
    at->tv_sec = now.tv_sec;
    at->tv_usec = now.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *at) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (at != NULL) *at = now.tv_sec;
    return now.tv_sec;
}
