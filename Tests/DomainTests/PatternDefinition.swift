@testable import Domain

/// What a tree matches, by definition: from the places where a part may begin to those where it may end.
struct PatternDefinition {
    private let scalars: [UInt32]

    init(_ text: String) {
        scalars = text.unicodeScalars.map(\.value)
    }

    func ends(of node: PatternNode, from starts: Set<Int>) -> Set<Int> {
        switch node {
        case .scalar(let wanted): next(starts) { $0 == wanted }
        case .set(let set): next(starts) { set.contains($0) }
        case .assertion(let assertion): starts.filter { assertion.holds(before: scalar($0 - 1), after: scalar($0)) }
        case .sequence(let parts): parts.reduce(starts) { ends(of: $1, from: $0) }
        case .choice(let options): options.reduce(into: []) { $0.formUnion(ends(of: $1, from: starts)) }
        case .repetition(let node, let least, let most, _):
            // More than once for each place and once more leads nowhere new.
            (0..<min(most.map { $0 - least } ?? .max, scalars.count + 1)).reduce(
                (0..<least).reduce(starts) { places, _ in ends(of: node, from: places) }
            ) { places, _ in
                places.union(ends(of: node, from: places))
            }
        }
    }

    private func next(_ starts: Set<Int>, _ reads: (UInt32) -> Bool) -> Set<Int> {
        Set(starts.filter { scalar($0).map(reads) ?? false }.map { $0 + 1 })
    }

    private func scalar(_ index: Int) -> UInt32? { scalars.indices.contains(index) ? scalars[index] : nil }
}
