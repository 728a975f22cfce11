import Domain

/// Random hexadecimal text from the system's generator.
enum RandomText {
    static func make(bytes: Int) -> String {
        var generator = SystemRandomNumberGenerator()
        return (0..<bytes).map { _ in generator.next() as UInt8 }.hexadecimal
    }
}
