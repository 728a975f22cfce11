import Domain

/// One row of a result, whichever database it came from; columns are read by their place. What a document of the store is made of is said once, in the
/// initialisers that take such a row, and each store's statement selects the columns in that order.
package protocol StoredRow {
    func int64(_ place: Int) -> Int64
    func optionalInt64(_ place: Int) -> Int64?
    func string(_ place: Int) -> String
    func optionalString(_ place: Int) -> String?
    func bool(_ place: Int) -> Bool
    func bytes(_ place: Int) -> [UInt8]
}

extension StoredRow {
    package func int(_ place: Int) -> Int { Int(int64(place)) }
    package func time(_ place: Int) -> Timestamp { Timestamp(microseconds: int64(place)) }
    package func optionalTime(_ place: Int) -> Timestamp? { optionalInt64(place).map { Timestamp(microseconds: $0) } }
    package func outcome(_ place: Int) -> Outcome? { optionalString(place).flatMap(Outcome.init) }
    package func cause(_ place: Int) -> Cause? { optionalString(place).flatMap(Cause.init) }

    /// What buildsets keep of their further codebases.
    package func stamps(_ place: Int) throws -> [SourceStamp] {
        try optionalString(place).map { try JSONText.decode([SourceStamp].self, $0) } ?? []
    }

    /// Columns from `first`: project, repository, branch, revision, codebase, patch.
    package func stamp(from first: Int) -> SourceStamp {
        SourceStamp(
            project: string(first), repository: string(first + 1), branch: string(first + 2), revision: optionalString(first + 3),
            codebase: string(first + 4), patch: optionalString(first + 5))
    }
}
