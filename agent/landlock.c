/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/landlock.h"

#include "base/fs.h"
#include "base/scope.h"

#include <linux/landlock.h>
#include <stdint.h>
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
#define NET_BIND (1ULL << 0)
#define NET_CONNECT (1ULL << 1)
#define RULE_NET_PORT 2

/* struct landlock_ruleset_attr with all its fields. */
struct ruleset {
    uint64_t files;
    uint64_t net;    /* bind and connect of TCP */
    uint64_t scoped; /* abstract sockets, signals */
};

/* struct landlock_net_port_attr */
struct port_rule {
    uint64_t allowed_access;
    uint64_t port;
};

/* What each version of the interface can forbid. */
static const struct {
    int version;
    struct ruleset adds;
} abilities[] = {
    {1, {.files = (1ULL << 13) - 1}}, /* from LANDLOCK_ACCESS_FS_EXECUTE to _MAKE_SYM */
    {2, {.files = LANDLOCK_ACCESS_FS_REFER}},
    {3, {.files = LANDLOCK_ACCESS_FS_TRUNCATE}},
    {4, {.net = NET_BIND | NET_CONNECT}},
    {5, {.files = LANDLOCK_ACCESS_FS_IOCTL_DEV}},
    {6, {.scoped = 3}},
};

#define READ (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
static const uint64_t rights[] = {
    [LANDLOCK_READ] = READ,
    [LANDLOCK_TERMINAL] = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE |
                          LANDLOCK_ACCESS_FS_IOCTL_DEV,
    /* Directories, files, links are made. Nothing is run, no device and no socket. */
    [LANDLOCK_CHANGE] = READ | LANDLOCK_ACCESS_FS_WRITE_FILE |
                        LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE |
                        LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |
                        LANDLOCK_ACCESS_FS_MAKE_SYM | LANDLOCK_ACCESS_FS_REFER |
                        LANDLOCK_ACCESS_FS_TRUNCATE,
};
/* What a rule for something that is no directory may name. */
#define OF_FILES                                                                           \
    (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE |                        \
     LANDLOCK_ACCESS_FS_TRUNCATE | LANDLOCK_ACCESS_FS_IOCTL_DEV)

/* The size the kernel of this version takes. */
static size_t ruleset_size(int version)
{
    return version >= 6 ? sizeof(struct ruleset) : version >= 4 ? 16 : 8;
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

static bool allow_path(int rules, const struct ruleset *all,
                       const struct landlock_path *path)
{
    const uint64_t may = path->is_file ? rights[path->may] & OF_FILES : rights[path->may];
    const struct landlock_path_beneath_attr beneath = {.allowed_access = may & all->files,
                                                       .parent_fd = path->at};

    return path->at < 0 || syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH,
                                   &beneath, 0) == 0;
}

static bool allow_port(int rules, const struct ruleset *all, unsigned port)
{
    const struct port_rule rule = {.allowed_access = NET_CONNECT, .port = port};

    return port == 0 || all->net == 0 ||
           syscall(SYS_landlock_add_rule, rules, RULE_NET_PORT, &rule, 0) == 0;
}

bool landlock_close(int *version, const struct landlock_path *paths, size_t n,
                    const unsigned *ports, size_t n_ports, struct error *err)
{
    const long has =
        syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    const struct ruleset all = ruleset_of(has > 0 ? (int)has : 0);
    scoped(fd_close) int rules = -1;
    bool good;

    *version = has > 0 ? (int)has : 0;
    if (has <= 0)
        return true;
    rules = (int)syscall(SYS_landlock_create_ruleset, &all, ruleset_size(*version), 0);
    good = rules >= 0;
    for (size_t i = 0; good && i < n; i++)
        good = allow_path(rules, &all, &paths[i]);
    for (size_t i = 0; good && i < n_ports; i++)
        good = allow_port(rules, &all, ports[i]);
    if (!good || syscall(SYS_landlock_restrict_self, rules, 0) != 0)
        return fail_errno(err, E_SANDBOX, "Landlock");
    return true;
}
