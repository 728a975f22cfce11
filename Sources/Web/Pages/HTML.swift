/// Markup that is safe to send. Its literal parts are code of ours; every text that is interpolated is escaped, and only `HTML` goes in as it is.
struct HTML: Sendable, Hashable {
    private(set) var text: String

    static let empty: HTML = ""

    static func + (left: HTML, right: HTML) -> HTML {
        var sum = left
        sum.text += right.text
        return sum
    }

    static func += (left: inout HTML, right: HTML) { left.text += right.text }

    var isEmpty: Bool { text.isEmpty }

    /// Text from anywhere as markup: what has a meaning in HTML is escaped; what is invisible, or turns the direction of its neighbours, is shown as
    /// U+FFFD, so that nothing can look like something else.
    static func escaped(_ text: String) -> HTML {
        var html = HTML.empty
        html.text.reserveCapacity(text.utf8.count + 16)
        for scalar in text.unicodeScalars { append(scalar, to: &html.text) }
        return html
    }

    private static func append(_ scalar: Unicode.Scalar, to text: inout String) {
        switch scalar {
        case "&": text += "&amp;"
        case "<": text += "&lt;"
        case ">": text += "&gt;"
        case "\"": text += "&quot;"
        case "'": text += "&#39;"
        case "`": text += "&#96;"
        case "\n", "\t": text.unicodeScalars.append(scalar)
        case "\r": break
        case "\u{0}"..."\u{1F}", "\u{7F}"..."\u{9F}", "\u{200B}", "\u{200E}", "\u{200F}", "\u{2028}", "\u{2029}", "\u{202A}"..."\u{202E}",
            "\u{2066}"..."\u{2069}", "\u{FEFF}":
            text += "\u{FFFD}"
        default: text.unicodeScalars.append(scalar)
        }
    }
}

extension HTML: ExpressibleByStringInterpolation {
    struct StringInterpolation: StringInterpolationProtocol {
        var text: String

        init(literalCapacity: Int, interpolationCount: Int) {
            text = ""
            text.reserveCapacity(literalCapacity + interpolationCount * 16)
        }

        mutating func appendLiteral(_ literal: StaticString) { text += literal.description }
        mutating func appendInterpolation(_ html: HTML) { text += html.text }
        mutating func appendInterpolation(_ parts: [HTML]) { for part in parts { text += part.text } }
        mutating func appendInterpolation(_ value: String) { text += HTML.escaped(value).text }
        mutating func appendInterpolation(_ value: some CustomStringConvertible) { text += HTML.escaped(value.description).text }
    }

    init(stringLiteral literal: StaticString) { text = literal.description }

    init(stringInterpolation: StringInterpolation) { text = stringInterpolation.text }
}
