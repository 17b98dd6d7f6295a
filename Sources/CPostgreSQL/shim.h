#include <libpq-fe.h>
// What waits for libpq's sockets; Swift's Glibc module leaves them out.
#include <sys/epoll.h>
#include <sys/eventfd.h>
