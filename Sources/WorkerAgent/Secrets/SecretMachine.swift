/// Finds many texts in a stream of bytes in one pass over it, whatever they have in common: the machine of Aho and Corasick, "Efficient String Matching:
/// An Aid to Bibliographic Search", Communications of the ACM 18 (6), 1975.
struct SecretMachine: Sendable {
    /// A beginning of some text. The first is the empty one.
    private struct State {
        var byte: UInt8
        /// How many bytes long it is.
        var depth: Int32
        /// Its longest end that is a beginning too.
        var fallback: Int32 = 0
        /// The length of the longest text that it ends with; 0 for none.
        var found: Int32 = 0
        /// The length of its longest end that may go on to be a text.
        var begun: Int32 = 0
        /// The length of the shortest text that it is a beginning of.
        var shortest: Int32 = .max
        /// The length of its longest end that is half of some text or more; 0 for none.
        var half: Int32 = 0
        /// The first of those that are one byte longer, and the next of those as long.
        var child: Int32 = 0
        var sibling: Int32 = 0
    }

    /// Less stands in too much that is no secret.
    private static let shortestHalf = 4

    private var states = [State(byte: 0, depth: 0)]
    /// What follows the empty beginning, where a stream is nearly all the time.
    private var first = [Int32](repeating: 0, count: 256)

    init(_ texts: some Sequence<[UInt8]>) {
        for text in texts where !text.isEmpty { add(text) }
        link()
    }

    /// Nothing is looked for.
    var isEmpty: Bool { states.count == 1 }

    /// The beginning that the stream ends with after one more byte.
    func next(_ state: Int32, _ byte: UInt8) -> Int32 {
        var state = state
        while state != 0 {
            let child = child(of: state, byte)
            if child != 0 { return child }
            state = states[Int(state)].fallback
        }
        return first[Int(byte)]
    }

    func begun(_ state: Int32) -> Int { Int(states[Int(state)].begun) }
    func half(_ state: Int32) -> Int { Int(states[Int(state)].half) }
    func found(_ state: Int32) -> Int { Int(states[Int(state)].found) }

    private func child(of state: Int32, _ byte: UInt8) -> Int32 {
        guard state != 0 else { return first[Int(byte)] }
        var child = states[Int(state)].child
        while child != 0, states[Int(child)].byte != byte { child = states[Int(child)].sibling }
        return child
    }

    private mutating func add(_ text: [UInt8]) {
        var state: Int32 = 0
        for byte in text {
            var child = child(of: state, byte)
            if child == 0 {
                child = Int32(states.count)
                states.append(State(byte: byte, depth: states[Int(state)].depth + 1, sibling: state == 0 ? 0 : states[Int(state)].child))
                if state == 0 { first[Int(byte)] = child } else { states[Int(state)].child = child }
            }
            state = child
            states[Int(state)].shortest = min(states[Int(state)].shortest, Int32(text.count))
        }
        states[Int(state)].found = Int32(text.count)
    }

    /// The shorter ones first: a fallback is shorter than what falls back to it.
    private mutating func link() {
        var queue = first.filter { $0 != 0 }
        var place = 0
        while place < queue.count {
            let state = queue[place]
            place += 1
            var child = states[Int(state)].child
            states[Int(state)].begun = child != 0 ? states[Int(state)].depth : states[Int(states[Int(state)].fallback)].begun
            let (depth, shortest) = (states[Int(state)].depth, states[Int(state)].shortest)
            states[Int(state)].half =
                depth >= Self.shortestHalf && depth >= shortest - depth ? depth : states[Int(states[Int(state)].fallback)].half
            while child != 0 {
                let fallback = next(states[Int(state)].fallback, states[Int(child)].byte)
                states[Int(child)].fallback = fallback
                if states[Int(child)].found == 0 { states[Int(child)].found = states[Int(fallback)].found }
                queue.append(child)
                child = states[Int(child)].sibling
            }
        }
    }
}
