#define _GNU_SOURCE
#include "CStrata.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static struct flock whole_file(void) {
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 0, .l_len = 0, .l_pid = 0};
    return lock;
}

int strata_lock_exclusive(int descriptor) {
    struct flock lock = whole_file();
    return fcntl(descriptor, F_OFD_SETLK, &lock) == 0 ? 0 : errno;
}

int strata_is_locked(int descriptor) {
    struct flock lock = whole_file();
    if (fcntl(descriptor, F_OFD_GETLK, &lock) != 0) {
        return -errno;
    }
    return lock.l_type != F_UNLCK;
}

int strata_open_beneath(int directory, const char *path, int flags, unsigned int mode) {
#if defined(SYS_openat2)
    struct open_how how = {
        .flags = (unsigned int)flags | O_CLOEXEC,
        .mode = (flags & O_CREAT) ? mode : 0,
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS,
    };
    long descriptor = syscall(SYS_openat2, directory, path, &how, sizeof how);
    // Container sandboxes that do not know the call answer EPERM.
    if (descriptor >= 0 || (errno != ENOSYS && errno != EPERM)) {
        return (int)descriptor;
    }
#endif
    return openat(directory, path, flags | O_CLOEXEC | O_NOFOLLOW, mode);
}

int strata_extend(int descriptor, size_t length) {
    // Not posix_fallocate, which writes to the file where the file system has no such call.
    return fallocate(descriptor, 0, 0, (off_t)length);
}

long strata_read_cached(int descriptor, void *to, size_t count, size_t offset) {
    struct iovec part = {.iov_base = to, .iov_len = count};
    return preadv2(descriptor, &part, 1, (off_t)offset, RWF_NOWAIT);
}
