/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/syscalls.h"

#include "base/scope.h"

#include <errno.h>
#include <linux/fs.h>
#include <sched.h>
#include <seccomp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

/* Every other call answers "not in this kernel" (ENOSYS), and libraries do without it. */
static const int both[] = {
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
    SCMP_SYS(setitimer),
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
    SCMP_SYS(epoll_create1),
    SCMP_SYS(epoll_ctl),
    SCMP_SYS(epoll_wait),
    SCMP_SYS(epoll_pwait),
    SCMP_SYS(pipe2),
    SCMP_SYS(read),
    SCMP_SYS(readv),
    SCMP_SYS(write),
    SCMP_SYS(writev),
    SCMP_SYS(lseek),
    /* sockets that are there */
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
    SCMP_SYS(fadvise64),
    SCMP_SYS(readahead),
    SCMP_SYS(ftruncate),
    SCMP_SYS(flock),
    SCMP_SYS(fsync),
    SCMP_SYS(fdatasync),
    SCMP_SYS(syncfs),
    SCMP_SYS(sync_file_range),
    SCMP_SYS(mkdirat),
    SCMP_SYS(unlinkat),
    SCMP_SYS(renameat),
    SCMP_SYS(renameat2),
    SCMP_SYS(fgetxattr),
    SCMP_SYS(flistxattr),
    SCMP_SYS(lgetxattr),
    SCMP_SYS(llistxattr),
};

/* Sockets of sources, and files that become what they were there. */
static const int receiving[] = {
    SCMP_SYS(accept4),      SCMP_SYS(copy_file_range), SCMP_SYS(fallocate),
    SCMP_SYS(symlinkat),    SCMP_SYS(linkat),          SCMP_SYS(chmod),
    SCMP_SYS(fchmod),       SCMP_SYS(fchmodat),        SCMP_SYS(fchown),
    SCMP_SYS(fchownat),     SCMP_SYS(utimensat),       SCMP_SYS(fsetxattr),
    SCMP_SYS(fremovexattr), SCMP_SYS(lsetxattr),       SCMP_SYS(lremovexattr),
};

/* Files of its own beside the tree; nothing that alters what it may only read. */
static const int dialling[] = {
    SCMP_SYS(connect), SCMP_SYS(signalfd4),
    SCMP_SYS(socketpair), /* libcurl wakes its threads so */
};

/* What the resolver needs besides. */
static const int resolving[] = {
    SCMP_SYS(sendmmsg),
    SCMP_SYS(recvmmsg),
    SCMP_SYS(uname),
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

/* A call with one argument as it must be. */
struct rule {
    int call;
    struct scmp_arg_cmp argument;
};

static const struct rule rules_both[] = {
    {SCMP_SYS(clone), {0, SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD}},
    {SCMP_SYS(mmap), {2, SCMP_CMP_MASKED_EQ, PROT_EXEC, 0}},
    {SCMP_SYS(mprotect), {2, SCMP_CMP_MASKED_EQ, PROT_EXEC, 0}},
    {SCMP_SYS(ioctl), {1, SCMP_CMP_EQ, TCGETS, 0}}, /* isatty */
};

static const struct rule rules_receiving[] = {
    {SCMP_SYS(ioctl), {1, SCMP_CMP_EQ, FICLONE, 0}},
    {SCMP_SYS(ioctl), {1, SCMP_CMP_EQ, FICLONERANGE, 0}},
};

static const struct rule rules_dialling[] = {
    {SCMP_SYS(ioctl), {1, SCMP_CMP_EQ, TCSETSF, 0}}, /* a password is typed unseen */
    {SCMP_SYS(kill), {1, SCMP_CMP_EQ, 0, 0}},        /* does a process live? */
};

static const struct rule rules_resolving[] = {
    {SCMP_SYS(ioctl), {1, SCMP_CMP_EQ, FIONREAD, 0}},
};

/* A clone that makes no thread is a fork. */
static const struct rule fatal_rules[] = {
    {SCMP_SYS(clone), {0, SCMP_CMP_MASKED_EQ, CLONE_THREAD, 0}},
};

static bool add_calls(scmp_filter_ctx filter, uint32_t action, const int *calls, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (seccomp_rule_add_array(filter, action, calls[i], 0, NULL) != 0)
            return false;
    return true;
}

static bool add_rules(scmp_filter_ctx filter, uint32_t action, const struct rule *rules,
                      size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (seccomp_rule_add_array(filter, action, rules[i].call, 1, &rules[i].argument) !=
            0)
            return false;
    return true;
}

/* IPv4 and IPv6 of one kind. */
static bool add_sockets(scmp_filter_ctx filter, unsigned type)
{
    static const unsigned families[] = {AF_INET, AF_INET6};

    for (size_t i = 0; i < COUNT(families); i++) {
        const struct scmp_arg_cmp arguments[] = {
            {0, SCMP_CMP_EQ, families[i], 0},
            {1, SCMP_CMP_MASKED_EQ, ~(scmp_datum_t)(SOCK_CLOEXEC | SOCK_NONBLOCK), type}};

        if (seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, SCMP_SYS(socket),
                                   COUNT(arguments), arguments) != 0)
            return false;
    }
    return true;
}

