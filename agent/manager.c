/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/manager.h"

#include "base/fs.h"
#include "base/scope.h"
#include "base/text.h"

#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define FIRST_GIVEN 3 /* SD_LISTEN_FDS_START */

static uint64_t number_in(const char *variable)
{
    const char *text = getenv(variable);
    struct error ignored = {0};
    uint64_t number = 0;

    return text != NULL && text_number(&number, text, 0, INT32_MAX, &ignored) ? number : 0;
}

bool manager_socket(int *out, struct error *err)
{
    const uint64_t given = number_in("LISTEN_FDS");
    int listens = 0;
    socklen_t n = sizeof(listens);

    *out = -1;
    if (given == 0 || number_in("LISTEN_PID") != (uint64_t)getpid())
        return true;
    unsetenv("LISTEN_FDS");
    unsetenv("LISTEN_PID");
    if (given > 1)
        return fail(err, E_LISTEN, "the service manager gave %llu sockets, not one",
                    (unsigned long long)given);
    if (getsockopt(FIRST_GIVEN, SOL_SOCKET, SO_ACCEPTCONN, &listens, &n) != 0 ||
        listens == 0)
        return fail(err, E_LISTEN, "what the service manager gave is no listening socket");
    if (fcntl(FIRST_GIVEN, F_SETFD, FD_CLOEXEC) != 0 ||
        fcntl(FIRST_GIVEN, F_SETFL, O_NONBLOCK) != 0)
        return fail_errno(err, E_LISTEN, "the socket of the service manager");
    *out = FIRST_GIVEN;
    return true;
}

void manager_tell(const char *state)
{
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    scoped(fd_close) int fd = -1;
    size_t n;

    if (path == NULL || !text_fits(to.sun_path, path) || to.sun_path[0] == '\0')
        return;
    n = offsetof(struct sockaddr_un, sun_path) + strlen(path);
    if (to.sun_path[0] == '@') /* an abstract name, in which the length counts */
        to.sun_path[0] = '\0';
    fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd >= 0)
        (void)!sendto(fd, state, strlen(state), MSG_NOSIGNAL, (const struct sockaddr *)&to,
                      (socklen_t)n);
}
