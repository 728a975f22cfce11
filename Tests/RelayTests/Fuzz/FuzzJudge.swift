import Storage

/// What a consumer can say at the end: it has every committed event, and of each entity in the order of its versions, once repeats are taken out.
struct FuzzJudge {
    struct Event: Hashable, Sendable {
        var id: String
        var entity: Int64
        var version: Int64
    }

    struct Verdict: Hashable, CustomStringConvertible {
        var committed: Int
        var delivered: Int
        var repeats: Int
        var lost: Int
        var inverted: Int
        var invented: Int

        var isClean: Bool { lost == 0 && inverted == 0 && invented == 0 }
        var description: String {
            "\(committed) committed, \(delivered) delivered, \(repeats) of them repeats, \(lost) lost, \(inverted) out of order, \(invented) invented"
        }
    }

    static func judge(committed: [Event], delivered: [Event]) -> Verdict {
        var seen = Set<String>()
        var last: [Int64: Int64] = [:]
        var inverted = 0
        for event in delivered where seen.insert(event.id).inserted {
            if let before = last[event.entity], event.version <= before { inverted += 1 }
            last[event.entity] = max(last[event.entity] ?? 0, event.version)
        }
        let known = Set(committed.map(\.id))
        return Verdict(
            committed: committed.count, delivered: delivered.count, repeats: delivered.count - seen.count, lost: known.subtracting(seen).count,
            inverted: inverted, invented: seen.subtracting(known).count)
    }
}
