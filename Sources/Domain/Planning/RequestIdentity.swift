import Crypto

/// What two requests have in common whose builds would do the same: the builder, what is checked out, and the properties by name and value. Pure.
///
/// Who set a property is left out: no step can see it. The recipe is left out too, for those that are claimed at once have the same.
public struct RequestIdentity: Sendable {
    private var hash: SHA256

    /// - Returns: Nil where it is open what will be built, or somebody only tries it: a tip, or a name that can be moved, may be another by then, and a patch
    ///   is one person's.
    public init?(stamps: [SourceStamp], properties: Properties) {
        guard !stamps.isEmpty, stamps.allSatisfy({ $0.isFixed && $0.patch == nil }) else { return nil }
        hash = SHA256()
        hash.add("\(stamps.count)")
        for stamp in stamps { hash.add(stamp.id) }
        hash.add("\(properties.count)")
        for (name, property) in properties.sorted(by: { $0.key < $1.key }) {
            hash.add(name)
            hash.add(property.value)
        }
    }

    /// SHA-256 over all of it and the builder's name, in hexadecimal.
    ///
    /// - Parameter recipe: what a result depends on too that is there longer than a request waits; nil for requests that wait.
    public func digest(of builder: String, recipe: String? = nil) -> String {
        var hash = hash
        hash.add(builder)
        if let recipe { hash.add(recipe) }
        return hash.finalize().hexadecimal
    }
}

extension SourceStamp {
    /// The revision names one content for ever: it is the whole name of a commit, a digest (SHA-1, or SHA-256) in hexadecimal digits. Any other text may be a
    /// tag or a branch.
    fileprivate var isFixed: Bool {
        guard let digits = revision?.utf8, digits.count == 40 || digits.count == 64 else { return false }
        return digits.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"), UInt8(ascii: "A")...UInt8(ascii: "F"): true
            default: false
            }
        }
    }
}

extension SHA256 {
    /// Behind its length, so that no two lists of texts are the same bytes.
    fileprivate mutating func add(_ text: String) {
        update(data: Array("\(text.utf8.count):".utf8))
        update(data: Array(text.utf8))
    }

    fileprivate mutating func add(_ value: JSONValue) {
        switch value {
        case .null: add("null")
        case .bool(let value): add(value ? "true" : "false")
        case .integer(let value):
            add("integer")
            add("\(value)")
        case .number(let value):
            add("number")
            add("\(value)")
        case .string(let value):
            add("string")
            add(value)
        case .array(let values):
            add("array")
            add("\(values.count)")
            for value in values { add(value) }
        case .object(let fields):
            add("object")
            add("\(fields.count)")
            for (name, value) in fields.sorted(by: { $0.key < $1.key }) {
                add(name)
                add(value)
            }
        }
    }
}
