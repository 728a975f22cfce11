/// How text looks after the SGR sequences read so far (ECMA-48, section 8.3.117). Colours are places in the palette of 256.
struct ANSIStyle: Hashable, Sendable {
    var foreground: UInt8?
    var background: UInt8?
    var bold = false
    var dim = false
    var italic = false
    var underline = false
    var inverse = false
    var strike = false

    /// The classes of a `span` with this look; empty for plain text.
    var classes: String {
        var classes: [String] = []
        let (front, back) = inverse ? (background, foreground) : (foreground, background)
        if let front { classes.append("f\(front)") } else if inverse { classes.append("fi") }
        if let back { classes.append("b\(back)") } else if inverse { classes.append("bi") }
        if bold { classes.append("bold") }
        if dim { classes.append("dim") }
        if italic { classes.append("italic") }
        if underline { classes.append("underline") }
        if strike { classes.append("strike") }
        return classes.joined(separator: " ")
    }

    /// Applies the parameters of one SGR sequence; what is unknown is passed over.
    mutating func apply(_ parameters: [Int]) {
        var rest = parameters[...]
        while let code = rest.popFirst() {
            switch code {
            case 0: self = ANSIStyle()
            case 1: bold = true
            case 2: dim = true
            case 3: italic = true
            case 4: underline = true
            case 7: inverse = true
            case 9: strike = true
            case 21, 22: (bold, dim) = (false, false)
            case 23: italic = false
            case 24: underline = false
            case 27: inverse = false
            case 29: strike = false
            case 30...37: foreground = UInt8(code - 30)
            case 38: foreground = Self.extended(&rest) ?? foreground
            case 39: foreground = nil
            case 40...47: background = UInt8(code - 40)
            case 48: background = Self.extended(&rest) ?? background
            case 49: background = nil
            case 90...97: foreground = UInt8(code - 90 + 8)
            case 100...107: background = UInt8(code - 100 + 8)
            default: break
            }
        }
    }

    /// `5;n` or `2;r;g;b`, taken from the front.
    private static func extended(_ rest: inout ArraySlice<Int>) -> UInt8? {
        switch rest.popFirst() {
        case 5: return rest.popFirst().flatMap { UInt8(exactly: $0) }
        case 2:
            guard rest.count >= 3, let red = rest.popFirst(), let green = rest.popFirst(), let blue = rest.popFirst() else {
                rest = []
                return nil
            }
            return ANSIPalette.nearest(red: red, green: green, blue: blue)
        default: return nil
        }
    }
}
