namespace SnapshotWorkflows.Catalog;

/// <summary>Tables by format version; a version is never changed once released, the next one migrates.</summary>
internal static class Schema
{
    public const string Version1 = """
        CREATE TABLE requests (
            caller TEXT NOT NULL, route TEXT NOT NULL, idempotency_key TEXT NOT NULL,
            body_hash TEXT NOT NULL, instance_id TEXT NOT NULL, created_at TEXT NOT NULL,
            PRIMARY KEY (caller, route, idempotency_key)) WITHOUT ROWID;
        CREATE TABLE intents (
            request_key TEXT NOT NULL, role TEXT NOT NULL,
            system TEXT NOT NULL, scope TEXT NOT NULL, marker TEXT NOT NULL,
            state TEXT NOT NULL, object_id TEXT NULL, intended_at TEXT NOT NULL, settled_at TEXT NULL,
            PRIMARY KEY (request_key, role)) WITHOUT ROWID;
        CREATE TABLE volume_slots (volume_id TEXT PRIMARY KEY, request_key TEXT NOT NULL, taken_at TEXT NOT NULL) WITHOUT ROWID;
        CREATE TABLE snapshots (
            id TEXT PRIMARY KEY, volume_id TEXT NOT NULL, vm_id TEXT NULL, account TEXT NULL, state TEXT NOT NULL,
            created_at TEXT NOT NULL, ended INTEGER NOT NULL, row TEXT NOT NULL) WITHOUT ROWID;
        CREATE INDEX snapshots_by_volume ON snapshots (volume_id, created_at);
        CREATE INDEX snapshots_by_time ON snapshots (created_at, id);
        """;

    /// <summary>Policies with how far their schedules have come, the audit trail, and the policy that a snapshot was taken for.</summary>
    public const string Version2 = """
        CREATE TABLE policies (
            name TEXT PRIMARY KEY, policy TEXT NOT NULL, revision INTEGER NOT NULL,
            updated_at TEXT NOT NULL, updated_by TEXT NOT NULL, done_until TEXT NOT NULL, last_occurrence TEXT NULL) WITHOUT ROWID;
        CREATE TABLE audit (
            id INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, who TEXT NOT NULL, what TEXT NOT NULL,
            subject TEXT NOT NULL, outcome TEXT NOT NULL, detail TEXT NULL);
        CREATE INDEX audit_by_subject ON audit (subject, id);
        ALTER TABLE snapshots ADD COLUMN policy TEXT NULL;
        CREATE INDEX snapshots_by_policy ON snapshots (policy, created_at);
        """;

    /// <summary>Element n leads from format n to format n + 1.</summary>
    public static IReadOnlyList<string> Steps { get; } = [Version1, Version2];
}
