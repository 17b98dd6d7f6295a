#define _GNU_SOURCE
#include "CStrata.h"

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <ucontext.h>

// The copy that a thread is at.
struct copy {
    const char *from;
    size_t count;
    sigjmp_buf resume;
};

// In the handler, where nothing may be allocated: the model that finds it without a call.
static __thread struct copy *volatile current __attribute__((tls_model("initial-exec")));
static struct sigaction previous;

static void pass_on(int signal, siginfo_t *info, void *context) {
    if (previous.sa_flags & SA_SIGINFO) {
        previous.sa_sigaction(signal, info, context);
    } else if (previous.sa_handler == SIG_DFL || previous.sa_handler == SIG_IGN) {
        // The access is tried again, and meets what was set before.
        sigaction(SIGBUS, &previous, NULL);
    } else {
        previous.sa_handler(signal);
    }
}

static void handle(int signal, siginfo_t *info, void *context) {
    struct copy *copy = current;
    const char *address = info->si_addr;
    // Not one that somebody has sent.
    if (copy != NULL && info->si_code > 0 && address >= copy->from && address < copy->from + copy->count) {
        current = NULL;
        // Whoever stands between the system and this handler, as sanitizers do, may have blocked more than it asked for.
        pthread_sigmask(SIG_SETMASK, &((ucontext_t *)context)->uc_sigmask, NULL);
        // Nothing but memcpy was interrupted, so that nothing is left undone.
        siglongjmp(copy->resume, 1);
    }
    pass_on(signal, info, context);
}

static void install(void) {
    struct sigaction action = {.sa_sigaction = handle, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER};
    sigemptyset(&action.sa_mask);
    sigaction(SIGBUS, NULL, &previous);
    sigaction(SIGBUS, &action, NULL);
}

bool strata_copy_mapped(void *to, const void *from, size_t count) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, install);
    struct copy copy = {.from = from, .count = count};
    // The handler puts the mask of signals back; saving it here would be a system call for each copy.
    if (sigsetjmp(copy.resume, 0) != 0) {
        return false;
    }
    current = &copy;
    atomic_signal_fence(memory_order_seq_cst);
    memcpy(to, from, count);
    atomic_signal_fence(memory_order_seq_cst);
    current = NULL;
    return true;
}
