/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Extended attributes, POSIX ACLs among them (they are system.posix_acl_access and
 * system.posix_acl_default), as the manifest carries them: u16 length, name, u32 length,
 * value, in the order of the names.
 */
#pragma once

#include "base/buf.h"
#include "base/error.h"

/* Those of dir/name, which is not followed when it is a symbolic link. `out` is emptied. */
must_check bool attrs_read(struct buf *out, int dir, const char *name, struct error *err);
/* Set them on dir/name and take away what else is there. *kept is false when one could not
 * be set for want of a right or of the file system's support. */
must_check bool attrs_write(int dir, const char *name, struct span attrs, bool *kept,
                            struct error *err);
