#if JetStream
import EventSourcing
import Logging

extension JetStreamSession {
    /// Finds a store's streams, or makes them where they are missing and may be made.
    ///
    /// - Returns: the layout with the numbers of replicas that the streams really have.
    func openStreams() async throws(JetStreamError) -> StoreLayout {
        var layout = StoreLayout(name: options.name, replicas: options.replicas)
        layout.events = try await open(
            layout.events, layout.allEvents, #""duplicate_window":\#(options.duplicateWindow.nanoseconds)"#)
        layout.ids = try await open(layout.ids, "\(options.name).i.*", #""max_msgs_per_subject":1"#)
        layout.parts = try await open(layout.parts, "\(options.name).p.>", #""max_msgs_per_subject":-1"#)
        layout.trims = try await open(layout.trims, layout.allTrims, #""max_msgs_per_subject":1"#)
        layout.snapshots = try await open(layout.snapshots, "\(options.name).s.>", #""max_msgs_per_subject":1"#)
        return layout
    }

    private func open(
        _ stream: StreamSettings, _ subjects: String, _ settings: String
    ) async throws(JetStreamError) -> StreamSettings {
        let deadline = deadline
        let answer: Result<StreamInformation, ServerFailure> = try await call(
            "STREAM.INFO.\(stream.name)", "", until: deadline)
        switch answer {
        case .success(let information): return try check(information, of: stream)
        case .failure(let failure) where failure.isStreamNotFound && options.createsStore: break
        case .failure(let failure): throw JetStreamError(failure)
        }
        // Limits make the stream refuse what is new; nothing stored is ever dropped for them.
        let configuration = """
            {"name":"\(stream.name)","description":"strata format \(StoreLayout.format)","subjects":["\(subjects)"],\
            "retention":"limits","discard":"new","storage":"file","num_replicas":\(stream.replicas),"allow_direct":true,\
            "max_msgs":-1,"max_bytes":-1,"max_age":0,\(settings)}
            """
        let created: Result<StreamInformation, ServerFailure> = try await call(
            "STREAM.CREATE.\(stream.name)", configuration, until: deadline)
        switch created {
        case .success(let information): return try check(information, of: stream)
        case .failure(let failure): throw JetStreamError(failure)
        }
    }

    private func check(
        _ information: StreamInformation, of stream: StreamSettings
    ) throws(JetStreamError) -> StreamSettings {
        let configuration = information.config
        guard let format = configuration.format else {
            throw JetStreamError(
                .configurationMismatch, "the stream \(stream.name) is none of this library's; choose another name")
        }
        guard format <= StoreLayout.format else {
            throw JetStreamError(
                .unsupportedFormat,
                "the store \(options.name) has format \(format), and this library knows up to \(StoreLayout.format); "
                    + "use a newer version of the library")
        }
        guard configuration.isDirect == true else {
            throw JetStreamError(
                .configurationMismatch, "the stream \(stream.name) does not allow direct gets; set its allow_direct")
        }
        if configuration.replicas != stream.replicas {
            logger.warning(
                "the stream is kept on another number of servers than the options say",
                metadata: [
                    "stream": "\(stream.name)", "replicas": "\(configuration.replicas)",
                    "options": "\(stream.replicas)",
                ])
        }
        return StreamSettings(name: stream.name, replicas: configuration.replicas)
    }
}

/// What a server says of a stream.
private struct StreamInformation: Decodable {
    struct Configuration: Decodable {
        let description: String?
        let replicas: Int
        let isDirect: Bool?

        private enum CodingKeys: String, CodingKey {
            case description
            case replicas = "num_replicas"
            case isDirect = "allow_direct"
        }

        /// The format that the store was made in.
        var format: Int? {
            guard let description, description.hasPrefix("strata format ") else { return nil }
            return Int(description.dropFirst("strata format ".count))
        }
    }

    let config: Configuration
}
#endif
