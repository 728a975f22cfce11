import Crypto
import FoundationEssentials

/// How a record lies in a spool file: its length, the beginning of its digest, its bytes. Pure.
enum SpoolFrame {
    static let headerSize = 12
    /// No record is longer: what says so is no record.
    static let longest = 8 << 20

    enum Found: Hashable {
        case record(payload: Range<Int>)
        /// The end of the file, where the next record goes.
        case end
        /// The file ends inside a record: its append was never answered.
        case torn
        /// Bytes that nobody appended; `next` is where a record may follow, nil when that cannot be known.
        case damaged(next: Int?)
    }

    static func framed(_ payload: [UInt8]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(headerSize + payload.count)
        withUnsafeBytes(of: UInt32(payload.count).littleEndian) { bytes.append(contentsOf: $0) }
        bytes.append(contentsOf: digest(payload[...]))
        bytes.append(contentsOf: payload)
        return bytes
    }

    /// What stands at a place. A machine that lost its power may leave zeros, or a last record of which not every page was written: both are torn.
    static func look(_ bytes: [UInt8], at start: Int) -> Found {
        let rest = bytes.count - start
        if rest <= 0 { return .end }
        guard rest >= headerSize else { return .torn }
        let length = (0..<4).reduce(0) { $0 | Int(bytes[start + $1]) << (8 * $1) }
        guard (1...longest).contains(length) else { return bytes[start...].allSatisfy { $0 == 0 } ? .torn : .damaged(next: nil) }
        let payload = start + headerSize..<start + headerSize + length
        guard payload.upperBound <= bytes.count else { return .torn }
        if digest(bytes[payload]).elementsEqual(bytes[start + 4..<start + headerSize]) { return .record(payload: payload) }
        return payload.upperBound == bytes.count ? .torn : .damaged(next: payload.upperBound)
    }

    private static func digest(_ payload: ArraySlice<UInt8>) -> [UInt8] {
        payload.withUnsafeBytes { Array(SHA256.hash(data: $0).prefix(8)) }
    }
}
