/// Turns a tree into a program, writing repetitions out, up to a bound.
struct PatternCompiler {
    private var instructions: [PatternInstruction] = []
    private var sets: [ScalarSet] = []
    private var setNumbers: [ScalarSet: Int32] = [:]
    /// Where the outermost repetition stands that is being written out: without one no pattern of the length allowed gets too large.
    private var repetition: Int?

    static func compile(_ tree: PatternNode) throws(PatternFault) -> PatternProgram {
        var compiler = Self()
        try compiler.write(tree)
        try compiler.emit(.match)
        return PatternProgram(instructions: compiler.instructions, sets: compiler.sets)
    }

    private var end: Int32 { Int32(instructions.count) }

    private mutating func emit(_ instruction: PatternInstruction) throws(PatternFault) {
        guard instructions.count < Pattern.mostInstructions else { throw PatternFault(.tooLarge, at: repetition ?? 0) }
        instructions.append(instruction)
    }

    private mutating func write(_ node: PatternNode) throws(PatternFault) {
        switch node {
        case .scalar(let scalar): try emit(.scalar(scalar))
        case .set(let set): try emit(.set(number(of: set)))
        case .assertion(let assertion): try emit(.assertion(assertion))
        case .sequence(let parts): for part in parts { try write(part) }
        case .choice(let options): try write(choiceOf: options)
        case .repetition(let node, let least, let most, let place):
            let isOutermost = repetition == nil
            if isOutermost { repetition = place }
            try write(node, least: least, most: most)
            if isOutermost { repetition = nil }
        }
    }

    private mutating func number(of set: ScalarSet) -> Int32 {
        if let number = setNumbers[set] { return number }
        let number = Int32(sets.count)
        sets.append(set)
        setNumbers[set] = number
        return number
    }

    private mutating func write(choiceOf options: [PatternNode]) throws(PatternFault) {
        var jumps: [Int] = []
        for option in options.dropLast() {
            let split = instructions.count
            try emit(.split(0, 0))
            try write(option)
            jumps.append(instructions.count)
            try emit(.jump(0))
            instructions[split] = .split(Int32(split) + 1, end)
        }
        if let last = options.last { try write(last) }
        for jump in jumps { instructions[jump] = .jump(end) }
    }

    private mutating func write(_ node: PatternNode, least: Int, most: Int?) throws(PatternFault) {
        var start = instructions.count
        for _ in 0..<least {
            start = instructions.count
            try write(node)
            // The empty text over and over is the empty text. Without this, nested repetitions of it would take for ever and write nothing.
            if instructions.count == start { return }
        }
        if let most { return try write(node, upTo: most - least) }
        if least > 0 { return try emit(.split(Int32(start), end + 1)) }
        let split = instructions.count
        try emit(.split(0, 0))
        try write(node)
        try emit(.jump(Int32(split)))
        instructions[split] = .split(Int32(split) + 1, end)
    }

    private mutating func write(_ node: PatternNode, upTo most: Int) throws(PatternFault) {
        var splits: [Int] = []
        for _ in 0..<most {
            splits.append(instructions.count)
            try emit(.split(0, 0))
            try write(node)
        }
        for split in splits { instructions[split] = .split(Int32(split) + 1, end) }
    }
}
