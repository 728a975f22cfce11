import Domain
import Testing

/// What makes two requests the same.
@Suite struct RequestIdentityTests {
    private static let stamp = SourceStamp(project: "p", repository: "r", branch: "main", revision: String(repeating: "1", count: 40))

    private static func digest(_ stamps: [SourceStamp] = [stamp], _ properties: Properties = [:], of builder: String = "test") -> String? {
        RequestIdentity(stamps: stamps, properties: properties)?.digest(of: builder)
    }

    private static func stamp(_ change: (inout SourceStamp) -> Void) -> SourceStamp {
        var stamp = stamp
        change(&stamp)
        return stamp
    }

    @Test("Whatever differs makes another identity, and no two lists of words are the same")
    func different() {
        let values: [JSONValue] = [
            .null, .bool(true), .bool(false), .integer(1), .number(1), .string("1"), .string("true"), .string("null"), .array([]),
            .array([.array([])]),
            .array([.integer(1)]), .object([:]), .object(["a": .integer(1)]), .object(["a": .array([.integer(1)])]), .string(""),
        ]
        var digests = values.map { Self.digest([Self.stamp], ["a": Property($0, source: "change")]) }
        digests += [
            Self.digest(), Self.digest(of: "docs"), Self.digest([Self.stamp { $0.branch = "next" }]),
            Self.digest([Self.stamp { $0.revision = String(repeating: "2", count: 40) }]),
            Self.digest([Self.stamp { $0.project = "q" }]), Self.digest([Self.stamp { $0.repository = "s" }]),
            Self.digest([Self.stamp { $0.codebase = "c" }]), Self.digest([Self.stamp, Self.stamp { $0.codebase = "c" }]),
            Self.digest([Self.stamp], ["b": Property(.null, source: "change")]),
            Self.digest([Self.stamp], ["a": Property("b", source: "change"), "c": Property("d", source: "change")]),
            Self.digest([Self.stamp], ["a": Property("b1:c1:d", source: "change")]),
            RequestIdentity(stamps: [Self.stamp], properties: [:])?.digest(of: "test", recipe: "x"),
        ]
        #expect(digests.allSatisfy { $0?.utf8.count == 64 })
        #expect(Set(digests).count == digests.count)
    }

    @Test("Who set a property makes no difference")
    func sources() {
        #expect(
            Self.digest([Self.stamp], ["a": Property(1, source: "change")])
                == Self.digest([Self.stamp], ["a": Property(1, source: "scheduler nightly")]))
    }

    @Test("Only the whole name of a commit is a revision that cannot move")
    func fixed() {
        for revision in [String(repeating: "0aF", count: 14).prefix(40), String(repeating: "9e", count: 32).prefix(64)].map(String.init) {
            #expect(Self.digest([Self.stamp { $0.revision = revision }]) != nil, "\(revision)")
        }
        let words = ["", "1", "v1", "latest", "refs/heads/main", "HEAD", "r1234"]
        let near = [39, 41, 63, 65, 128].map { String(repeating: "a", count: $0) }
        let foreign = ["g", "ä", "\u{FF11}", " "].flatMap { [String(repeating: $0, count: 40), String(repeating: $0, count: 20)] }
        for revision in words + near + foreign {
            #expect(Self.digest([Self.stamp { $0.revision = revision }]) == nil, "\(revision)")
            #expect(Self.digest([Self.stamp, Self.stamp { ($0.codebase, $0.revision) = ("c", revision) }]) == nil, "\(revision)")
        }
    }

    @Test("A tip and a patch have none, nor has anything beside one")
    func open() {
        #expect(Self.digest([]) == nil)
        #expect(Self.digest([Self.stamp { $0.revision = nil }]) == nil)
        #expect(Self.digest([Self.stamp { $0.patch = "0" }]) == nil)
        #expect(Self.digest([Self.stamp, Self.stamp { $0.revision = nil }]) == nil)
    }
}
