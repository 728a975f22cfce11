/// Puts `***` where a secret stands in a stream of bytes, also where it is cut by the bounds of two reads.
struct Redactor {
    private let secrets: [[UInt8]]
    /// The end of what came, which may be the beginning of a secret.
    private var held: [UInt8] = []
    private static let mask = Array("***".utf8)

    /// Longer secrets win over shorter ones that begin alike.
    init(_ secrets: [String]) {
        self.secrets = secrets.map { Array($0.utf8) }.filter { !$0.isEmpty }.sorted { $0.count > $1.count }
    }

    /// What may be shown now.
    mutating func take(_ bytes: UnsafeRawBufferPointer) -> [UInt8] {
        held.append(contentsOf: bytes)
        return release(keepingStarts: true)
    }

    /// The rest.
    mutating func finish() -> [UInt8] {
        release(keepingStarts: false)
    }

    private mutating func release(keepingStarts: Bool) -> [UInt8] {
        var shown: [UInt8] = []
        shown.reserveCapacity(held.count)
        var place = 0
        scan: while place < held.count {
            for secret in secrets where secret[0] == held[place] {
                let rest = held[place...]
                if rest.starts(with: secret) {
                    shown.append(contentsOf: Self.mask)
                    place += secret.count
                    continue scan
                }
                if keepingStarts, rest.count < secret.count, secret.starts(with: rest) { break scan }
            }
            shown.append(held[place])
            place += 1
        }
        held.removeFirst(place)
        return shown
    }
}
