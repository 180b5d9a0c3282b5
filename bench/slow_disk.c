/* Makes every flush of the disk take MICROSECONDS longer, in whatever program it is preloaded. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <time.h>

static void wait_a_little(void) {
    struct timespec rest = {0, MICROSECONDS * 1000L};
    while (nanosleep(&rest, &rest) != 0) {
    }
}

int fsync(int file) {
    int (*flush)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
    wait_a_little();
    return flush(file);
}

int fdatasync(int file) {
    int (*flush)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
    wait_a_little();
    return flush(file);
}
