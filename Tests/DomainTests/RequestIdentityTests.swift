import Domain
import Testing

/// What makes two requests the same.
@Suite struct RequestIdentityTests {
    private static let stamp = SourceStamp(project: "p", repository: "r", branch: "main", revision: "1")

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
            Self.digest(), Self.digest(of: "docs"), Self.digest([Self.stamp { $0.branch = "next" }]), Self.digest([Self.stamp { $0.revision = "2" }]),
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

    @Test("A tip and a patch have none, nor has anything beside one")
    func open() {
        #expect(Self.digest([]) == nil)
        #expect(Self.digest([Self.stamp { $0.revision = nil }]) == nil)
        #expect(Self.digest([Self.stamp { $0.patch = "0" }]) == nil)
        #expect(Self.digest([Self.stamp, Self.stamp { $0.revision = nil }]) == nil)
    }
}
