import Foundation

/// Results as a picture: one line a row, one mark a side, on a logarithmic scale of what the side did a second.
struct Chart {
    private static let width = 960.0
    private static let left = 330.0
    private static let right = 30.0
    private static let lineHeight = 34.0
    private static let top = 84.0
    private static let colors = [
        Side.strata: "#d1495b", PeerKind.sqlite.rawValue: "#30638e", PeerKind.grdb.rawValue: "#7b9e89",
        PeerKind.rocksDB.rawValue: "#edae49", PeerKind.rocksDBSerial.rawValue: "#b98b2f",
        PeerKind.lmdb.rawValue: "#6a4c93", Side.rawLimit: "#333333",
    ]

    private let results: [RowResult]
    private let machine: Machine
    private let exponents: ClosedRange<Int>

    /// - Parameter results: those that count something a second are drawn.
    init(_ results: [RowResult], machine: Machine) {
        self.results = results.filter { !$0.row.unit.isBetterWhenLess && $0.sides.count > 1 }
        self.machine = machine
        let values = self.results.flatMap { $0.sides.map { Spread($0.values).median } }.filter { $0 > 0 }
        let lowest = Int(log10(max(values.min() ?? 1, 1)))
        exponents = lowest...max(lowest + 1, Int(log10(max(values.max() ?? 10, 1))) + 1)
    }

    var svg: String {
        let height = Self.top + Double(results.count) * Self.lineHeight + 40
        let body = [title, legend, grid(to: height - 30)] + results.indices.map(line)
        return """
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(Int(Self.width)) \(Int(height))" \
            font-family="sans-serif" font-size="12" fill="#333">
            <rect width="100%" height="100%" fill="#fff"/>
            \(body.joined(separator: "\n"))
            </svg>

            """
    }

    private var title: String {
        """
        <text x="16" y="26" font-size="16" font-weight="bold">Strata beside its peers: events or look-ups a second, \
        medians (logarithmic scale; right is better)</text>
        <text x="16" y="44" fill="#777">\(Self.escaped(machine.text))</text>
        """
    }

    private var names: [String] {
        let known = [Side.strata, Side.rawLimit] + PeerKind.allCases.map(\.rawValue)
        return known.filter { name in results.contains { $0.side(name) != nil } }
    }

    private var legend: String {
        var x = 16.0
        return names.map { name in
            defer { x += 34 + Double(name.count) * 7 }
            return mark(name, x: x + 6, y: 62) + "<text x=\"\(x + 18)\" y=\"66\">\(Self.escaped(name))</text>"
        }.joined(separator: "\n")
    }

    private func position(_ value: Double) -> Double {
        let low = Double(exponents.lowerBound)
        let share = (log10(max(value, 1)) - low) / Double(exponents.upperBound - exponents.lowerBound)
        return Self.left + max(0, min(1, share)) * (Self.width - Self.left - Self.right)
    }

    private func grid(to bottom: Double) -> String {
        exponents.map { exponent in
            let power = pow(10, Double(exponent))
            let x = position(power)
            return """
                <line x1="\(x)" y1="\(Self.top - 8)" x2="\(x)" y2="\(bottom)" stroke="#e4e4e4"/>
                <text x="\(x)" y="\(bottom + 16)" text-anchor="middle" fill="#777">\(Int(power).grouped)</text>
                """
        }.joined(separator: "\n")
    }

    private func line(_ index: Int) -> String {
        let result = results[index]
        let y = Self.top + (Double(index) + 0.5) * Self.lineHeight
        var parts = [
            "<text x=\"\(Self.left - 14)\" y=\"\(y + 4)\" text-anchor=\"end\">\(Self.escaped(result.row.title))</text>",
            "<line x1=\"\(Self.left)\" y1=\"\(y)\" x2=\"\(Self.width - Self.right)\" y2=\"\(y)\" stroke=\"#e4e4e4\"/>",
        ]
        // Strata last, so that no other mark hides its own.
        for name in names.reversed() {
            guard let side = result.side(name) else { continue }
            parts.append(mark(name, x: position(Spread(side.values).median), y: y))
        }
        return parts.joined(separator: "\n")
    }

    private func mark(_ name: String, x: Double, y: Double) -> String {
        let color = Self.colors[name] ?? "#999999"
        switch name {
        case Side.rawLimit:
            return
                "<line x1=\"\(x)\" y1=\"\(y - 9)\" x2=\"\(x)\" y2=\"\(y + 9)\" stroke=\"\(color)\" stroke-width=\"3\"/>"
        case Side.strata: return "<circle cx=\"\(x)\" cy=\"\(y)\" r=\"7\" fill=\"\(color)\"/>"
        default:
            return "<circle cx=\"\(x)\" cy=\"\(y)\" r=\"5\" fill=\"#fff\" stroke=\"\(color)\" stroke-width=\"2.5\"/>"
        }
    }

    private static func escaped(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;")
    }
}
