import Yams

/// A place in a text; line and column count from 1, columns in Unicode scalars.
struct TextPlace {
    var line = 1
    var column = 1
}

extension TextPlace {
    init(_ mark: Mark?) {
        self.init(line: mark?.line ?? 1, column: mark?.column ?? 1)
    }
}
