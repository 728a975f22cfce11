import Foundation
import GRDB
import Storage

extension Row: StoredRow {
    package func int64(_ place: Int) -> Int64 { self[place] }
    package func optionalInt64(_ place: Int) -> Int64? { self[place] }
    package func string(_ place: Int) -> String { self[place] }
    package func optionalString(_ place: Int) -> String? { self[place] }
    package func bool(_ place: Int) -> Bool { self[place] }
    package func bytes(_ place: Int) -> [UInt8] { [UInt8](self[place] as Data) }
}
