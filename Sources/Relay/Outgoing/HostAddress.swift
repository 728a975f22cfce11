/// An IP address that a name stands for, and whether everybody may be sent there.
struct HostAddress: Hashable, Sendable {
    /// 4 bytes, or 16.
    let bytes: [UInt8]

    init(_ bytes: [UInt8]) {
        // An IPv4 address in the dress of IPv6 is that IPv4 address, and is connected to as such: mapped, translated (RFC 6052), or of 6to4.
        if bytes.count == 16 {
            let mapped: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff]
            let translated: [UInt8] = [0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0]
            if Array(bytes.prefix(12)) == mapped || Array(bytes.prefix(12)) == translated {
                self.bytes = Array(bytes.suffix(4))
                return
            }
        }
        self.bytes = bytes
    }

    /// Neither loopback, private, shared, link-local (which the metadata services of clouds use), unique-local, multicast, reserved nor unspecified (the
    /// special-purpose registries of IANA, RFC 6890).
    var isPublic: Bool { bytes.count == 4 ? isPublic4(bytes) : bytes.count == 16 && isPublic6 }

    private func isPublic4(_ bytes: [UInt8]) -> Bool {
        switch (bytes[0], bytes[1], bytes[2]) {
        case (0, _, _), (10, _, _), (127, _, _), (169, 254, _), (172, 16...31, _), (192, 168, _): false
        // Shared by carriers, and benchmarks.
        case (100, 64...127, _), (198, 18...19, _): false
        // Of the protocols, of documents, of anycast relays.
        case (192, 0, 0), (192, 0, 2), (198, 51, 100), (203, 0, 113), (192, 88, 99): false
        case (224..., _, _): false
        default: true
        }
    }

    private var isPublic6: Bool {
        // Only 2000::/3 is given to anybody.
        guard bytes[0] & 0xe0 == 0x20 else { return false }
        switch (bytes[0], bytes[1], bytes[2], bytes[3]) {
        // 6to4 holds an IPv4 address.
        case (0x20, 0x02, _, _): return isPublic4(Array(bytes[2..<6]))
        // Teredo and the rest of the protocols' block, and documents.
        case (0x20, 0x01, 0x00...0x01, _), (0x20, 0x01, 0x0d, 0xb8), (0x3f, 0xff, 0x00...0x0f, _): return false
        default: return true
        }
    }
}
