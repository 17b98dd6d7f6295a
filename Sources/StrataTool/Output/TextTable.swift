/// Rows in columns, written while they come.
///
/// The first rows decide the widths of the columns; a wider cell further down moves its row, nothing else.
struct TextTable {
    struct Column {
        let title: String
        let alignsRight: Bool

        static func left(_ title: String) -> Column { Column(title: title, alignsRight: false) }
        static func right(_ title: String) -> Column { Column(title: title, alignsRight: true) }
    }

    private static let rowsThatDecide = 200

    private let columns: [Column]
    private let output: StandardOutput
    private var widths: [Int]
    private var waiting: [[String]] = []
    private var hasBegun = false

    init(_ columns: [Column], to output: StandardOutput) {
        self.columns = columns
        self.output = output
        widths = columns.map(\.title.count)
    }

    /// Adds a row with a cell for each column.
    mutating func add(_ cells: [String]) throws {
        let cells = cells.map(\.terminalSafe)
        guard !hasBegun else { return try write(cells) }
        for (index, cell) in cells.enumerated() { widths[index] = max(widths[index], cell.count) }
        waiting.append(cells)
        if waiting.count == Self.rowsThatDecide { try begin() }
    }

    /// Writes what is still waiting; a table without rows writes nothing.
    mutating func finish() throws {
        if !hasBegun, !waiting.isEmpty { try begin() }
    }

    private mutating func begin() throws {
        hasBegun = true
        try write(columns.map { $0.title.uppercased() })
        for cells in waiting { try write(cells) }
        waiting = []
    }

    private func write(_ cells: [String]) throws {
        var line = ""
        for (index, cell) in cells.enumerated() {
            let padding = String(repeating: " ", count: max(0, widths[index] - cell.count))
            if index > 0 { line += "  " }
            if columns[index].alignsRight {
                line += padding + cell
            } else {
                line += index == cells.count - 1 ? cell : cell + padding
            }
        }
        try output.write(line + "\n")
    }
}
