import Domain

/// What is to be said of one change of a batch.
private enum MirrorAnswer {
    case known(ChangeReceipt)
    /// The same as one that another source told, or is about to.
    case told(MirrorLine.Subject)
    /// Accepted now, at this place among those that are.
    case new(Int)
    /// The same as an earlier one of the batch.
    case `repeat`(Int)
}

extension ChangeTransaction {
    /// Accepts changes, some of whose sources tell of one repository with others: what another told first is that change.
    func acceptMirrored(_ changes: [KeyedChange]) throws -> [ChangeReceipt] {
        let mirrored = changes.filter { $0.content.mirror != nil }
        var lines = try openLines(of: mirrored)
        let known = try knownReceipts(of: mirrored)
        var answers: [MirrorAnswer] = []
        var new: [KeyedChange] = []
        var seen: [ChangeKey: Int] = [:]
        for (place, change) in changes.enumerated() {
            let key = ChangeKey(change)
            if let earlier = seen[key] {
                answers.append(.repeat(earlier))
                continue
            }
            seen[key] = place
            if let report = change.content.mirror {
                if let receipt = known[key] {
                    answers.append(.known(receipt))
                    continue
                }
                let first = lines[report.line, default: MirrorLine()].take(
                    report, revision: change.content.revision, source: change.content.source, change: .new(new.count))
                if let first {
                    answers.append(.told(first.change))
                    continue
                }
            }
            answers.append(.new(new.count))
            new.append(change)
        }
        let accepted = new.isEmpty ? [] : try accept(new)
        let receipts = receipts(answers, accepted)
        try writeTellings(
            zip(changes, zip(answers, receipts)).compactMap { change, answered in
                if case .told = answered.0 { (change, answered.1) } else { nil }
            })
        try write(lines, changes: accepted)
        return receipts
    }

    private func receipts(_ answers: [MirrorAnswer], _ accepted: [ChangeReceipt]) -> [ChangeReceipt] {
        var receipts: [ChangeReceipt] = []
        for answer in answers {
            switch answer {
            case .known(let receipt): receipts.append(receipt)
            case .told(.accepted(let id, let chain)): receipts.append(ChangeReceipt(id: id, chain: chain, created: false))
            case .told(.new(let place)): receipts.append(accepted[place].again)
            case .new(let place): receipts.append(accepted[place])
            case .repeat(let place): receipts.append(receipts[place].again)
            }
        }
        return receipts
    }
}

extension ChangeReceipt {
    fileprivate var again: ChangeReceipt { ChangeReceipt(id: id, chain: chain, created: false) }
}

extension MirrorLine.Subject {
    /// The change, when those that were new are accepted.
    package func receipt(_ accepted: [ChangeReceipt]) -> ChangeReceipt {
        switch self {
        case .accepted(let id, let chain): ChangeReceipt(id: id, chain: chain, created: false)
        case .new(let place): accepted[place]
        }
    }
}
