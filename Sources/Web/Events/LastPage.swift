import Synchronization

/// A value that outlives the task that found it.
final class LastPage<Page: Sendable>: Sendable {
    private let state: Mutex<Page>

    init(_ page: Page) {
        state = Mutex(page)
    }

    var page: Page {
        get { state.withLock { $0 } }
        set { state.withLock { $0 = newValue } }
    }
}
