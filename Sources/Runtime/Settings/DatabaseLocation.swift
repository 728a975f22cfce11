/// Where the durable state is: `DOORBELL_DATABASE_URL`.
public enum DatabaseLocation: Hashable, Sendable {
    /// In a directory of this machine, held by one process.
    case sqlite(directory: String)
    /// In a server that any number of services share. The URL may hold a password: it is shown to nobody.
    case postgres(url: String)
}
