#if JetStream
import CNATS
import Dispatch
import Glibc
import Synchronization

/// Moves a connection's bytes between libnats and its socket, in place of libnats' own threads.
///
/// Those write each message to the socket by itself, or wait a millisecond for more. Here whoever sends gathers messages in
/// libnats' buffer, and writes them with one call to the system. The loop's thread reads, and writes what nobody else does:
/// libnats' pings, and what the socket did not take at once.
final class NATSEventLoop: Sendable {
    private struct State {
        /// The address of libnats' connection; 0 before there is one.
        var connection: UInt = 0
        /// The connection's socket; -1 while there is none.
        var socket: Int32 = -1
        /// Whether libnats holds bytes that are to be written.
        var holdsBytes = false
        /// Whether somebody sends, and writes what libnats holds.
        var isGathering = false
        var hasEnded = false
    }

    /// In milliseconds.
    private static let longestWait: Int32 = 100

    private let state = Mutex(State())
    /// Held while libnats writes: with nothing to write, it would take the connection for lost.
    private let writing = Mutex(())
    /// Held while libnats takes apart what it has read.
    private let reading = Mutex(())
    private let wakeUp: Int32
    private let finished = DispatchSemaphore(value: 0)

    /// - Returns: nil where the process has no room for one more descriptor and thread.
    init?() {
        wakeUp = eventfd(0, Int32(EFD_CLOEXEC) | Int32(EFD_NONBLOCK))
        guard wakeUp >= 0 else { return nil }
        let loop = Unmanaged.passRetained(self)
        var thread = pthread_t()
        let failure = pthread_create(
            &thread, nil, { $0.map { Unmanaged<NATSEventLoop>.fromOpaque($0).takeRetainedValue() }?.run() },
            loop.toOpaque())
        guard failure == 0 else {
            loop.release()
            return nil
        }
        pthread_detach(thread)
    }

    deinit {
        close(wakeUp)
    }

    /// Has a connection that is made with these options use the loop, which must outlive the call that connects.
    func serve(_ options: OpaquePointer) {
        natsOptions_SetEventLoop(
            options, Unmanaged.passUnretained(self).toOpaque(),
            { owner, pointer, connection, socket in
                guard let owner, let pointer else { return NATS_INVALID_ARG }
                let loop = Unmanaged<NATSEventLoop>.fromOpaque(pointer)
                // The connection keeps the loop, from its first socket on, until it detaches.
                if owner.pointee == nil { owner.pointee = loop.retain().toOpaque() }
                loop.takeUnretainedValue().attach(UInt(bitPattern: connection), socket)
                return NATS_OK
            },
            { pointer, isReading in
                if !isReading { pointer.map(NATSEventLoop.loop(at:))?.detach() }
                return NATS_OK
            },
            { pointer, isWriting in
                pointer.map(NATSEventLoop.loop(at:))?.setHoldsBytes(isWriting)
                return NATS_OK
            },
            { pointer in
                pointer.map { Unmanaged<NATSEventLoop>.fromOpaque($0).release() }
                return NATS_OK
            })
    }

    private static func loop(at pointer: UnsafeMutableRawPointer) -> NATSEventLoop {
        Unmanaged<NATSEventLoop>.fromOpaque(pointer).takeUnretainedValue()
    }

    /// Ends the thread and waits for it; once the connection is closed, and before it is destroyed.
    func end() {
        state.withLock { state in
            state.hasEnded = true
            state.connection = 0
        }
        wake()
        finished.wait()
    }

    /// Has libnats gather what `body` sends, and writes it.
    func gather<Value>(_ body: () -> Value) -> Value {
        state.withLock { $0.isGathering = true }
        let value = body()
        write()
        let mustWake = state.withLock { state in
            state.isGathering = false
            return state.holdsBytes
        }
        if mustWake { wake() }
        return value
    }

    /// Writes what was gathered up to now; what the socket does not take stays.
    private func write() {
        writing.withLock { _ in
            let now = state.withLock { $0 }
            guard now.holdsBytes, let connection = OpaquePointer(bitPattern: now.connection) else { return }
            natsConnection_ProcessWriteEvent(connection)
        }
    }

    /// Writes all that was gathered up to now, and blocks where the network takes no more, until it does or libnats, whose
    /// pings are not answered either, gives the connection up.
    func writeAll() {
        write()
        while let socket = state.withLock({ $0.holdsBytes && $0.socket >= 0 ? $0.socket : nil }) {
            var entry = pollfd(fd: socket, events: Int16(POLLOUT), revents: 0)
            // A socket that another thread closes meanwhile wakes nobody.
            poll(&entry, 1, Self.longestWait)
            write()
        }
    }

    /// Waits until libnats has taken apart what it reads now.
    ///
    /// Its threads that deliver messages do so before each one: otherwise they and the loop's thread would wake each other
    /// once for every message, which costs several times what the message does.
    func waitUntilRead() {
        reading.withLock { _ in }
    }

    private func attach(_ connection: UInt, _ socket: Int32) {
        state.withLock { state in
            state.connection = connection
            state.socket = socket
        }
        wake()
    }

    private func detach() {
        state.withLock { $0.socket = -1 }
    }

    private func setHoldsBytes(_ holdsBytes: Bool) {
        let mustWake = state.withLock { state in
            state.holdsBytes = holdsBytes
            return holdsBytes && !state.isGathering
        }
        if mustWake { wake() }
    }

    private func wake() {
        eventfd_write(wakeUp, 1)
    }

    /// Reads what has come, or learns that the connection is lost.
    private func read(_ connection: UInt, _ socket: Int32, isOpen: Bool) {
        if isOpen {
            reading.withLock { _ in OpaquePointer(bitPattern: connection).map { natsConnection_ProcessReadEvent($0) } }
        } else {
            state.withLock { if $0.socket == socket { $0.socket = -1 } }
        }
    }

    private func run() -> UnsafeMutableRawPointer? {
        var entries = [
            pollfd(fd: wakeUp, events: Int16(POLLIN), revents: 0), pollfd(fd: -1, events: 0, revents: 0),
        ]
        while true {
            let now = state.withLock { $0 }
            if now.hasEnded { break }
            entries[1].fd = now.socket
            entries[1].events = Int16(now.holdsBytes && !now.isGathering ? POLLIN | POLLOUT : POLLIN)
            entries[1].revents = 0
            guard poll(&entries, 2, -1) > 0 else { continue }
            if entries[0].revents != 0 {
                var count: UInt64 = 0
                eventfd_read(wakeUp, &count)
            }
            let events = Int32(entries[1].revents)
            if events & POLLOUT != 0 { write() }
            if events & ~POLLOUT != 0 { read(now.connection, now.socket, isOpen: events & POLLNVAL == 0) }
        }
        finished.signal()
        return nil
    }
}
#endif
