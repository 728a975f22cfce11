/// A compiled pattern: what the machine carries out, from the first instruction on.
struct PatternProgram {
    let instructions: [PatternInstruction]
    let sets: [ScalarSet]
    /// It matches at the start of the text or nowhere.
    let isAnchored: Bool
    /// The ASCII scalars that a match can begin with after the start of the text; nil when it can begin without reading any.
    let openers: ASCIISet?

    init(instructions: [PatternInstruction], sets: [ScalarSet]) {
        self.instructions = instructions
        self.sets = sets
        var openers = ASCIISet()
        var isAnchored = true
        var readsFirst = true
        var seen = SparseSet(capacity: instructions.count)
        var pending = [Int32(0)]
        while let place = pending.popLast() {
            guard seen.insert(place) else { continue }
            switch instructions[Int(place)] {
            case .scalar(let scalar):
                isAnchored = false
                if scalar < 128 { openers.insert(scalar) }
            case .set(let set):
                isAnchored = false
                openers.formUnion(sets[Int(set)].ascii)
            case .split(let first, let second): pending += [first, second]
            case .jump(let target): pending.append(target)
            // Never holds after the start.
            case .assertion(.start): break
            case .assertion: pending.append(place + 1)
            case .match:
                isAnchored = false
                readsFirst = false
            }
        }
        self.isAnchored = isAnchored
        self.openers = readsFirst ? openers : nil
    }
}
