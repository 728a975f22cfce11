import Domain
import Foundation
import ProcessSupport
import Scheduling
import TestSupport
import Testing

/// What cron expressions mean, beside another program that reads them.
@Suite struct CroniterTests {
    private struct Case: Codable {
        var expression: String
        var zone: String
        var after: Int64
    }

    private static let zones = [
        "UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Auckland", "America/Sao_Paulo",
    ]

    @Test("Ten thousand random expressions come when croniter says so")
    func random() async throws {
        let seed = UInt64.random(in: 1...UInt64(UInt32.max))
        var generator = SeededGenerator(seed: seed)
        print("cron: seed \(seed)")
        let cases = (0..<10_000).map { _ in Self.make(&generator) }
        let directory = TemporaryDirectory()
        let encoder = JSONEncoder()
        let lines = try cases.map { String(decoding: try encoder.encode($0), as: UTF8.self) }.joined(separator: "\n")
        try lines.write(toFile: directory.file("cases"), atomically: true, encoding: .utf8)
        let folder = (#filePath as NSString).deletingLastPathComponent
        let python = (folder as NSString).appendingPathComponent("../../.build/tools/bin/python3")
        let process = try RunningProcess(
            python, ["\(folder)/croniter_peer.py", directory.file("cases")], in: directory.path, logs: directory.path, name: "croniter")
        #expect(await process.status(within: .seconds(110)) == 0, "\(process.errorOutput)")
        let answers = process.output.split(separator: "\n")
        try #require(answers.count == cases.count)
        var compared = 0
        var different: [String] = []
        for (one, answer) in zip(cases, answers) where answer != "edge" {
            let zone = try #require(ZoneBook.rule(named: one.zone))
            let next = try CronExpression(one.expression).next(after: Timestamp(microseconds: one.after * 1_000_000), in: zone)
            if next.map({ $0.microseconds / 1_000_000 }) != Int64(answer) {
                different.append("\(one): \(answer), and here \(next?.description ?? "never")")
            }
            compared += 1
        }
        #expect(different.isEmpty, "seed \(seed), \(different.count) of \(compared):\n\(different.prefix(20).joined(separator: "\n"))")
        #expect(compared > 8000)
    }

    private static func make(_ generator: inout SeededGenerator) -> Case {
        while true {
            let fields = [(0, 59), (0, 23), (1, 31), (1, 12), (0, 6)].map { field($0.0, $0.1, &generator) }
            let expression = fields.joined(separator: " ")
            guard (try? CronExpression(expression)) != nil else { continue }
            return Case(
                expression: expression, zone: zones.randomElement(using: &generator) ?? "UTC",
                after: Int64.random(in: 1_600_000_000...1_900_000_000, using: &generator))
        }
    }

    private static func field(_ low: Int, _ high: Int, _ generator: inout SeededGenerator) -> String {
        func item() -> String {
            let first = Int.random(in: low...high, using: &generator)
            let last = Int.random(in: first...high, using: &generator)
            // A range of one value is that value in cron(8); croniter takes it for all of them.
            guard first < last else { return "\(first)" }
            return switch Int.random(in: 0..<4, using: &generator) {
            case 0: "\(first)-\(last)"
            case 1: "\(first)-\(last)/\(Int.random(in: 1...9, using: &generator))"
            default: "\(first)"
            }
        }
        switch Int.random(in: 0..<6, using: &generator) {
        case 0...2: return "*"
        case 3: return "*/\(Int.random(in: 1...12, using: &generator))"
        case 4: return (0..<Int.random(in: 2...4, using: &generator)).map { _ in item() }.joined(separator: ",")
        default: return item()
        }
    }
}
