using System.Globalization;
using Microsoft.Data.Sqlite;

namespace SnapshotWorkflows.Durable.TaskHubs.Sqlite;

/// <summary>The tables, and the way from each schema version to the next.</summary>
internal static class HubSchema
{
    /// <summary>Times are UTC ticks; events, tags and failures are JSON of HistoryJson; text that begins with @payload: refers to a row of payloads.</summary>
    private const string Version1 = """
        CREATE TABLE hub (one INTEGER PRIMARY KEY CHECK (one = 1), epoch INTEGER NOT NULL, history_format INTEGER NOT NULL) STRICT;
        INSERT INTO hub VALUES (1, 0, 1);
        CREATE TABLE instances (
            instance_id TEXT PRIMARY KEY, execution_id TEXT NOT NULL, name TEXT NOT NULL, version TEXT, status INTEGER NOT NULL,
            revision INTEGER NOT NULL, open_turn INTEGER NOT NULL, parent_id TEXT, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL,
            input TEXT, output TEXT, custom_status TEXT, failure TEXT, tags TEXT) STRICT, WITHOUT ROWID;
        CREATE INDEX instances_by_creation ON instances (created_at, instance_id);
        CREATE INDEX instances_by_parent ON instances (parent_id) WHERE parent_id IS NOT NULL;
        CREATE TABLE history (
            instance_id TEXT NOT NULL, execution_id TEXT NOT NULL, turn INTEGER NOT NULL, events TEXT NOT NULL,
            PRIMARY KEY (instance_id, execution_id, turn)) STRICT, WITHOUT ROWID;
        CREATE TABLE inbox (
            sequence INTEGER PRIMARY KEY AUTOINCREMENT, instance_id TEXT NOT NULL, execution_id TEXT, visible_at INTEGER NOT NULL,
            timer_id INTEGER, event TEXT NOT NULL) STRICT;
        CREATE INDEX inbox_by_instance ON inbox (instance_id, sequence);
        CREATE TABLE activities (
            instance_id TEXT NOT NULL, execution_id TEXT NOT NULL, task_id INTEGER NOT NULL, attempt INTEGER NOT NULL, cancel_requested INTEGER NOT NULL,
            name TEXT NOT NULL, version TEXT, input TEXT, tags TEXT,
            PRIMARY KEY (instance_id, execution_id, task_id)) STRICT, WITHOUT ROWID;
        CREATE TABLE progress (
            instance_id TEXT PRIMARY KEY, execution_id TEXT NOT NULL, task_id INTEGER NOT NULL, attempt INTEGER NOT NULL, data TEXT NOT NULL) STRICT, WITHOUT ROWID;
        CREATE TABLE payloads (id INTEGER PRIMARY KEY AUTOINCREMENT, data BLOB NOT NULL) STRICT;
        CREATE TRIGGER inbox_payload AFTER DELETE ON inbox WHEN substr(OLD.event, 1, 9) = '@payload:'
            BEGIN DELETE FROM payloads WHERE id = CAST(substr(OLD.event, 10) AS INTEGER); END;
        CREATE TRIGGER input_payload AFTER UPDATE OF input ON instances WHEN substr(OLD.input, 1, 9) = '@payload:'
            BEGIN DELETE FROM payloads WHERE id = CAST(substr(OLD.input, 10) AS INTEGER); END;
        CREATE TRIGGER instance_payloads AFTER DELETE ON instances
            WHEN substr(OLD.input, 1, 9) = '@payload:' OR substr(OLD.output, 1, 9) = '@payload:' OR substr(OLD.failure, 1, 9) = '@payload:'
            BEGIN DELETE FROM payloads WHERE id IN
                (CAST(substr(OLD.input, 10) AS INTEGER), CAST(substr(OLD.output, 10) AS INTEGER), CAST(substr(OLD.failure, 10) AS INTEGER)); END;
        """;

    /// <summary>Small texts of the host, such as the state of each timer.</summary>
    private const string Version2 = """
        CREATE TABLE documents (name TEXT PRIMARY KEY, revision INTEGER NOT NULL, content TEXT NOT NULL) STRICT, WITHOUT ROWID;
        """;

    /// <summary>Entities (their state and who holds them), why an instance waits, and ended instances by the time of their end.</summary>
    private const string Version3 = """
        ALTER TABLE instances ADD COLUMN state TEXT;
        ALTER TABLE instances ADD COLUMN locked_by TEXT;
        ALTER TABLE instances ADD COLUMN reason TEXT;
        CREATE INDEX instances_by_end ON instances (updated_at, instance_id) WHERE status IN (1, 3, 4, 5);
        CREATE TRIGGER state_payload AFTER DELETE ON instances WHEN substr(OLD.state, 1, 9) = '@payload:'
            BEGIN DELETE FROM payloads WHERE id = CAST(substr(OLD.state, 10) AS INTEGER); END;
        """;

    /// <summary>A start looks for turns left open; with years of ended instances it must not read them all.</summary>
    private const string Version4 = """
        CREATE INDEX instances_open ON instances (instance_id) WHERE open_turn = 1;
        """;

    /// <summary>Deaths of the process with an instance under way, counted at one revision of it; whether a process that opened the file has closed it.</summary>
    private const string Version5 = """
        CREATE TABLE deaths (instance_id TEXT PRIMARY KEY, revision INTEGER NOT NULL, count INTEGER NOT NULL) STRICT, WITHOUT ROWID;
        ALTER TABLE hub ADD COLUMN in_use INTEGER NOT NULL DEFAULT 0;
        """;

    private static readonly string[] s_steps = [Version1, Version2, Version3, Version4, Version5];

    /// <summary>What this program writes.</summary>
    public static int Newest => s_steps.Length;

    /// <exception cref="NotSupportedException">The file was written by a newer program.</exception>
    public static void Migrate(SqliteConnection connection, string path)
    {
        using var read = connection.CreateCommand();
        read.CommandText = "PRAGMA user_version";
        var version = Convert.ToInt32(read.ExecuteScalar(), CultureInfo.InvariantCulture);
        if (version > Newest)
            throw new NotSupportedException($"The task hub {path} has schema version {version}; this program knows versions up to {Newest}. Run the newer program, or restore a copy from before its upgrade.");
        for (; version < Newest; version++)
        {
            using var step = connection.CreateCommand();
            step.CommandText = $"BEGIN IMMEDIATE; {s_steps[version]} PRAGMA user_version = {version + 1}; COMMIT;";
            step.ExecuteNonQuery();
        }
    }
}
