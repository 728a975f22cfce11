import Domain

/// Why a checkout failed.
enum GitFailure: Error, Hashable {
    /// A git command ended badly, or was ended.
    case command(CommandResult, doing: String)
    /// What was asked for cannot be had.
    case impossible(String)
}
