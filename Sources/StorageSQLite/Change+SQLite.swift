import Domain
import GRDB
import Storage

extension Change {
    /// The columns that `init(_:)` reads, in its order, of a table or alias named `c`.
    static let columns = """
        c.id, c.chain, c.accepted, c.source, c.dedupe_key, c.project, c.repository, c.branch, c.revision, c.author, c.comments, c.files,
        c.category, c.made, c.properties
        """

    init(_ row: Row) throws {
        self.init(
            id: ChangeID(row[0]), chain: ChainID(row[1]), accepted: Timestamp(microseconds: row[2]),
            content: NewChange(
                source: row[3], project: row[5], repository: row[6], branch: row[7], revision: row[8], author: row[9], comments: row[10],
                files: try JSONText.decode([String].self, row[11]), category: row[12],
                when: (row[13] as Int64?).map { Timestamp(microseconds: $0) },
                properties: try JSONText.decode([String: JSONValue].self, row[14]), dedupeKey: row[4]))
    }
}
