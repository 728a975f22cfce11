/// The files of this directory, as they are embedded in the programs.
public enum Schemas {
    /// One step of a database's schema; applied once, in the order of the numbers.
    public struct Migration: Sendable {
        public var number: Int
        public var name: String
        public var sql: String
        /// The oldest schema that a program may know and still work beside this one.
        public var oldest: Int

        public init(number: Int, name: String, sql: String, oldest: Int = 1) {
            self.number = number
            self.name = name
            self.sql = sql
            self.oldest = oldest
        }
    }

    /// The embedded store's migrations. A released file never changes; what comes later gets the next number.
    public static let sqlite = [
        Migration(number: 1, name: "initial", sql: String(decoding: PackageResources.sqlite_0001_initial_sql, as: UTF8.self)),
        Migration(number: 2, name: "needs", sql: String(decoding: PackageResources.sqlite_0002_needs_sql, as: UTF8.self)),
        Migration(number: 3, name: "schedules", sql: String(decoding: PackageResources.sqlite_0003_schedules_sql, as: UTF8.self)),
        Migration(number: 4, name: "deliveries", sql: String(decoding: PackageResources.sqlite_0004_deliveries_sql, as: UTF8.self)),
        Migration(number: 5, name: "revisions", sql: String(decoding: PackageResources.sqlite_0005_revisions_sql, as: UTF8.self)),
        Migration(number: 6, name: "dependents", sql: String(decoding: PackageResources.sqlite_0006_dependents_sql, as: UTF8.self)),
        Migration(number: 7, name: "triggers", sql: String(decoding: PackageResources.sqlite_0007_triggers_sql, as: UTF8.self)),
        Migration(number: 8, name: "tries", sql: String(decoding: PackageResources.sqlite_0008_tries_sql, as: UTF8.self)),
        Migration(number: 9, name: "projects", sql: String(decoding: PackageResources.sqlite_0009_projects_sql, as: UTF8.self)),
        Migration(number: 10, name: "deadlines", sql: String(decoding: PackageResources.sqlite_0010_deadlines_sql, as: UTF8.self)),
        Migration(number: 11, name: "untrusted", sql: String(decoding: PackageResources.sqlite_0011_untrusted_sql, as: UTF8.self)),
        Migration(number: 12, name: "codebases", sql: String(decoding: PackageResources.sqlite_0012_codebases_sql, as: UTF8.self)),
        Migration(number: 13, name: "mirrors", sql: String(decoding: PackageResources.sqlite_0013_mirrors_sql, as: UTF8.self)),
        Migration(number: 14, name: "answers", sql: String(decoding: PackageResources.sqlite_0014_answers_sql, as: UTF8.self)),
        Migration(number: 15, name: "access", sql: String(decoding: PackageResources.sqlite_0015_access_sql, as: UTF8.self)),
        Migration(number: 16, name: "outgoing", sql: String(decoding: PackageResources.sqlite_0016_outgoing_sql, as: UTF8.self)),
        Migration(number: 17, name: "riding index", sql: String(decoding: PackageResources.sqlite_0017_riding_index_sql, as: UTF8.self)),
    ]

    /// Those of the store of many processes.
    public static let postgres = [
        Migration(number: 1, name: "initial", sql: String(decoding: PackageResources.postgres_0001_initial_sql, as: UTF8.self)),
        Migration(number: 2, name: "relay", sql: String(decoding: PackageResources.postgres_0002_relay_sql, as: UTF8.self)),
        Migration(number: 3, name: "needs", sql: String(decoding: PackageResources.postgres_0003_needs_sql, as: UTF8.self)),
        Migration(number: 4, name: "schedules", sql: String(decoding: PackageResources.postgres_0004_schedules_sql, as: UTF8.self)),
        Migration(number: 5, name: "deliveries", sql: String(decoding: PackageResources.postgres_0005_deliveries_sql, as: UTF8.self)),
        Migration(number: 6, name: "revisions", sql: String(decoding: PackageResources.postgres_0006_revisions_sql, as: UTF8.self)),
        Migration(number: 7, name: "dependents", sql: String(decoding: PackageResources.postgres_0007_dependents_sql, as: UTF8.self)),
        Migration(number: 8, name: "triggers", sql: String(decoding: PackageResources.postgres_0008_triggers_sql, as: UTF8.self)),
        Migration(number: 9, name: "tries", sql: String(decoding: PackageResources.postgres_0009_tries_sql, as: UTF8.self)),
        Migration(number: 10, name: "projects", sql: String(decoding: PackageResources.postgres_0010_projects_sql, as: UTF8.self)),
        Migration(number: 11, name: "project backfill", sql: String(decoding: PackageResources.postgres_0011_project_backfill_sql, as: UTF8.self)),
        Migration(number: 12, name: "project index", sql: String(decoding: PackageResources.postgres_0012_project_index_sql, as: UTF8.self)),
        Migration(number: 13, name: "deadlines", sql: String(decoding: PackageResources.postgres_0013_deadlines_sql, as: UTF8.self)),
        Migration(number: 14, name: "deadline index", sql: String(decoding: PackageResources.postgres_0014_deadline_index_sql, as: UTF8.self)),
        Migration(number: 15, name: "untrusted", sql: String(decoding: PackageResources.postgres_0015_untrusted_sql, as: UTF8.self)),
        Migration(number: 16, name: "codebases", sql: String(decoding: PackageResources.postgres_0016_codebases_sql, as: UTF8.self)),
        Migration(
            number: 17, name: "changes_codebase", sql: String(decoding: PackageResources.postgres_0017_changes_codebase_sql, as: UTF8.self)),
        Migration(number: 18, name: "mirrors", sql: String(decoding: PackageResources.postgres_0018_mirrors_sql, as: UTF8.self)),
        Migration(number: 19, name: "chain index", sql: String(decoding: PackageResources.postgres_0019_chain_index_sql, as: UTF8.self)),
        Migration(number: 20, name: "answers", sql: String(decoding: PackageResources.postgres_0020_answers_sql, as: UTF8.self)),
        Migration(number: 21, name: "identity index", sql: String(decoding: PackageResources.postgres_0021_identity_index_sql, as: UTF8.self)),
        Migration(number: 22, name: "access", sql: String(decoding: PackageResources.postgres_0022_access_sql, as: UTF8.self)),
        Migration(number: 23, name: "answered index", sql: String(decoding: PackageResources.postgres_0023_answered_index_sql, as: UTF8.self)),
        Migration(number: 24, name: "outgoing", sql: String(decoding: PackageResources.postgres_0024_outgoing_sql, as: UTF8.self)),
        Migration(number: 25, name: "riding index", sql: String(decoding: PackageResources.postgres_0025_riding_index_sql, as: UTF8.self)),
    ]
}
