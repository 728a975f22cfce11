import Domain
import HTTPTypes
import Storage
import StoreConformance
import Testing

@testable import Web

@Suite(.timeLimit(.minutes(10))) struct DeliveryTests {
    private static func note(
        _ name: String, _ judgement: DeliveryJudgement, source: String = "forge", body: [UInt8]? = Array(#"{"ref":"é"}"#.utf8), size: Int = 12
    ) -> DeliveryNote {
        .first(
            NewDelivery(source: source, name: name, event: "push", headers: ["x-github-event": "push"], size: size, body: body), judgement)
    }

    @Test("Deliveries are listed by source and verdict, in pages, without their bodies")
    func list() async throws {
        try await WebRig.with { rig in
            for number in 1...4 {
                let judgement = DeliveryJudgement(number % 2 == 0 ? .refused : .ignored, reason: "because")
                _ = try await rig.store.note(Self.note("d-\(number)", judgement, source: number == 4 ? "other" : "forge"))
            }
            #expect(try await rig.ids("/api/v1/deliveries") == [4, 3, 2, 1])
            #expect(try await rig.ids("/api/v1/deliveries?verdict=refused") == [4, 2])
            #expect(try await rig.ids("/api/v1/deliveries?source=forge&verdict=ignored&order=asc") == [1, 3])
            let first = try await rig.object("/api/v1/deliveries?limit=3")
            #expect(try await rig.ids("/api/v1/deliveries?limit=3&after=\(try #require(first["next"].text))") == [1])
            let item = try #require(first["items"].items.first)
            #expect(item["delivery"] == "d-4" && item["verdict"] == "refused" && item["reason"] == "because" && item["kept"] == true)
            #expect(item["body"] == .null && item["headers"] == .null)
            #expect(try await rig.get("/api/v1/deliveries?verdict=wrong").status == .badRequest)
            #expect(try await rig.get("/api/v1/deliveries?sauce=forge").status == .badRequest)
        }
    }

    @Test("A delivery is shown with its headers and its body, which is base64 when it is no text, and absent when it was too large")
    func item() async throws {
        try await WebRig.with { rig in
            let wrong = DeliveryJudgement(.refused, reason: "/ref: is missing")
            _ = try await rig.store.note(Self.note("d-1", wrong))
            _ = try await rig.store.note(Self.note("d-2", wrong, body: [0xff, 0xfe, 0], size: 3))
            _ = try await rig.store.note(Self.note("d-3", wrong, body: nil, size: 9_000_000))
            let text = try await rig.object("/api/v1/deliveries/1")
            #expect(text["body"] == #"{"ref":"é"}"# && text["headers"]["x-github-event"] == "push" && text["reason"] == "/ref: is missing")
            #expect(text["size"] == 12 && text["changes"] == 0 && text["redelivered"] == .null)
            let bytes = try await rig.object("/api/v1/deliveries/2")
            #expect(bytes["body_base64"] == "//4A" && bytes["body"] == .null)
            let none = try await rig.object("/api/v1/deliveries/3")
            #expect(none["kept"] == false && none["body"] == .null && none["body_base64"] == .null && none["size"] == 9_000_000)
            #expect(try await rig.get("/api/v1/deliveries/4").status == .notFound)
        }
    }

    @Test("A delivery that is there is read again; one that is not, and a body that says something, are refused")
    func redeliver() async throws {
        try await WebRig.with { rig in
            _ = try await rig.store.note(Self.note("d-1", DeliveryJudgement(.ignored, reason: "because")))
            let response = try await rig.post("/api/v1/deliveries/1/redeliver")
            #expect(response.status == .ok)
            let answer = try WebRig.object(response)
            #expect(answer["id"] == 1 && answer["verdict"] == "ignored" && answer["reason"] == "read again" && answer["changes"] == .array([]))
            #expect(try await rig.post("/api/v1/deliveries/2/redeliver").status == .notFound)
            #expect(try await rig.post("/api/v1/deliveries/1/redeliver", #"{"now":true}"#).status == .unprocessableContent)
        }
    }
}
