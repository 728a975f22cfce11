/// Reads a text once, following every way to match at the same time: each instruction is visited at most once for each place in the text, so that
/// the work is bounded by the product of the lengths (Thompson 1968; the form is that of Pike's sam). It only says whether there is a match, so it
/// keeps no places and no order among the ways.
struct PatternMachine {
    private let program: PatternProgram
    /// The instructions that the text up to here has led to.
    private var current: SparseSet
    private var following: SparseSet
    private var pending: [Int32] = []
    /// Visits of instructions so far: what tests bound, since they assert no time.
    private(set) var steps = 0

    init(_ program: PatternProgram) {
        self.program = program
        current = SparseSet(capacity: program.instructions.count)
        following = current
    }

    mutating func matches(_ text: String) -> Bool {
        var scalars = text.unicodeScalars.makeIterator()
        var before: UInt32?
        var after = scalars.next()?.value
        while true {
            following.removeAll()
            if let before, advance(over: before, after: after) { return true }
            if canBegin(before: before, after: after), follow(0, before: before, after: after) { return true }
            guard let scalar = after, !(program.isAnchored && following.isEmpty) else { return false }
            swap(&current, &following)
            before = scalar
            after = scalars.next()?.value
        }
    }

    private func canBegin(before: UInt32?, after: UInt32?) -> Bool {
        guard before != nil else { return true }
        if program.isAnchored { return false }
        guard let openers = program.openers else { return true }
        guard let after else { return false }
        return after >= 128 || openers.contains(after)
    }

    /// - Returns: true when that completes a match.
    private mutating func advance(over scalar: UInt32, after: UInt32?) -> Bool {
        for index in 0..<current.count {
            let place = current[index]
            let reads =
                switch program.instructions[Int(place)] {
                case .scalar(let wanted): wanted == scalar
                case .set(let set): program.sets[Int(set)].contains(scalar)
                case .split, .jump, .assertion, .match: false
                }
            steps += 1
            if reads, follow(place + 1, before: scalar, after: after) { return true }
        }
        return false
    }

    /// Adds an instruction, and those that it leads to without reading anything.
    /// - Returns: true when the match is among them.
    private mutating func follow(_ start: Int32, before: UInt32?, after: UInt32?) -> Bool {
        pending.append(start)
        while let place = pending.popLast() {
            guard following.insert(place) else { continue }
            steps += 1
            switch program.instructions[Int(place)] {
            case .scalar, .set: break
            case .split(let first, let second):
                pending.append(second)
                pending.append(first)
            case .jump(let target): pending.append(target)
            case .assertion(let assertion): if assertion.holds(before: before, after: after) { pending.append(place + 1) }
            case .match: return true
            }
        }
        return false
    }
}
