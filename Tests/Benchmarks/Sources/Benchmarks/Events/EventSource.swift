/// What one of several writers appends, one append after the other: each writer has streams of its own, whose versions
/// it knows.
struct EventSource: Sendable {
    private let sample: EventSample
    private let writer: Int
    private let writers: Int
    private var randomness: Randomness
    /// By the stream's number divided by the number of writers.
    private var versions: [Int32]
    private var step = 0

    init(_ sample: EventSample, writer: Int = 0, of writers: Int = 1, seed: UInt64 = 1) {
        self.sample = sample
        self.writer = writer
        self.writers = writers
        randomness = Randomness(seed: seed &* 1_000_003 &+ UInt64(writer))
        versions = Array(repeating: 0, count: sample.streamCount / writers + 1)
    }

    /// The next append of some events.
    mutating func next(_ count: Int = 1) -> SampleAppend {
        if sample.isRecorded { return nextRecorded() }
        let drawn = sample.zipf?.draw(&randomness) ?? 0
        let slot = (drawn / writers * writers + writer < sample.streamCount ? drawn : writer) / writers
        var append = SampleAppend(stream: slot * writers + writer, after: Int(versions[slot]), events: [])
        append.events.reserveCapacity(count)
        for _ in 0..<count {
            let template = randomness.index(below: sample.templates.count)
            append.events.append(SampleEvent(id: randomness.id(), template: template))
        }
        versions[slot] += Int32(count)
        return append
    }

    /// One event at a time, in the order of the record, which begins anew with other streams at its end.
    private mutating func nextRecorded() -> SampleAppend {
        let template = step % sample.templates.count
        let repetition = step / sample.templates.count * writers + writer
        step += 1
        let stream = sample.templates[template].stream ?? 0
        if template == 0 { versions = Array(repeating: 0, count: sample.streamCount) }
        let append = SampleAppend(
            stream: repetition * sample.streamCount + stream, after: Int(versions[stream]),
            events: [SampleEvent(id: randomness.id(), template: template)])
        versions[stream] += 1
        return append
    }
}
