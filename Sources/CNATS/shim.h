#include <nats/nats.h>
// What wakes a thread that polls; Swift's Glibc module leaves it out.
#include <sys/eventfd.h>
