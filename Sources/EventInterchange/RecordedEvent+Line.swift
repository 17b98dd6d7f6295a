public import EventSourcing

extension RecordedEvent {
    /// Appends the event as one line of NDJSON, with its line break, which ``Commit/init(line:)`` reads back.
    ///
    /// JSON that fits a line as it is stands there byte for byte as `data`; any other payload as `data_base64` beside
    /// its `content_type`.
    public func appendLine(to buffer: inout [UInt8]) {
        var writer = JSONWriter()
        writer.event(self)
        writer.newLine()
        buffer.append(contentsOf: writer.bytes)
    }
}
