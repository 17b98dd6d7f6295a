#if PostgreSQL
import CPostgreSQL
import Glibc
import Synchronization

/// Waits for sockets on one thread of its own, so that no thread of the cooperative pool ever does.
///
/// A socket has at most one waiter. Deadlines are kept to within a tenth of a second.
final class SocketReactor: Sendable {
    /// The reactor of this process.
    static let shared = SocketReactor()

    /// What a waiter waits for.
    enum Event {
        case readable
        /// Room for more to send, or something to receive: a peer that only sends must be listened to as well.
        case writableOrReadable

        fileprivate var mask: UInt32 {
            switch self {
            case .readable: EPOLLIN.rawValue | EPOLLRDHUP.rawValue
            case .writableOrReadable: EPOLLIN.rawValue | EPOLLOUT.rawValue | EPOLLRDHUP.rawValue
            }
        }

        /// Whether it has happened on a socket already. Waits for nothing.
        fileprivate func hasHappened(on socket: Int32) -> Bool {
            let events: Int32 =
                switch self {
                case .readable: POLLIN
                case .writableOrReadable: POLLIN | POLLOUT
                }
            var entry = pollfd(fd: socket, events: Int16(events), revents: 0)
            return poll(&entry, 1, 0) > 0
        }
    }

    private struct Waiter {
        let continuation: CheckedContinuation<Bool, Never>
        let deadline: ContinuousClock.Instant
    }

    private struct State {
        var waiters: [Int32: Waiter] = [:]
        /// Whether the thread waits without a time limit; it must be woken for the first deadline to be kept.
        var isAsleep = false
    }

    private let epoll: Int32
    private let wakeUp: Int32
    private let state = Mutex(State())

    private init() {
        epoll = epoll_create1(Int32(EPOLL_CLOEXEC))
        wakeUp = eventfd(0, Int32(EFD_CLOEXEC) | Int32(EFD_NONBLOCK))
        precondition(epoll >= 0 && wakeUp >= 0, "the process has no room for two more descriptors")
        var event = epoll_event(events: EPOLLIN.rawValue, data: epoll_data_t(fd: wakeUp))
        epoll_ctl(epoll, EPOLL_CTL_ADD, wakeUp, &event)
        var thread = pthread_t()
        let reactor = Unmanaged.passRetained(self).toOpaque()
        let failure = pthread_create(
            &thread, nil, { $0.map { Unmanaged<SocketReactor>.fromOpaque($0).takeUnretainedValue() }?.run() }, reactor)
        precondition(failure == 0, "the process has no room for one more thread")
        pthread_detach(thread)
    }

    /// Waits until something happened on a socket.
    ///
    /// - Returns: false where the deadline passed first.
    func wait(for event: Event, on socket: Int32, until deadline: ContinuousClock.Instant) async -> Bool {
        // An answer of many rows comes in pieces, the next often in less time than the way over the thread takes.
        if event.hasHappened(on: socket) { return true }
        return await withCheckedContinuation { continuation in
            let mustWake = state.withLock { state in
                state.waiters[socket] = Waiter(continuation: continuation, deadline: deadline)
                // Under the lock, so that the thread finds the waiter when the event comes.
                var event = epoll_event(
                    events: event.mask | EPOLLONESHOT.rawValue, data: epoll_data_t(fd: socket))
                if epoll_ctl(epoll, EPOLL_CTL_MOD, socket, &event) != 0 {
                    epoll_ctl(epoll, EPOLL_CTL_ADD, socket, &event)
                }
                defer { state.isAsleep = false }
                return state.isAsleep
            }
            if mustWake { eventfd_write(wakeUp, 1) }
        }
    }

    /// Ends the wait for a socket as though something had happened on it.
    func interrupt(_ socket: Int32) {
        state.withLock { $0.waiters.removeValue(forKey: socket) }?.continuation.resume(returning: true)
    }

    private func run() -> UnsafeMutableRawPointer? {
        var events = Array(repeating: epoll_event(), count: 64)
        var quietTicks = 0
        while true {
            let sleeps = state.withLock { state in
                state.isAsleep = quietTicks > 10 && state.waiters.isEmpty
                return state.isAsleep
            }
            let count = epoll_wait(epoll, &events, Int32(events.count), sleeps ? -1 : 100)
            for index in 0..<max(0, Int(count)) { resume(events[index].data.fd) }
            if count == 0 {
                quietTicks += 1
                resumeLate()
            } else {
                quietTicks = 0
            }
        }
    }

    private func resume(_ socket: Int32) {
        if socket == wakeUp {
            var count: UInt64 = 0
            eventfd_read(wakeUp, &count)
        } else {
            interrupt(socket)
        }
    }

    private func resumeLate() {
        let now = ContinuousClock.now
        let late = state.withLock { state in
            let late = state.waiters.filter { $0.value.deadline <= now }
            for socket in late.keys { state.waiters[socket] = nil }
            return late.values.map(\.continuation)
        }
        for continuation in late { continuation.resume(returning: false) }
    }
}
#endif
