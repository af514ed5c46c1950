/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/sandbox.h"

#include "base/fs.h"
#include "base/scope.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/fs.h>
#include <linux/landlock.h>
#include <sched.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Linux 6.12; what Debian's headers lack of it. A kernel is asked for what its version has.
 */
#ifndef LANDLOCK_ACCESS_FS_TRUNCATE
#define LANDLOCK_ACCESS_FS_TRUNCATE (1ULL << 14)
#endif
#ifndef LANDLOCK_ACCESS_FS_IOCTL_DEV
#define LANDLOCK_ACCESS_FS_IOCTL_DEV (1ULL << 15)
#endif

/* struct landlock_ruleset_attr with all its fields. */
struct ruleset {
    uint64_t files;
    uint64_t net;    /* bind and connect of TCP */
    uint64_t scoped; /* abstract sockets, signals */
};

/* What each version of the interface can forbid. */
static const struct {
    int version;
    struct ruleset adds;
} abilities[] = {
    {1, {.files = (1ULL << 13) - 1}}, /* from LANDLOCK_ACCESS_FS_EXECUTE to _MAKE_SYM */
    {2, {.files = LANDLOCK_ACCESS_FS_REFER}},
    {3, {.files = LANDLOCK_ACCESS_FS_TRUNCATE}},
    {4, {.net = 3}},
    {5, {.files = LANDLOCK_ACCESS_FS_IOCTL_DEV}},
    {6, {.scoped = 3}},
};
/* Made below --into: directories, files, links. Nothing is run, no device and no socket. */
#define INTO_RIGHTS                                                                        \
    (LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_READ_FILE |                        \
     LANDLOCK_ACCESS_FS_READ_DIR | LANDLOCK_ACCESS_FS_REMOVE_DIR |                         \
     LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_DIR |                        \
     LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SYM |                           \
     LANDLOCK_ACCESS_FS_REFER | LANDLOCK_ACCESS_FS_TRUNCATE)

/* The size the kernel of this version takes. */
static size_t ruleset_size(int version)
{
    return version >= 6 ? sizeof(struct ruleset) : version >= 4 ? 16 : 8;
}

/* Whether the machine was restarted: transfer/marks.h. */
#define BOOT_ID "/proc/sys/kernel/random/boot_id"

static bool allow(int rules, int at, uint64_t rights)
{
    const struct landlock_path_beneath_attr beneath = {.allowed_access = rights,
                                                       .parent_fd = at};

    return syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &beneath, 0) ==
           0;
}

static struct ruleset ruleset_of(int version)
{
    struct ruleset all = {0};

    for (size_t i = 0; i < COUNT(abilities) && abilities[i].version <= version; i++) {
        all.files |= abilities[i].adds.files;
        all.net |= abilities[i].adds.net;
        all.scoped |= abilities[i].adds.scoped;
    }
    return all;
}

static bool landlock_close(int *version, int into, struct error *err)
{
    const long has =
        syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    const struct ruleset all = ruleset_of(has > 0 ? (int)has : 0);
    scoped(fd_close) int boot = open(BOOT_ID, O_PATH | O_CLOEXEC);
    scoped(fd_close) int rules = -1;

    *version = has > 0 ? (int)has : 0;
    if (has <= 0)
        return true;
    rules = (int)syscall(SYS_landlock_create_ruleset, &all, ruleset_size(*version), 0);
    if (rules < 0 || !allow(rules, into, all.files & INTO_RIGHTS) ||
        (boot >= 0 && !allow(rules, boot, LANDLOCK_ACCESS_FS_READ_FILE)) ||
        syscall(SYS_landlock_restrict_self, rules, 0) != 0)
        return fail_errno(err, E_SANDBOX, "Landlock");
    return true;
}

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

