import Foundation

/// Results as a part of the documentation.
struct DocumentReport {
    private static let begin = "<!-- figures: Scripts/benchmark --document writes what follows -->"
    private static let end = "<!-- end of figures -->"

    /// Holds `Performance.md` and `Performance.svg`.
    let directory: String

    /// Replaces what stands between the marks, and the picture.
    func write(_ results: [RowResult], _ machine: Machine) throws {
        let page = directory + "/Performance.md"
        let text = try String(contentsOfFile: page, encoding: .utf8)
        guard let first = text.range(of: Self.begin), let last = text.range(of: Self.end) else {
            throw BenchmarkError("\(page) does not say where the figures go")
        }
        let figures = """


            Measured on: \(machine.text). Of each figure the median of the rounds, with the smallest and the largest.

            ![Events a second, all sides](Performance.svg)

            \(TableReport.summary(results))
            \(TableReport.text(results))

            """
        let changed = text[..<first.upperBound] + figures + text[last.lowerBound...]
        try Data(changed.utf8).write(to: URL(fileURLWithPath: page))
        let chart = Chart(results, machine: machine).svg
        try Data(chart.utf8).write(to: URL(fileURLWithPath: directory + "/Performance.svg"))
    }
}
