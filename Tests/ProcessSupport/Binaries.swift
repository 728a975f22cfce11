import Foundation

/// Where the programs under test are: beside the test bundle, or where DOORBELL_BINARIES says.
public enum Binaries {
    public static var doorbell: String { path("doorbell") }
    public static var worker: String { path("doorbell-worker") }
    public static var floor: String { path("doorbell-floor") }

    private static func path(_ name: String) -> String {
        if let directory = ProcessInfo.processInfo.environment["DOORBELL_BINARIES"] { return directory + "/" + name }
        let beside = (CommandLine.arguments[0] as NSString).deletingLastPathComponent + "/" + name
        if FileManager.default.isExecutableFile(atPath: beside) { return beside }
        var top = #filePath
        for _ in 0..<3 { top = (top as NSString).deletingLastPathComponent }
        return top + "/.build/debug/" + name
    }
}
