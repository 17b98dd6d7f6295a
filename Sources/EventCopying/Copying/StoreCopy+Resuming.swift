import EventSourcing

extension StoreCopy {
    /// Where the copy goes on, which the destination tells where it is not known.
    mutating func currentPlace() async throws(CopyError) -> Place {
        if let place { return place }
        let found = try await findPlace()
        place = found
        return found
    }

    /// Looks for the destination's last event in the source.
    private func findPlace() async throws(CopyError) -> Place {
        var iterator = destination.events.readAll(direction: .backward).events.makeAsyncIterator()
        while true {
            let last: RecordedEvent?
            do throws(EventStoreError) { last = try await iterator.next() } catch { throw .destination(error) }
            guard let last else { return Place() }
            let found = try await asking(.source) { events throws(EventStoreError) in
                try await events.event(withID: last.id)
            }
            if let found {
                guard found.isSame(as: last) else { break }
                return Place(position: found.position)
            }
            guard try await isReleasedInSource(last) else { break }
        }
        throw CopyError(
            .destinationDiffers, "the destination is no copy of the source's beginning: \(try await firstDifference())")
    }

    /// Whether the source once had an event, as far as can be told.
    private func isReleasedInSource(_ event: RecordedEvent) async throws(CopyError) -> Bool {
        let status = try await asking(.source) { events throws(EventStoreError) in
            try await events.status(of: event.stream)
        }
        return event.version < status.firstVersion
    }

    /// What stands first in the destination that does not stand there in the source, in words. Reads both.
    func firstDifference() async throws(CopyError) -> String {
        var theirs = source.events.readAll().events.makeAsyncIterator()
        var ours = destination.events.readAll().events.makeAsyncIterator()
        while true {
            let event: RecordedEvent?
            do throws(EventStoreError) { event = try await ours.next() } catch { throw .destination(error) }
            guard let event else { break }
            if try await isReleasedInSource(event) { continue }
            let expected: RecordedEvent?
            do throws(EventStoreError) { expected = try await theirs.next() } catch { throw .source(error) }
            guard let expected else {
                return "it holds \(event.place), and the source holds nothing there"
            }
            if !expected.isSame(as: event) {
                return expected.place == event.place
                    ? "\(event.place) is another event there"
                    : "it holds \(event.place) where the source holds \(expected.place)"
            }
        }
        for (stream, status) in try await releases(of: .destination) {
            let source = try await asking(.source) { events throws(EventStoreError) in
                try await events.status(of: stream)
            }
            if source.firstVersion < status.firstVersion || status.isTombstoned && !source.isTombstoned {
                return "it has released events of \(stream) that the source holds"
            }
        }
        return "its events are those of the source"
    }
}

extension RecordedEvent {
    /// Whether another store's event is this one, apart from what stores give themselves.
    fileprivate func isSame(as other: RecordedEvent) -> Bool {
        self
            == RecordedEvent(
                NewEvent(other), stream: other.stream, version: other.version, position: position, storedAt: storedAt)
    }

    fileprivate var place: String { "version \(version) of \(stream)" }
}
