# SPDX-License-Identifier: GPL-3.0-or-later
# The libraries pairgate links, as targets pairgate::NAME. Nothing here needs a network.
#   from the prefix scripts/deps builds: wolfssl curl llhttp blake3
#   from Debian's -dev packages:         jansson sqlite3 gsasl zstd seccomp cunit ipsec-mb
# PAIRGATE_DEPS_PREFIX names another prefix than the one scripts/deps built last.
include_guard(GLOBAL)
find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)

# A file that is included is watched: a new prefix configures the build afresh.
if(NOT DEFINED CACHE{PAIRGATE_DEPS_PREFIX})
    include("${CMAKE_CURRENT_LIST_DIR}/../build/deps/current.cmake" OPTIONAL)
endif()
if(NOT EXISTS "${PAIRGATE_DEPS_PREFIX}/include/pairgate_deps.h")
    message(FATAL_ERROR "The libraries pairgate links are not built: run scripts/deps first.")
endif()

# pairgate_prefix_library(NAME LIBRARIES-IT-NEEDS...)
function(pairgate_prefix_library name)
    add_library(pairgate::${name} STATIC IMPORTED GLOBAL)
    set_target_properties(pairgate::${name} PROPERTIES
        IMPORTED_LOCATION "${PAIRGATE_DEPS_PREFIX}/lib/lib${name}.a"
        INTERFACE_LINK_LIBRARIES "${ARGN}")
    # Imported, so CMake passes it with -isystem.
    target_include_directories(pairgate::${name} SYSTEM INTERFACE "${PAIRGATE_DEPS_PREFIX}/include")
endfunction()

# pairgate_debian_library(NAME PKG-CONFIG-NAME)
function(pairgate_debian_library name module)
    pkg_check_modules(pairgate_${name} QUIET IMPORTED_TARGET GLOBAL ${module})
    if(NOT pairgate_${name}_FOUND)
        message(FATAL_ERROR "${module} is not installed: run scripts/deps first.")
    endif()
    add_library(pairgate::${name} ALIAS PkgConfig::pairgate_${name})
endfunction()

pairgate_prefix_library(wolfssl m Threads::Threads)
pairgate_prefix_library(curl pairgate::wolfssl Threads::Threads)
pairgate_prefix_library(llhttp)
pairgate_prefix_library(blake3)

pairgate_debian_library(jansson jansson)
pairgate_debian_library(sqlite3 sqlite3)
pairgate_debian_library(gsasl libgsasl)
pairgate_debian_library(zstd libzstd)
pairgate_debian_library(seccomp libseccomp)
pairgate_debian_library(cunit cunit)

# Of Debian for amd64 alone, and without a .pc file; without it wolfSSL does all of AES.
find_library(PAIRGATE_IPSEC_MB IPSec_MB)
add_library(pairgate::ipsec_mb INTERFACE IMPORTED GLOBAL)
if(PAIRGATE_IPSEC_MB)
    set_target_properties(pairgate::ipsec_mb PROPERTIES
        INTERFACE_LINK_LIBRARIES "${PAIRGATE_IPSEC_MB}"
        INTERFACE_COMPILE_DEFINITIONS PAIRGATE_IPSEC_MB)
endif()
