import EventInterchange
import EventSourcing
import Foundation
import Strata

extension BackupReport {
    /// Writes what a backup holds, and what it took to make it.
    ///
    /// - Parameter place: the copy's.
    func write(_ options: OutputOptions, of place: String) throws {
        let output = StandardOutput()
        switch options.resolved {
        case .text:
            var facts = FactList()
            facts.add("segments", segments.grouped)
            facts.add("events", events.grouped)
            facts.add("last position", lastPosition.map { $0.rawValue.grouped } ?? "none")
            facts.add("copied", copiedBytes.byteCount)
            facts.add("linked", linkedBytes.byteCount)
            facts.add("kept", keptBytes.byteCount)
            facts.add("files removed", removedFiles.grouped)
            try facts.write(to: output)
            for damage in damagedSnapshots { try output.write("damaged snapshot: \("\(damage)".terminalSafe)\n") }
        case .json:
            var json = JSONWriter()
            json.beginObject()
            json.member("store_id", storeID.uuidString.lowercased())
            json.member("segments", segments)
            json.member("events", events)
            json.key("last_position")
            if let lastPosition { json.number(lastPosition.rawValue) } else { json.null() }
            json.member("copied_bytes", copiedBytes)
            json.member("linked_bytes", linkedBytes)
            json.member("kept_bytes", keptBytes)
            json.member("removed_files", removedFiles)
            json.key("damaged_snapshots")
            json.beginArray()
            for damage in damagedSnapshots { json.damage(damage) }
            json.endArray()
            json.endObject()
            json.newLine()
            try output.write(json.bytes)
        }
        try output.flush()
        guard damagedSnapshots.isEmpty else {
            let count = damagedSnapshots.count
            throw ToolError(
                .found,
                "\(place): snapshots are damaged in \(count.grouped) \(count == 1 ? "place" : "places"), in the copy as in what "
                    + "it was made of; the events are complete")
        }
    }
}
