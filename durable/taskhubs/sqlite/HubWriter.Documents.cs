using SnapshotWorkflows.Durable.Engine.Hub;

namespace SnapshotWorkflows.Durable.TaskHubs.Sqlite;

/// <content>Small texts of the host, swapped by revision.</content>
internal sealed partial class HubWriter
{
    private WriteResult Store(StoreDocument document)
    {
        var changed = document.Revision switch
        {
            < 0 => 0,
            0 => statements.Execute("INSERT INTO documents (name, revision, content) VALUES ($0, 1, $1) ON CONFLICT (name) DO NOTHING", document.Name, document.Content),
            _ => statements.Execute("UPDATE documents SET revision = revision + 1, content = $2 WHERE name = $0 AND revision = $1", document.Name, document.Revision, document.Content),
        };
        return new WriteResult(changed == 1 ? WriteOutcome.Done : WriteOutcome.Fenced, []) { Document = Find(document.Name) };
    }

    private HubDocument? Find(string name)
    {
        using var reader = statements.Read("SELECT revision, content FROM documents WHERE name = $0", name);
        return reader.Read() ? new HubDocument(reader.GetInt64(0), reader.GetString(1)) : null;
    }
}
