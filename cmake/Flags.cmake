# SPDX-License-Identifier: GPL-3.0-or-later
# Compiler and linker flags of our own code, as the interface target pairgate_flags.
add_library(pairgate_flags INTERFACE)
target_compile_definitions(pairgate_flags INTERFACE _GNU_SOURCE)
target_compile_options(pairgate_flags INTERFACE
    -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes
    -Wcast-qual -Wwrite-strings -Wformat=2 -Wundef -Wvla
    # Two builds of a commit give the same binary wherever the checkout lies.
    -ffile-prefix-map=${CMAKE_SOURCE_DIR}=.
    $<$<BOOL:${PAIRGATE_WERROR}>:-Werror>)

if(PAIRGATE_SANITIZE)
    target_compile_definitions(pairgate_flags INTERFACE PAIRGATE_SANITIZED)
    target_compile_options(pairgate_flags INTERFACE
        -fsanitize=${PAIRGATE_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
    target_link_options(pairgate_flags INTERFACE -fsanitize=${PAIRGATE_SANITIZE})
endif()

if(PAIRGATE_HARDEN)
    target_compile_options(pairgate_flags INTERFACE
        -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2 -fstack-protector-strong
        -fstack-clash-protection -fcf-protection
        -ffile-prefix-map=${PAIRGATE_DEPS_PREFIX}=deps) # and wherever the libraries lie
    target_link_options(pairgate_flags INTERFACE -pie -Wl,-z,relro,-z,now,-z,noexecstack)
endif()

# Counters of lines and branches: scripts/coverage. Not confined, as with a sanitizer: they
# are written where the objects lie, at the end of a process.
if(PAIRGATE_COVERAGE)
    target_compile_definitions(pairgate_flags INTERFACE PAIRGATE_SANITIZED)
    target_compile_options(pairgate_flags INTERFACE --coverage -fprofile-update=atomic)
    target_link_options(pairgate_flags INTERFACE --coverage)
endif()

if(PAIRGATE_FUZZ)
    target_compile_options(pairgate_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()
