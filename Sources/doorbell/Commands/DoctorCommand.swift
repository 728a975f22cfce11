import ArgumentParser

/// `doorbell doctor`: what is wrong, and what to do about it.
struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor", abstract: "Check the running Doorbell: services, sources, workers, queue.",
        discussion: "Ends with status 0 when all is well, 1 when a check failed.")

    @OptionGroup var client: ClientOptions

    func run() async throws {
        let data = try await client.client().get("/api/v1/doctor")
        let document = try Document(data)
        if client.json {
            StandardOutput.write(String(decoding: data, as: UTF8.self) + "\n")
        } else {
            var table = Table("CHECK", "STATE", "WHAT")
            for check in document["checks"].items {
                let remedy = check["remedy"].text
                table.rows.append([check["name"].text, check["state"].text, check["text"].text + (remedy.isEmpty ? "" : "; \(remedy)")])
            }
            StandardOutput.write(table.render())
        }
        if document["checks"].items.contains(where: { $0["state"].text == "fail" }) { throw ExitCode(1) }
    }
}