static bool add_receiving(scmp_filter_ctx filter)
{
    static const int fatal_there[] = {SCMP_SYS(connect), SCMP_SYS(kill)};

    return add_calls(filter, SCMP_ACT_ALLOW, receiving, COUNT(receiving)) &&
           add_rules(filter, SCMP_ACT_ALLOW, rules_receiving, COUNT(rules_receiving)) &&
           add_calls(filter, SCMP_ACT_KILL_PROCESS, fatal_there, COUNT(fatal_there));
}

static bool add_dialling(scmp_filter_ctx filter)
{
    static const struct rule fatal_there[] = {{SCMP_SYS(kill), {1, SCMP_CMP_NE, 0, 0}}};

    return add_calls(filter, SCMP_ACT_ALLOW, dialling, COUNT(dialling)) &&
           add_rules(filter, SCMP_ACT_ALLOW, rules_dialling, COUNT(rules_dialling)) &&
           add_sockets(filter, SOCK_STREAM) &&
           add_rules(filter, SCMP_ACT_KILL_PROCESS, fatal_there, COUNT(fatal_there));
}

static bool add_resolving(scmp_filter_ctx filter)
{
    return add_calls(filter, SCMP_ACT_ALLOW, resolving, COUNT(resolving)) &&
           add_rules(filter, SCMP_ACT_ALLOW, rules_resolving, COUNT(rules_resolving)) &&
           add_sockets(filter, SOCK_DGRAM);
}

static bool fill(scmp_filter_ctx filter, enum syscalls_of of)
{
    /* abort, in this process alone */
    const struct rule own = {SCMP_SYS(tgkill), {0, SCMP_CMP_EQ, (scmp_datum_t)getpid(), 0}};

    return add_calls(filter, SCMP_ACT_ALLOW, both, COUNT(both)) &&
           add_rules(filter, SCMP_ACT_ALLOW, rules_both, COUNT(rules_both)) &&
           add_rules(filter, SCMP_ACT_ALLOW, &own, 1) &&
           add_calls(filter, SCMP_ACT_KILL_PROCESS, fatal, COUNT(fatal)) &&
           add_rules(filter, SCMP_ACT_KILL_PROCESS, fatal_rules, COUNT(fatal_rules)) &&
           (of == SYSCALLS_LISTENER ? add_receiving(filter) : add_dialling(filter)) &&
           (of != SYSCALLS_DIALLER_BY_NAME || add_resolving(filter));
}

/* Refused memory, libseccomp 2.5 turns round for ever, or leaves rules out: what is not
 * allowed then answers ENOSYS. It is given a time, and the process ends. */
#define FILTER_SECONDS 10

static void end_after(time_t seconds)
{
    const struct itimerval timer = {.it_value = {.tv_sec = seconds}};

    setitimer(ITIMER_REAL, &timer, NULL);
}

static void filter_release(scmp_filter_ctx *filter)
{
    if (*filter != NULL)
        seccomp_release(*filter);
}

bool syscalls_close(bool *closed, enum syscalls_of of, struct error *err)
{
    scoped(filter_release) scmp_filter_ctx filter = NULL;
    int status;

    if (prctl(PR_GET_SECCOMP) < 0)
        return true; /* not in this kernel */
    end_after(FILTER_SECONDS);
    filter = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
    if (filter == NULL || !fill(filter, of))
        return fail(err, E_SANDBOX, "the filter of system calls cannot be made");
    status = seccomp_load(filter);
    end_after(0); /* never */
    if (status != 0)
        return fail(err, E_SANDBOX, "seccomp: %s", strerror(-status));
    *closed = true;
    return true;
}
