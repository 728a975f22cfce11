import Domain
import Foundation
import HTTPTypes
import Storage
import StoreConformance
import Testing

@testable import Web

@Suite(.timeLimit(.minutes(10))) struct TryTests {
    private static func body(_ fields: String) -> String {
        let patch = Data("diff".utf8).base64EncodedString()
        return #"{"repository":"r","branch":"main","revision":"1","patch":"\#(patch)",\#(fields)}"#
    }

    @Test("A try is made once for its key, by builders that take patches; every field that is wrong is named, and nothing is built then")
    func tries() async throws {
        var (takes, small) = (Samples.builder("takes"), Samples.builder("small"))
        (takes.tries, small.tries) = (TryRule(), TryRule(bytes: 3))
        try await WebRig.with([takes, small, Samples.builder("closed")]) { rig in
            let wrong = Self.body(#""builders":["closed","none","small"],"properties":{"untrusted":false}"#)
            let refused = try await rig.post("/api/v1/try", wrong, key: "k")
            #expect(refused.status == .unprocessableContent)
            let pointers = try WebRig.problem(refused).errors?.map(\.pointer)
            #expect(pointers == ["/builders/0", "/builders/1", "/properties/untrusted", "/patch"])
            let nothing = try await rig.post("/api/v1/try", #"{"builders":["takes"],"revision":"-x","repository":"r","branch":"b","patch":""}"#)
            #expect(try WebRig.problem(nothing).errors?.map(\.pointer) == ["/patch", "/revision"])
            #expect(try await rig.ids("/api/v1/requests").isEmpty)
            let body = Self.body(#""builders":["takes"],"by":"ada""#)
            let first = try await rig.post("/api/v1/try", body, key: "k")
            #expect(first.status == .created)
            // What was made stays made, whatever the configuration has become.
            try await rig.apply([Samples.builder("takes")])
            let again = try await rig.post("/api/v1/try", body, key: "k")
            #expect(again.status == .ok)
            #expect(try WebRig.object(again) == WebRig.object(first))
            #expect(try await rig.post("/api/v1/try", Self.body(#""builders":["takes"]"#), key: "k").status == .unprocessableContent)
            #expect(try await rig.ids("/api/v1/requests").count == 1)
            let buildset = try await rig.object("/api/v1/buildsets/1")
            #expect(buildset["scheduler"] == "try" && buildset["reason"] == "try by ada")
            #expect(buildset["stamp"]["patch"].text == SourceStamp.digest(ofPatch: "diff".utf8))
        }
    }
}
