import EventSourcing
import Foundation

extension EventSample {
    /// The events of a file of NDJSON, as `strata export` writes it, to be repeated under new ids.
    ///
    /// - Parameter path: the file; one that ends in `.gz` is unpacked.
    static func recorded(at path: String) throws -> EventSample {
        var streams: [String: Int] = [:]
        var templates: [EventTemplate] = []
        var aggregateType = ""
        for line in try recordedLines(at: path).split(separator: UInt8(ascii: "\n")) {
            guard
                let object = try JSONSerialization.jsonObject(with: line) as? [String: Any],
                let type = object["event_type"] as? String, let data = object["data"],
                let aggregate = object["aggregate_type"] as? String, let id = object["aggregate_id"] as? String
            else { throw BenchmarkError("\(path): this is not a line of events") }
            aggregateType = aggregate
            let stream = streams[id, default: streams.count]
            streams[id] = stream
            let payload = try JSONSerialization.data(
                withJSONObject: data, options: [.withoutEscapingSlashes, .sortedKeys, .fragmentsAllowed])
            let pairs = object["metadata"] as? [String: String] ?? [:]
            let encoded = pairs.flatMap { Array($0.key.utf8) + Array($0.value.utf8) }
            templates.append(
                EventTemplate(
                    type: type, payload: Bytes(Array(payload)), metadata: EventMetadata(pairs),
                    metadataBytes: Bytes(encoded), stream: stream))
        }
        guard !templates.isEmpty else { throw BenchmarkError("\(path): there are no events") }
        return EventSample(
            name: "recorded", aggregateType: aggregateType, templates: templates, streamCount: streams.count,
            zipf: nil)
    }

    /// The lines of such a file.
    static func recordedLines(at path: String) throws -> Data {
        guard path.hasSuffix(".gz") else { return try Data(contentsOf: URL(fileURLWithPath: path)) }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["gzip", "-dc", path]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let data = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw BenchmarkError("\(path) cannot be unpacked") }
        return data
    }
}
