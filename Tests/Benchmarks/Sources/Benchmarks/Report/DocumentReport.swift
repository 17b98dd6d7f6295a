import Foundation

/// Results as a part of the documentation.
struct DocumentReport {
    /// Which figures of `Performance.md`.
    enum Section: String {
        case embedded = "<!-- figures: Scripts/benchmark --document writes what follows -->"
        case servers = "<!-- figures of servers: Scripts/benchmark-servers --document writes what follows -->"
    }

    private static let end = "<!-- end of figures -->"

    /// Holds `Performance.md` and `Performance.svg`.
    let directory: String
    let section: Section

    /// Replaces what stands between the section's marks, and the picture of the embedded ones.
    func write(_ results: [RowResult], _ machine: Machine) throws {
        let page = directory + "/Performance.md"
        let text = try String(contentsOfFile: page, encoding: .utf8)
        guard let first = text.range(of: section.rawValue),
            let last = text.range(of: Self.end, range: first.upperBound..<text.endIndex)
        else { throw BenchmarkError("\(page) does not say where the figures go") }
        let figures = """


            Measured on: \(machine.text). Of each figure the median of the rounds, with the smallest and the largest.
            \(picture)
            \(TableReport.summary(results))
            \(TableReport.text(results))

            """
        let changed = text[..<first.upperBound] + figures + text[last.lowerBound...]
        try Data(changed.utf8).write(to: URL(fileURLWithPath: page))
        guard section == .embedded else { return }
        let chart = Chart(results, machine: machine).svg
        try Data(chart.utf8).write(to: URL(fileURLWithPath: directory + "/Performance.svg"))
    }

    private var picture: String {
        section == .embedded ? "\n![Events a second, all sides](Performance.svg)\n" : ""
    }
}
