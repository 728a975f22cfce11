/// Names an event for whoever reads it: a random UUID, version 4, in lower case.
package enum MessageID {
    private static let digits = [UInt8]("0123456789abcdef".utf8)

    package static func random() -> String {
        var generator = SystemRandomNumberGenerator()
        let high: UInt64 = generator.next() & 0xFFFF_FFFF_FFFF_0FFF | 0x4000
        let low: UInt64 = generator.next() & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000
        return String(unsafeUninitializedCapacity: 36) { buffer in
            var place = 0
            for nibble in 0..<32 {
                if nibble == 8 || nibble == 12 || nibble == 16 || nibble == 20 {
                    buffer[place] = UInt8(ascii: "-")
                    place += 1
                }
                let word = nibble < 16 ? high : low
                buffer[place] = digits[Int(word >> UInt64((15 - nibble % 16) * 4) & 15)]
                place += 1
            }
            return place
        }
    }
}
