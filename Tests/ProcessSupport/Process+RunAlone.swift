import Foundation
import Synchronization

extension Process {
    /// Starts it while no other is being started. A process's end is seen by the end of a descriptor that it holds while it starts; another that
    /// is started at that moment would inherit it and, when it lives on, keep it open.
    func runAlone() throws { try spawning.withLock { _ in try run() } }
}

private let spawning = Mutex(())
