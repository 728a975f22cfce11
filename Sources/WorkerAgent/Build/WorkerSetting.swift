import Domain
import Foundation

/// What all builds of a worker share.
struct WorkerSetting: Sendable {
    let configuration: WorkerConfiguration
    let directory: DataDirectory
    let environment: StepEnvironment
    let budget: SpoolBudget
    let disk: WorkThread
    let mirrorLocks = MirrorLocks()

    /// The file with git's settings.
    var gitConfiguration: String { directory.path + "/gitconfig" }

    /// Blocks. Throws when git's settings cannot be written.
    init(configuration: WorkerConfiguration, directory: DataDirectory, disk: WorkThread) throws {
        self.configuration = configuration
        self.directory = directory
        self.disk = disk
        environment = StepEnvironment(own: configuration.environment, worker: configuration.name, mark: directory.mark)
        budget = SpoolBudget(limit: configuration.spoolLimit)
        try Data(GitSettings.globalConfiguration(home: configuration.environment["HOME"]).utf8)
            .write(to: URL(fileURLWithPath: gitConfiguration), options: .atomic)
    }
}