/* Keep what gives files owners, modes, times and attributes as they were. */
static bool capabilities_drop(struct error *err)
{
    static const unsigned keep = 1U << CAP_CHOWN | 1U << CAP_DAC_OVERRIDE |
                                 1U << CAP_FOWNER | 1U << CAP_FSETID | 1U << CAP_SETFCAP;
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

/* Every other call answers "not in this kernel" (ENOSYS), and libraries do without it. */
static const int allowed[] = {
    /* memory, threads, time */
    SCMP_SYS(brk),
    SCMP_SYS(munmap),
    SCMP_SYS(mremap),
    SCMP_SYS(madvise),
    SCMP_SYS(futex),
    SCMP_SYS(rseq),
    SCMP_SYS(set_robust_list),
    SCMP_SYS(gettid),
    SCMP_SYS(getpid),
    SCMP_SYS(sched_yield),
    SCMP_SYS(sched_getaffinity),
    SCMP_SYS(membarrier),
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
    SCMP_SYS(clock_gettime),
    SCMP_SYS(clock_getres),
    SCMP_SYS(clock_nanosleep),
    SCMP_SYS(nanosleep),
    SCMP_SYS(gettimeofday),
    SCMP_SYS(restart_syscall),
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(rt_sigaction),
    SCMP_SYS(sigaltstack),
    SCMP_SYS(getrandom),
    SCMP_SYS(umask),
    SCMP_SYS(getuid),
    SCMP_SYS(geteuid),
    SCMP_SYS(getgid),
    SCMP_SYS(getegid),
    /* descriptors */
    SCMP_SYS(close),
    SCMP_SYS(dup),
    SCMP_SYS(dup3),
    SCMP_SYS(fcntl),
    SCMP_SYS(poll),
    SCMP_SYS(ppoll),
    SCMP_SYS(eventfd2),
    SCMP_SYS(pipe2),
    SCMP_SYS(read),
    SCMP_SYS(readv),
    SCMP_SYS(write),
    SCMP_SYS(writev),
    SCMP_SYS(lseek),
    /* sockets that are there */
    SCMP_SYS(accept4),
    SCMP_SYS(recvfrom),
    SCMP_SYS(recvmsg),
    SCMP_SYS(sendto),
    SCMP_SYS(sendmsg),
    SCMP_SYS(shutdown),
    SCMP_SYS(getsockname),
    SCMP_SYS(getpeername),
    SCMP_SYS(getsockopt),
    SCMP_SYS(setsockopt),
    /* files */
    SCMP_SYS(openat),
    SCMP_SYS(openat2),
    SCMP_SYS(fstat),
    SCMP_SYS(newfstatat),
    SCMP_SYS(statx),
    SCMP_SYS(statfs),
    SCMP_SYS(fstatfs),
    SCMP_SYS(access),
    SCMP_SYS(faccessat),
    SCMP_SYS(faccessat2),
    SCMP_SYS(getdents64),
    SCMP_SYS(readlinkat),
    SCMP_SYS(pread64),
    SCMP_SYS(preadv),
    SCMP_SYS(pwrite64),
    SCMP_SYS(pwritev),
    SCMP_SYS(copy_file_range),
    SCMP_SYS(fallocate),
    SCMP_SYS(fadvise64),
    SCMP_SYS(readahead),
    SCMP_SYS(ftruncate),
    SCMP_SYS(flock),
    SCMP_SYS(fsync),
    SCMP_SYS(fdatasync),
    SCMP_SYS(syncfs),
    SCMP_SYS(sync_file_range),
    SCMP_SYS(mkdirat),
    SCMP_SYS(symlinkat),
    SCMP_SYS(linkat),
    SCMP_SYS(unlinkat),
    SCMP_SYS(renameat),
    SCMP_SYS(renameat2),
    SCMP_SYS(chmod),
    SCMP_SYS(fchmod),
    SCMP_SYS(fchmodat),
    SCMP_SYS(fchown),
    SCMP_SYS(fchownat),
    SCMP_SYS(utimensat),
    SCMP_SYS(fgetxattr),
    SCMP_SYS(fsetxattr),
    SCMP_SYS(flistxattr),
    SCMP_SYS(fremovexattr),
    SCMP_SYS(lgetxattr),
    SCMP_SYS(lsetxattr),
    SCMP_SYS(llistxattr),
    SCMP_SYS(lremovexattr),
};

/* Who tries one of these is no longer our program. */
static const int fatal[] = {
    SCMP_SYS(execve),
    SCMP_SYS(execveat),
    SCMP_SYS(fork),
    SCMP_SYS(vfork),
    SCMP_SYS(ptrace),
    SCMP_SYS(process_vm_readv),
    SCMP_SYS(process_vm_writev),
    SCMP_SYS(pidfd_getfd),
    SCMP_SYS(kill),
    SCMP_SYS(connect),
    SCMP_SYS(bind),
    SCMP_SYS(listen),
    SCMP_SYS(mount),
    SCMP_SYS(umount2),
    SCMP_SYS(move_mount),
    SCMP_SYS(open_tree),
    SCMP_SYS(mount_setattr),
    SCMP_SYS(pivot_root),
    SCMP_SYS(chroot),
    SCMP_SYS(unshare),
    SCMP_SYS(setns),
    SCMP_SYS(bpf),
    SCMP_SYS(io_uring_setup),
    SCMP_SYS(userfaultfd),
    SCMP_SYS(perf_event_open),
    SCMP_SYS(init_module),
    SCMP_SYS(finit_module),
    SCMP_SYS(kexec_load),
    SCMP_SYS(add_key),
    SCMP_SYS(keyctl),
    SCMP_SYS(open_by_handle_at),
    SCMP_SYS(capset),
};

/* What is allowed with one argument only. */
static bool filter_arguments(scmp_filter_ctx filter)
{
    static const struct {
        int call;
        struct scmp_arg_cmp argument;
    } rules[] = {
        {SCMP_SYS(clone), {0, SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD}},
        {SCMP_SYS(mmap), {2, SCMP_CMP_MASKED_EQ, PROT_EXEC, 0}},
        {SCMP_SYS(mprotect), {2, SCMP_CMP_MASKED_EQ, PROT_EXEC, 0}},
        {SCMP_SYS(ioctl), {1, SCMP_CMP_EQ, TCGETS, 0}}, /* isatty */
        {SCMP_SYS(ioctl), {1, SCMP_CMP_EQ, FICLONE, 0}},
        {SCMP_SYS(ioctl), {1, SCMP_CMP_EQ, FICLONERANGE, 0}},
    };
    /* abort, in this process alone; fork is a clone that makes no thread */
    const struct scmp_arg_cmp own = {0, SCMP_CMP_EQ, (scmp_datum_t)getpid(), 0};
    const struct scmp_arg_cmp fork = {0, SCMP_CMP_MASKED_EQ, CLONE_THREAD, 0};

    for (size_t i = 0; i < COUNT(rules); i++)
        if (seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, rules[i].call, 1,
                                   &rules[i].argument) != 0)
            return false;
    return seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1, &own) == 0 &&
           seccomp_rule_add_array(filter, SCMP_ACT_KILL_PROCESS, SCMP_SYS(clone), 1,
                                  &fork) == 0;
}

