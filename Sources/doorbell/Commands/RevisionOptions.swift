import ArgumentParser
import Domain
import Foundation

/// Who applies a configuration, and to which.
struct RevisionOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The revision that is in force as far as you know; with another, nothing is applied.", valueName: "revision"))
    var expect: Int64?

    @Option(help: ArgumentHelp("Who applies it, for the history; you at this machine when not given.", valueName: "name"))
    var by: String?

    var expected: ConfigurationID? { expect.map { ConfigurationID($0) } }

    var author: String { by ?? "\(NSUserName())@\(ProcessInfo.processInfo.hostName)" }
}
