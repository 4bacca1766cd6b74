using SnapshotWorkflows.Durable.Engine.Hub;

namespace SnapshotWorkflows.Durable.TaskHubs.Sqlite;

/// <summary>Deaths of owners, counted at one revision of an instance: the next commit of it makes the count void, and no turn has to write anything.</summary>
internal static class Deaths
{
    /// <summary>The former owner did not close the file: it died with these under way.</summary>
    public static void Count(Statements statements)
    {
        statements.Execute(
            "DELETE FROM deaths WHERE NOT EXISTS (SELECT 1 FROM instances i WHERE i.instance_id = deaths.instance_id AND i.revision = deaths.revision AND i.status IN (0, 2, 6, 7))");
        statements.Execute(
            """
            INSERT INTO deaths (instance_id, revision, count)
            SELECT instance_id, revision, 1 FROM instances i WHERE status IN (0, 2, 6, 7) AND (open_turn = 1
                OR EXISTS (SELECT 1 FROM inbox x WHERE x.instance_id = i.instance_id) OR EXISTS (SELECT 1 FROM activities a WHERE a.instance_id = i.instance_id))
            ON CONFLICT (instance_id) DO UPDATE SET count = count + 1 WHERE count < $0
            """, PendingWork.SuspectAfter);
    }

    public static List<string> Suspects(Statements statements)
    {
        var suspects = new List<string>();
        using var reader = statements.Read(
            "SELECT d.instance_id FROM deaths d JOIN instances i ON i.instance_id = d.instance_id AND i.revision = d.revision WHERE d.count >= $0 ORDER BY 1", PendingWork.SuspectAfter);
        while (reader.Read())
            suspects.Add(reader.GetString(0));
        return suspects;
    }

    public static WriteResult Begin(Statements statements, BeginTrial trial) =>
        statements.Scalar("UPDATE deaths SET count = count + 1 WHERE instance_id = $0 AND revision = (SELECT revision FROM instances WHERE instance_id = $0) RETURNING count", trial.InstanceId) is long count
            ? new WriteResult(WriteOutcome.Done, []) { Count = (int)count }
            : new WriteResult(WriteOutcome.NotFound, []);

    public static WriteResult Acquit(Statements statements, Acquit acquit)
    {
        statements.Execute("DELETE FROM deaths WHERE instance_id = $0", acquit.InstanceId);
        return new WriteResult(WriteOutcome.Done, []);
    }
}
