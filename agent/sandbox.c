/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/sandbox.h"

#include "agent/landlock.h"
#include "agent/syscalls.h"
#include "base/fs.h"
#include "base/scope.h"
#include "base/text.h"
#include "transfer/put.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <netdb.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifdef PAIRGATE_SANITIZED
#define SANDBOX_IS_BUILT false
#else
#define SANDBOX_IS_BUILT true
#endif

/* In a mount namespace of its own all is read-only, and --into is mounted over itself as it
 * was. */
static bool mounts_close(bool *closed, const char *into, struct error *err)
{
    struct mount_attr attr = {.propagation = MS_PRIVATE};
    scoped(fd_close) int own = -1;

    if (unshare(CLONE_NEWNS) != 0)
        return errno == EPERM || errno == ENOSYS || fail_errno(err, E_SANDBOX, "unshare");
    if (mount_setattr(AT_FDCWD, "/", AT_RECURSIVE, &attr, sizeof(attr)) != 0)
        return errno == ENOSYS || fail_errno(err, E_SANDBOX, "mount_setattr");
    own = open_tree(AT_FDCWD, into, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
    attr = (struct mount_attr){.attr_set = MOUNT_ATTR_RDONLY};
    if (own < 0 || mount_setattr(AT_FDCWD, "/", AT_RECURSIVE, &attr, sizeof(attr)) != 0 ||
        move_mount(own, "", AT_FDCWD, into, MOVE_MOUNT_F_EMPTY_PATH) != 0)
        return fail_errno(err, E_SANDBOX, into);
    *closed = true;
    return true;
}

/* What gives files owners, modes, times and attributes as they were. */
#define KEPT_BY_LISTENER                                                                   \
    (1U << CAP_CHOWN | 1U << CAP_DAC_OVERRIDE | 1U << CAP_FOWNER | 1U << CAP_FSETID |      \
     1U << CAP_SETFCAP)
/* What reads files of others; trusted.* attributes are shown to CAP_SYS_ADMIN alone. */
#define KEPT_BY_DIALLER (1U << CAP_DAC_READ_SEARCH | 1U << CAP_SYS_ADMIN)

static bool capabilities_keep(unsigned keep, struct error *err)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

    if (syscall(SYS_capget, &header, data) != 0)
        return fail_errno(err, E_SANDBOX, "capget");
    data[0].effective &= keep;
    data[0].permitted &= keep;
    data[0].inheritable = 0;
    data[1] = (struct __user_cap_data_struct){0};
    return syscall(SYS_capset, &header, data) == 0 || fail_errno(err, E_SANDBOX, "capset");
}

static bool privileges_give_up(struct error *err)
{
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 ||
           fail_errno(err, E_SANDBOX, "no_new_privs");
}

/* ---- the listener's worker ---- */

/* Whether the machine was restarted: transfer/marks.h. */
#define BOOT_ID "/proc/sys/kernel/random/boot_id"

static bool listener_files(int *version, int into, struct error *err)
{
    scoped(fd_close) int boot = open(BOOT_ID, O_PATH | O_CLOEXEC);
    const struct landlock_path paths[] = {
        {.at = into, .may = LANDLOCK_CHANGE},
        {.at = boot, .may = LANDLOCK_READ, .is_file = true},
    };

    return landlock_close(version, paths, COUNT(paths), NULL, 0, err);
}

bool sandbox_close(struct sandbox *out, const char *path, int *into, struct error *err)
{
    *out = (struct sandbox){0};
    if (!SANDBOX_IS_BUILT)
        return fs_open_dir(into, AT_FDCWD, path, err);
    return privileges_give_up(err) && mounts_close(&out->mounts, path, err) &&
           fs_open_dir(into, AT_FDCWD, path, err) &&
           listener_files(&out->landlock, *into, err) &&
           capabilities_keep(KEPT_BY_LISTENER, err) &&
           syscalls_close(&out->seccomp, SYSCALLS_LISTENER, err);
}

/* ---- the worker of a command that dials ---- */

#define DNS_PORT 53

/* What the C library's resolver reads, beside what it has loaded by then. */
static const char *const resolver_files[] = {
    "/etc/resolv.conf", "/etc/hosts",    "/etc/nsswitch.conf",
    "/etc/gai.conf",    "/etc/services", "/etc/host.conf",
};
#define RESOLVER_FILES COUNT(resolver_files)

static bool is_address(const char *host)
{
    unsigned char ignored[16];

    return inet_pton(AF_INET, host, ignored) == 1 ||
           inet_pton(AF_INET6, host, ignored) == 1;
}

/* Modules of the resolver are code, which cannot be loaded later. */
static void resolver_load(const struct endpoint *peer)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *list = NULL;

    if (getaddrinfo(peer->host, peer->port, &hints, &list) == 0)
        freeaddrinfo(list);
}

/* What may be opened, and the descriptors that say so. */
struct openings {
    struct landlock_path path[3 + 1 + RESOLVER_FILES];
    size_t n;
};

static void openings_close(struct openings *openings)
{
    for (size_t i = 0; i < openings->n; i++)
        fd_close(&openings->path[i].at);
}

/* What is not there is not opened either. */
static void opening_add(struct openings *to, int dir, const char *path,
                        enum landlock_may may, bool is_file)
{
    if (path != NULL)
        to->path[to->n++] = (struct landlock_path){
            .at = openat(dir, path, O_PATH | O_CLOEXEC), .may = may, .is_file = is_file};
}

static bool dialler_files(int *version, const struct sandbox_dialler *what, bool resolves,
                          struct error *err)
{
    scoped(openings_close) struct openings files = {0};
    unsigned ports[] = {0, resolves ? DNS_PORT : 0};
    uint64_t port = 0;

    if (!text_number(&port, what->peer->port, 1, UINT16_MAX, err))
        return false;
    ports[0] = (unsigned)port;
    opening_add(&files, AT_FDCWD, what->tree, LANDLOCK_READ, false);
    opening_add(&files, what->work, ".", LANDLOCK_CHANGE, false);
    opening_add(&files, AT_FDCWD, what->secret, LANDLOCK_READ, true);
    opening_add(&files, AT_FDCWD, "/dev/tty", LANDLOCK_TERMINAL, true);
    for (size_t i = 0; resolves && i < RESOLVER_FILES; i++)
        opening_add(&files, AT_FDCWD, resolver_files[i], LANDLOCK_READ, true);
    return landlock_close(version, files.path, files.n, ports, COUNT(ports), err);
}

bool sandbox_close_dialler(const struct sandbox_dialler *what, struct error *err)
{
    const bool resolves = !is_address(what->peer->host);
    struct sandbox sandbox = {0};

    if (!SANDBOX_IS_BUILT)
        return true;
    if (resolves)
        resolver_load(what->peer);
    return privileges_give_up(err) &&
           dialler_files(&sandbox.landlock, what, resolves, err) &&
           capabilities_keep(KEPT_BY_DIALLER, err) &&
           syscalls_close(&sandbox.seccomp,
                          resolves ? SYSCALLS_DIALLER_BY_NAME : SYSCALLS_DIALLER, err);
}

/* ---- a worker of the management API ---- */

bool sandbox_close_manager(struct error *err)
{
    struct sandbox sandbox = {0};

    return !SANDBOX_IS_BUILT || (privileges_give_up(err) &&
                                 landlock_close(&sandbox.landlock, NULL, 0, NULL, 0, err) &&
                                 capabilities_keep(0, err) &&
                                 syscalls_close(&sandbox.seccomp, SYSCALLS_LISTENER, err));
}
