/// The kinds of scalars that an escape names: `\d`, `\w`, `\s`. As Unicode has them (UTS #18, annex C).
enum ScalarKind: Hashable {
    case digit
    case word
    case space

    func contains(_ value: UInt32) -> Bool {
        guard let scalar = Unicode.Scalar(value) else { return false }
        if scalar.isASCII { return containsASCII(scalar) }
        let properties = scalar.properties
        switch self {
        case .digit: return properties.generalCategory == .decimalNumber
        case .space: return properties.isWhitespace
        case .word:
            if properties.isAlphabetic || properties.isJoinControl { return true }
            switch properties.generalCategory {
            case .decimalNumber, .connectorPunctuation, .nonspacingMark, .spacingMark, .enclosingMark: return true
            default: return false
            }
        }
    }

    private func containsASCII(_ scalar: Unicode.Scalar) -> Bool {
        switch self {
        case .digit: "0"..."9" ~= scalar
        case .space: scalar == " " || "\t"..."\r" ~= scalar
        case .word: "a"..."z" ~= scalar || "A"..."Z" ~= scalar || "0"..."9" ~= scalar || scalar == "_"
        }
    }
}
