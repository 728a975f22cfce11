/// Puts `***` where secrets stand in a stream of bytes: once for each run of bytes that belong to any of them, wherever the stream is cut.
struct Redactor {
    private static let mask = Array("***".utf8)

    private let machine: SecretMachine
    private var state: Int32 = 0
    /// The end of what came, which may be the beginning of a secret.
    private var held: [UInt8] = []
    /// What of it belongs to a secret already; ascending, apart from each other.
    private var masked: [Range<Int>] = []
    /// The last byte that was shown belonged to a secret.
    private var isMasking = false

    init(_ secrets: [String]) {
        self.init(SecretMachine(secrets.map { Array($0.utf8) }))
    }

    init(_ machine: SecretMachine) {
        self.machine = machine
    }

    /// What may be shown now: all but the longest end that a secret may begin with.
    mutating func take(_ bytes: UnsafeRawBufferPointer) -> [UInt8] {
        guard !machine.isEmpty else { return Array(bytes) }
        var place = held.count
        held.append(contentsOf: bytes)
        held.withUnsafeBufferPointer { text in
            while place < text.count {
                state = machine.next(state, text[place])
                place += 1
                let found = state == 0 ? 0 : machine.found(state)
                if found > 0 { mask(place - found..<place) }
            }
        }
        return release(held.count - machine.begun(state))
    }

    /// The rest. Half of a secret or more is masked, though its end never came.
    mutating func finish() -> [UInt8] {
        let half = min(held.count, machine.half(state))
        if half > 0 { mask(held.count - half..<held.count) }
        state = 0
        return release(held.count)
    }

    private mutating func mask(_ range: Range<Int>) {
        var range = range
        while let last = masked.last, last.upperBound >= range.lowerBound {
            range = min(last.lowerBound, range.lowerBound)..<range.upperBound
            masked.removeLast()
        }
        masked.append(range)
    }

    /// Shows that many bytes of what is held. A secret that ends later cannot begin among them.
    private mutating func release(_ count: Int) -> [UInt8] {
        var shown: [UInt8] = []
        shown.reserveCapacity(count)
        var place = 0
        for range in masked {
            guard range.lowerBound < count else { break }
            if range.lowerBound > place {
                shown.append(contentsOf: held[place..<range.lowerBound])
                isMasking = false
            }
            if !isMasking { shown.append(contentsOf: Self.mask) }
            isMasking = true
            place = min(range.upperBound, count)
        }
        if place < count {
            shown.append(contentsOf: held[place..<count])
            isMasking = false
        }
        masked = masked.compactMap { range in
            range.upperBound <= count ? nil : max(0, range.lowerBound - count)..<range.upperBound - count
        }
        held.removeFirst(count)
        return shown
    }
}
