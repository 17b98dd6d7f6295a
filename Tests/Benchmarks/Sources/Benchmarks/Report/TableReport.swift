/// Results as tables in Markdown, which people can read as they are.
enum TableReport {
    static func text(_ results: [RowResult]) -> String {
        results.map(text).joined(separator: "\n")
    }

    static func text(_ result: RowResult) -> String {
        let strata = result.side(Side.strata)
        var table: [[String]] = [["side", result.row.unit.rawValue, "min", "max", "Strata is", "min", "max", "beside"]]
        for side in result.sides {
            let spread = Spread(side.values)
            var cells = [side.name, spread.median.short, spread.minimum.short, spread.maximum.short]
            if side.name == strata?.name {
                cells += ["", "", ""]
            } else {
                let ratio = Spread(result.ratios(to: side))
                cells += ["\(ratio.median.short)x", ratio.minimum.short, ratio.maximum.short]
            }
            let details = side.detailNames.map { "\($0) \(Spread(side.details($0)).median.short)" }
            table.append(cells + [details.joined(separator: ", ")])
        }
        var text = "### \(result.row.id): \(result.row.title)\n\n" + lines(table)
        if !result.exchanges.isEmpty {
            let spread = Spread(result.exchanges)
            text += "\nA cache line went from one processor to the other and back in \(spread.median.short) ns "
            text += "(\(spread.minimum.short) to \(spread.maximum.short)).\n"
        }
        if !result.outcomes.isEmpty { text += "\n" + result.outcomes.map { "- \($0.text)\n" }.joined() }
        return text
    }

    /// One line a target.
    static func summary(_ results: [RowResult]) -> String {
        var table = [["row", "target", "outcome"]]
        for result in results {
            for outcome in result.outcomes {
                let parts = outcome.text.split(separator: ": ", maxSplits: 1)
                table.append([result.row.id, String(parts.last ?? ""), String(parts.first ?? "")])
            }
        }
        return lines(table)
    }

    private static func lines(_ table: [[String]]) -> String {
        let columns = table[0].indices
        let widths = columns.map { column in table.map { $0[column].count }.max() ?? 0 }
        var lines = table.map { row in
            "| "
                + columns.map { column in
                    let cell = row[column]
                    let padding = String(repeating: " ", count: widths[column] - cell.count)
                    return column == 0 || column == columns.upperBound - 1 ? cell + padding : padding + cell
                }.joined(separator: " | ") + " |"
        }
        let rule = columns.map { column in
            let isLeft = column == 0 || column == columns.upperBound - 1
            return String(repeating: "-", count: widths[column] + 1) + (isLeft ? "-" : ":")
        }
        lines.insert("|" + rule.joined(separator: "|") + "|", at: 1)
        return lines.joined(separator: "\n") + "\n"
    }
}
