import Storage

extension PostgresRow: StoredRow {
    func int64(_ place: Int) -> Int64 { self[place] }
    func optionalInt64(_ place: Int) -> Int64? { self[place] }
    func string(_ place: Int) -> String { self[place] }
    func optionalString(_ place: Int) -> String? { self[place] }
    func bool(_ place: Int) -> Bool { self[place] }
}
