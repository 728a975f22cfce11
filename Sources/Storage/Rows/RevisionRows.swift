import Domain

extension RevisionRow {
    /// The columns that `init(stored:)` reads, in its order, of `configurations`. Revisions that were stored before a kind of source existed do not
    /// have its list.
    package static let columns = """
        id, digest, applied, applied_by, restores, coalesce(json_array_length(document -> 'sources'), 0)
            + coalesce(json_array_length(document -> 'hooks'), 0) + coalesce(json_array_length(document -> 'feeds'), 0),
        coalesce(json_array_length(document -> 'schedulers'), 0), coalesce(json_array_length(document -> 'builders'), 0)
        """

    package init(stored row: some StoredRow) {
        self.init(
            id: ConfigurationID(row.int64(0)), digest: row.string(1), applied: row.time(2), by: row.optionalString(3),
            restores: row.optionalInt64(4).map { ConfigurationID($0) }, sources: row.int(5), schedulers: row.int(6),
            builders: row.int(7))
    }
}

extension KeptRevision {
    package static let columns = RevisionRow.columns + ", document"

    package init(stored row: some StoredRow) throws {
        self.init(row: RevisionRow(stored: row), configuration: try JSONText.decode(Configuration.self, row.string(8)))
    }
}
