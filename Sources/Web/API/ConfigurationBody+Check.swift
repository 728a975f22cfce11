import HTTPDoor
import Wire

extension ConfigurationBody {
    /// Bytes of a body: a configuration of a thousand builders is far smaller.
    static let largest = 8 << 20
    private static let mostFiles = 1000

    /// Refuses what cannot be files of a configuration; what they say is judged by whoever reads them.
    func check() throws {
        try ControlText.check(by: by)
        guard (1...Self.mostFiles).contains(files.count) else {
            throw Problem.invalidField("/files", "expected 1 to \(Self.mostFiles) files, found \(files.count)")
        }
        for (place, file) in files.enumerated() {
            guard file.name.hasPrefix("/"), file.name.utf8.count <= 4096,
                !file.name.unicodeScalars.contains(where: { $0.value < 32 || $0.value == 127 })
            else {
                throw Problem.invalidField(
                    "/files/\(place)/name",
                    "expected the absolute path that the text was read from: relative repositories are meant from its directory")
            }
        }
    }
}
