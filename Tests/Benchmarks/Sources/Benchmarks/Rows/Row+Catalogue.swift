extension Row {
    /// All rows, in the order of the table. A group of rows has a file of its own in `Rows/`.
    static let catalogue: [Row] =
        AppendRows.all + ReadRows.all + ConcurrencyRows.all + LookupRows.all + TypedRows.all + MemoryRows.all
        + GrowthRows.all + CompactionRows.all + AutomaticCompactionRows.all
}