static bool filter_calls(scmp_filter_ctx filter)
{
    for (size_t i = 0; i < COUNT(allowed); i++)
        if (seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, allowed[i], 0, NULL) != 0)
            return false;
    for (size_t i = 0; i < COUNT(fatal); i++)
        if (seccomp_rule_add_array(filter, SCMP_ACT_KILL_PROCESS, fatal[i], 0, NULL) != 0)
            return false;
    return filter_arguments(filter);
}

static void filter_release(scmp_filter_ctx *filter)
{
    if (*filter != NULL)
        seccomp_release(*filter);
}

static bool seccomp_close(bool *closed, struct error *err)
{
    scoped(filter_release) scmp_filter_ctx filter = NULL;
    int status;

    if (prctl(PR_GET_SECCOMP) < 0)
        return true; /* not in this kernel */
    filter = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
    if (filter == NULL || !filter_calls(filter))
        return fail(err, E_SANDBOX, "the filter of system calls cannot be made");
    status = seccomp_load(filter);
    if (status != 0)
        return fail(err, E_SANDBOX, "seccomp: %s", strerror(-status));
    *closed = true;
    return true;
}

#ifdef PAIRGATE_SANITIZED
#define SANDBOX_IS_BUILT false
#else
#define SANDBOX_IS_BUILT true
#endif

bool sandbox_close(struct sandbox *out, const char *path, int *into, struct error *err)
{
    *out = (struct sandbox){0};
    if (!SANDBOX_IS_BUILT)
        return fs_open_dir(into, AT_FDCWD, path, err);
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return fail_errno(err, E_SANDBOX, "no_new_privs");
    return mounts_close(&out->mounts, path, err) &&
           fs_open_dir(into, AT_FDCWD, path, err) &&
           landlock_close(&out->landlock, *into, err) && capabilities_drop(err) &&
           seccomp_close(&out->seccomp, err);
}
