import EventSourcing
import FoundationEssentials
import Glibc
import Strata

extension Life {
    /// Does something; returns how many operations it was.
    mutating func act() async throws -> Int {
        switch habits.nextAct(using: &randomness) {
        case .append: return try await append(count: 1)
        case .appendTogether: return try await append(count: [2, 8, 64][number(0...2)])
        case .importEvents: try await importEvents()
        case .saveSnapshot: await saveSnapshot(of: anyStream())
        case .deleteSnapshot: await deleteSnapshot()
        case .lookUp: try await lookUp()
        case .readStream: try await readStream()
        case .waitUntilDurable: await waitUntilDurable()
        case .jumpClock: device.jumpClock(bySeconds: randomness.isOne(in: 2) ? .tenYears : -.tenYears)
        case .injectFault: injectFault()
        case .fillDisk: device.setRoom(number(0...4_096))
        case .close: try await closeAndReopen()
        case .die: try await restart(after: .processDeath)
        case .losePower: try await restart(after: .lossOfPower)
        case .truncate: try await truncate()
        case .delete: try await delete()
        case .compact: try await compact()
        case .backUp: try await backUp()
        case .readBeside: try await readBeside()
        }
        return 1
    }

    mutating func newEvents() -> [NewEvent] {
        (0..<(randomness.isOne(in: 10) ? number(2...6) : 1)).map { _ in
            let bytes = randomness.isOne(in: 100) ? number(2_000...9_000) : number(0...160)
            return NewEvent.sample(payloadBytes: bytes, using: &randomness)
        }
    }

    /// Appends to one stream, or to a random one each time.
    mutating func append(count: Int, to stream: StreamID? = nil) async throws -> Int {
        guard let store else { return 1 }
        let submitted = submit(count, to: stream)
        await withTaskGroup { group in start(submitted, in: store, &group) }
        try await notice(submitted.map(\.number))
        return count
    }

    struct SubmittedAppend {
        let number: Int
        let events: [NewEvent]
        let stream: StreamID
    }

    /// Notes what callers are about to append to one stream, or to a random one each time.
    mutating func submit(_ count: Int, to stream: StreamID? = nil) -> [SubmittedAppend] {
        (0..<count).map { _ in
            let (events, stream) = (newEvents(), stream ?? anyStream())
            let number = history.submit(events, to: stream, at: device.calls)
            return SubmittedAppend(number: number, events: events, stream: stream)
        }
    }

    func start(_ submitted: [SubmittedAppend], in store: StrataStore, _ group: inout TaskGroup<Void>) {
        for append in submitted {
            group.addTask { [history, device] in
                let answer: Result<AppendResult, EventStoreError>
                do throws(EventStoreError) {
                    answer = .success(try await store.events.append(append.events, to: append.stream, expecting: .any))
                } catch {
                    answer = .failure(error)
                }
                history.settle(append.number, answer, at: device.calls)
            }
        }
    }

    /// Looks at what callers were told.
    mutating func notice(_ numbers: [Int]) async throws {
        let appends = history.appends
        var hasStopped = false
        for number in numbers {
            guard case .failure(let error) = appends[number].answer else { continue }
            if error.code == .streamDeleted, mayBeTombstoned(appends[number].stream) { continue }
            tally.count("failed appends")
            try require(mayFail || device.isFilling, "an append fails without any reason: \(error)")
            if error.code != .storageFull { hasStopped = true }
        }
        if device.isFilling, randomness.isOne(in: 3) { device.setRoom(nil) }
        noteFailedSyncs()
        // Some callers go on with a store that has told them that it stopped.
        guard hasStopped, !randomness.isOne(in: 4) else { return }
        try await restart(after: randomness.isOne(in: 3) ? .lossOfPower : .processDeath)
    }

    /// Lets something go wrong soon.
    mutating func injectFault() {
        let call = device.calls + number(1...12)
        let numbers = [EIO, ENOSPC, EDQUOT, EINTR, EMFILE, EROFS, EFBIG]
        let error = numbers[number(0...numbers.count - 1)]
        let models: [DeviceFault.FailedSync] = [.keptInCache, .reverted, .goneWithLastReference]
        let effect: DeviceFault.Effect =
            switch number(0...9) {
            case 0..<4: .error(error)
            case 4: .errorAfterTheFact(error == EINTR ? EIO : error)
            case 5..<7: .shortWrite(number(1...256))
            default: .failedSync(models[number(0...2)])
            }
        let isPersistent = effect != .error(EINTR) && randomness.isOne(in: 4)
        device.inject([DeviceFault(atCall: call, effect, isPersistent: isPersistent)])
        tally.count("faults")
    }

    mutating func noteFailedSyncs() {
        if device.struck.dropFirst(struckBefore).contains(where: \.operation.isSync) { hasFailedSync = true }
    }

    private func waitUntilDurable() async {
        guard let store, let last = try? await store.events.currentPosition() else { return }
        guard (try? await store.events.waitUntilDurable(last)) != nil else { return }
        history.noteDurable(upTo: last.rawValue, at: device.calls)
    }

    mutating func saveSnapshot(of stream: StreamID) async {
        guard let store, let version = try? await store.events.version(of: stream), version > 0 else { return }
        let snapshot = Snapshot(
            stream: stream, version: version, schemaVersion: 1, createdAt: .distantPast,
            state: Bytes(randomness.bytes(number(0...600))))
        let change = history.submit(snapshot, of: stream, at: device.calls)
        guard (try? await store.snapshots.save(snapshot)) != nil else { return }
        history.settleSnapshotChange(change, at: device.calls)
    }

    mutating func deleteSnapshot() async {
        let stream = anyStream()
        guard let store else { return }
        let change = history.submit(nil, of: stream, at: device.calls)
        guard (try? await store.snapshots.delete(for: stream)) != nil else { return }
        history.settleSnapshotChange(change, at: device.calls)
    }

    /// Events that were there when the store was opened are there.
    mutating func lookUp() async throws {
        guard let store, !known.isEmpty else { return }
        let event = known[number(0...known.count - 1)]
        guard !isReleasing(event.stream) else { return }
        do {
            let found = try await store.events.event(withID: event.id)
            try require(found?.isSame(as: event) ?? false, "position \(event.position) is not what it was")
        } catch let error as EventStoreError {
            try require(mayFail, "looking up an event fails: \(error)")
        }
    }

    mutating func readStream() async throws {
        let stream = anyStream()
        guard let store else { return }
        do {
            let found = try await store.events.readStream(stream).collect()
            let before = isReleasing(stream) ? [] : known.filter { $0.stream == stream }
            try require(
                Array(found.prefix(before.count)).isSame(as: before), "a stream shows other events than it did")
            guard let first = found.first, let last = found.last else { return }
            try require(last.version - first.version + 1 == found.count, "a stream has gaps")
        } catch let error as EventStoreError {
            try require(mayFail, "reading a stream fails: \(error)")
        }
    }
}
