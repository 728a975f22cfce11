import Storage

extension PostgresStore: Store {}
