import Dispatch
import EventCopying
import Foundation
import Synchronization

/// Ends a copy behind a whole commit when a signal comes; the second one ends the tool at once.
final class Interruption: Sendable {
    let stop = CopyStop()
    private let received = Mutex<Int32?>(nil)
    /// Kept alive as long as this object.
    private let sources = Mutex<[any DispatchSourceSignal]>([])

    init() {
        for number in [SIGINT, SIGTERM] {
            signal(number, SIG_IGN)
            sources.withLock { sources in
                let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
                source.setEventHandler { [weak self] in self?.take(number) }
                source.resume()
                sources.append(source)
            }
        }
    }

    private func take(_ number: Int32) {
        received.withLock { $0 = $0 ?? number }
        for number in [SIGINT, SIGTERM] { signal(number, SIG_DFL) }
        stop.stop()
    }

    /// What a shell shows for a process that the signal ended; nil where none came.
    var exitCode: Int32? { received.withLock { $0.map { 128 + $0 } } }
}
