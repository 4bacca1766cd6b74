namespace SnapshotWorkflows.Tests.Nodes;

/// <summary>What a node is started with.</summary>
internal sealed record NodeSettings(string HostJson, string Version, IReadOnlyDictionary<string, string> Values)
{
    /// <summary>A node on PostgreSQL.</summary>
    /// <param name="more">Further members of extensions.durableTask, each with a comma after it.</param>
    public static NodeSettings OnPostgres(string secrets, string connection, string version, int? schema = null, string more = "")
    {
        var values = new Dictionary<string, string> { ["Hub"] = connection, ["Node:SecretsPath"] = secrets };
        if (schema is { } old)
            values["Node:Schema"] = $"{old}";
        return new(HostJsonWith($$$"""{{{more}}}"hubName":"nodes","defaultVersion":"{{{version}}}","storageProvider":{"type":"postgres","connectionStringName":"Hub"}"""), version, values);
    }

    /// <summary>A node on a file of its own.</summary>
    public static NodeSettings OnSqlite(string durableTask = "\"hubName\":\"nodes\"") => new(HostJsonWith(durableTask), "1", new Dictionary<string, string>());

    private static string HostJsonWith(string durableTask) =>
        $$$"""{"version":"2.0","logging":{"logLevel":{"default":"Warning"}},"extensions":{"durableTask":{ {{{durableTask}}} } } }""";
}
