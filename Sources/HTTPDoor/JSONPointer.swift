/// JSON pointers (RFC 6901) made from the path at which decoding stopped.
enum JSONPointer {
    static func text(_ path: [any CodingKey]) -> String {
        path.map { key in
            let name = key.intValue.map(String.init) ?? key.stringValue
            return "/" + bounded(name).replacing("~", with: "~0").replacing("/", with: "~1")
        }.joined()
    }

    // A name comes from outside: what is told back about it has a bound.
    private static func bounded(_ name: String) -> String { String(name.prefix(100)) }
}
