/* SPDX-License-Identifier: GPL-3.0-or-later */
/* For the analyzers, before each file: what they do not see, since it is in another one. */
#pragma once

#include "base/error.h"

#define fail(...) (fail(__VA_ARGS__), false)
#define fail_errno(...) (fail_errno(__VA_ARGS__), false)
