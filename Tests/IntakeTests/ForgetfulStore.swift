import Domain
import Storage

/// A store that can put nothing of deliveries on record.
struct ForgetfulStore: DeliveryStore {
    let failure: StoreError

    func accept(_ changes: [NewChange], noting note: DeliveryNote) async throws -> [ChangeReceipt] { throw failure }
    func note(_ note: DeliveryNote) async throws -> DeliveryID { throw failure }
    func deliveries(_ query: PageQuery<DeliveryFields>) async throws -> [DeliveryRow] { throw failure }
    func delivery(_ id: DeliveryID) async throws -> KeptDelivery? { throw failure }
}
