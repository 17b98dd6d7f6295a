#define _GNU_SOURCE
#include "CStrata.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>

// A range that is watched; one whose count is 0 is free for another. They are never freed: the handler may look at any of them
// at any time.
struct strata_watch {
    // Raised before and behind each change.
    atomic_uint version;
    _Atomic(char *) base;
    atomic_size_t count;
    bool *_Atomic is_lost;
    struct strata_watch *next;
    struct strata_watch *next_free;
};

static pthread_mutex_t changes = PTHREAD_MUTEX_INITIALIZER;
static _Atomic(struct strata_watch *) watches;
static struct strata_watch *free_watches;
static struct sigaction previous;

static void pass_on(int signal, siginfo_t *info, void *context) {
    bool is_sent = info->si_code <= 0;
    if (previous.sa_flags & SA_SIGINFO) {
        previous.sa_sigaction(signal, info, context);
    } else if (previous.sa_handler == SIG_DFL || (previous.sa_handler == SIG_IGN && !is_sent)) {
        // The access is tried again, and meets what was set before.
        sigaction(SIGBUS, &previous, NULL);
        if (is_sent) {
            raise(signal);
        }
    } else if (previous.sa_handler != SIG_IGN) {
        previous.sa_handler(signal);
    }
}

// Puts zeros in the place of the whole file that an address belongs to, and says so first. Whoever has touched the address holds its
// range watched until this returns; of others, which may change meanwhile, no other one has ever held the address since then.
static bool replace(char *address) {
    for (struct strata_watch *watch = atomic_load(&watches); watch != NULL; watch = watch->next) {
        unsigned version = atomic_load(&watch->version);
        size_t count = atomic_load(&watch->count);
        char *base = atomic_load(&watch->base);
        bool *is_lost = atomic_load(&watch->is_lost);
        if (count == 0 || address < base || address >= base + count || atomic_load(&watch->version) != version) {
            continue;
        }
        __atomic_store_n(is_lost, true, __ATOMIC_SEQ_CST);
        return mmap(base, count, PROT_READ, MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED;
    }
    return false;
}

static void handle(int signal, siginfo_t *info, void *context) {
    // Not one that somebody has sent.
    if (info->si_code <= 0 || !replace(info->si_addr)) {
        pass_on(signal, info, context);
    }
}

static void install(void) {
    struct sigaction action = {.sa_sigaction = handle, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER};
    sigemptyset(&action.sa_mask);
    sigaction(SIGBUS, NULL, &previous);
    sigaction(SIGBUS, &action, NULL);
}

struct strata_watch *strata_watch(void *base, size_t count, bool *is_lost) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, install);
    pthread_mutex_lock(&changes);
    struct strata_watch *watch = free_watches;
    if (watch != NULL) {
        free_watches = watch->next_free;
    } else if ((watch = calloc(1, sizeof *watch)) != NULL) {
        watch->next = atomic_load(&watches);
        atomic_store(&watches, watch);
    }
    if (watch != NULL) {
        atomic_store(&watch->base, base);
        atomic_store(&watch->is_lost, is_lost);
        atomic_store(&watch->count, count);
        atomic_fetch_add(&watch->version, 1);
    }
    pthread_mutex_unlock(&changes);
    return watch;
}

void strata_unwatch(struct strata_watch *watch) {
    atomic_store(&watch->count, 0);
    atomic_fetch_add(&watch->version, 1);
    pthread_mutex_lock(&changes);
    watch->next_free = free_watches;
    free_watches = watch;
    pthread_mutex_unlock(&changes);
}
