/// The worker protocol, `/worker/v1` on a dispatcher (docs/worker-protocol.md).
///
/// | route | body | answer |
/// |---|---|---|
/// | `POST /worker/v1/sessions` | `SessionRequest` | 201 `SessionDocument` (200 for a repeat) |
/// | `POST /worker/v1/sessions/{id}/claim` | `ClaimRequest` | 200 `ClaimAnswer`, after at most `wait_ms` |
/// | `POST /worker/v1/sessions/{id}/reports` | `ReportBatch` | 200 `ReportBatchAnswer` |
/// | `PATCH /worker/v1/builds/{build}/logs/{name}` | bytes, with `Content-Range: bytes FIRST-LAST/*` | 202 or 416, with `Range: 0-LAST` of what the server has |
/// | `POST /worker/v1/builds/{build}/trigger` | `TriggerRequest` | 200 `TriggerAnswer`, after at most `wait_ms` |
/// | `POST /worker/v1/builds/{build}/secrets` | `StepRequest` | 200 `SecretsAnswer` |
/// | `POST /worker/v1/builds/{build}/patch` | `StepRequest` | 200 `PatchAnswer` |
/// | `DELETE /worker/v1/sessions/{id}` | | 204 |
///
/// Every call but the first carries `Authorization: Bearer SECRET`, the secret that the worker chose for its session. The log route names the
/// session, the fence and the step in `Doorbell-Session`, `Doorbell-Fence` and `Doorbell-Step`. Every 2xx and 416 of the log route carries
/// `Doorbell-Control: cancel` when the build shall end.
public enum WorkerProtocol {
    public static let version = 1
    public static let sessionHeader = "Doorbell-Session"
    public static let fenceHeader = "Doorbell-Fence"
    public static let stepHeader = "Doorbell-Step"
    public static let controlHeader = "Doorbell-Control"
    /// The longest a claim may wait for work.
    public static let longestWaitMilliseconds = 60_000
    /// The most bytes of one log call.
    public static let logChunkLimit = 1 << 20
    /// The most reports of one call.
    public static let reportLimit = 500
    /// The most bytes of any other body.
    public static let bodyLimit = 4 << 20
}
