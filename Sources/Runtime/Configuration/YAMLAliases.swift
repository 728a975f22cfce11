/// Finds the first alias of a YAML text before the text is parsed: aliases of aliases can grow a small file into an endless one.
///
/// An alias needs an anchor of the same name, and both can only stand where a token can begin. What looks like both inside a comment or a script is
/// refused too; that costs the author a space or a quote and keeps the rule simple enough to be sure of.
enum YAMLAliases {
    struct Finding {
        var name: String
        var place: TextPlace
    }

    static func first(in text: String) -> Finding? {
        var anchors = Set<String>()
        visit(text, marker: "&") { anchors.insert($0.name) }
        guard !anchors.isEmpty else { return nil }
        var first: Finding?
        visit(text, marker: "*") { finding in
            if first == nil, anchors.contains(finding.name) { first = finding }
        }
        return first
    }

    private static func visit(_ text: String, marker: Unicode.Scalar, _ found: (Finding) -> Void) {
        let scalars = text.unicodeScalars
        var place = TextPlace()
        var before: Unicode.Scalar?
        var index = scalars.startIndex
        while index < scalars.endIndex {
            let scalar = scalars[index]
            let next = scalars.index(after: index)
            if scalar == marker, before.map(canPrecedeToken) ?? true {
                let name = scalars[next...].prefix(while: isNameScalar)
                if !name.isEmpty { found(Finding(name: String(name), place: place)) }
            }
            if scalar == "\n" {
                place = TextPlace(line: place.line + 1)
            } else {
                place.column += 1
            }
            before = scalar
            index = next
        }
    }

    private static func canPrecedeToken(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case " ", "\t", "\n", "\r", "\u{85}", "\u{2028}", "\u{2029}", "\u{FEFF}", "[", "]", "{", "}", ",", ":", "?", "-", "\"", "'": true
        default: false
        }
    }

    /// What the parser takes as part of an anchor's name.
    private static func isNameScalar(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "a"..."z", "A"..."Z", "0"..."9", "_", "-": true
        default: false
        }
    }
}
