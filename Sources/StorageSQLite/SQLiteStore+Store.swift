import Storage

extension SQLiteStore: Store {}
