/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/thread.h"

#include <pthread.h>

bool thread_start(void *(*run)(void *at), void *at)
{
    pthread_attr_t attributes;
    pthread_t thread;
    bool started;

    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attributes, THREAD_STACK);
    started = pthread_create(&thread, &attributes, run, at) == 0;
    pthread_attr_destroy(&attributes);
    return started;
}
