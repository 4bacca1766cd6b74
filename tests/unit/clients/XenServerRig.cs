using System.Text.Json;
using SnapshotWorkflows.XenServer;

namespace SnapshotWorkflows.Tests.Unit.Clients;

internal sealed class XenServerRig
{
    public const string Password = "canary-5c21";
    public const string Session = "OpaqueRef:canary-session";

    public XenServerRig(TimeProvider? time = null, string endpoint = "https://member:8443", Action<XenServerPoolOptions>? change = null)
    {
        var options = new XenServerPoolOptions
        {
            Name = "production",
            Endpoint = new Uri(endpoint),
            Username = "root",
            Password = Password,
            ReadAttempts = 3,
            RetryDelay = TimeSpan.Zero,
            RetryDelayMax = TimeSpan.Zero,
        };
        change?.Invoke(options);
        Client = new XenServerClient(Handler.Client(), options, time ?? TimeProvider.System, Log);
    }

    public ScriptedHandler Handler { get; } = new();

    public RecordingLogger<XenServerClient> Log { get; } = new();

    public XenServerClient Client { get; }

    public XenServerRig LogIn(string session = Session) => Result(JsonSerializer.Serialize(session));

    public XenServerRig Result(string json)
    {
        Handler.Json($$"""{"jsonrpc":"2.0","result":{{json}},"id":1}""");
        return this;
    }

    public XenServerRig Error(string code, params string[] data)
    {
        Handler.Json($$$"""{"jsonrpc":"2.0","error":{"code":1,"message":"{{{code}}}","data":{{{JsonSerializer.Serialize(data)}}}},"id":1}""");
        return this;
    }

    /// <summary>An export's task asked to stop, looked at, and dropped.</summary>
    public XenServerRig Tidied() => Result("\"\"").Result(Task("failure", "", "TASK_CANCELLED")).Result("\"\"");

    public static string Vdi(string uuid, long bytes) => $$"""{"uuid":"{{uuid}}","name_label":"d","SR":"OpaqueRef:sr","virtual_size":{{bytes}},"managed":true,"is_a_snapshot":false,"snapshot_time":"19700101T00:00:00Z","other_config":{},"current_operations":{} }""";

    public static string Task(string status, string result = "", params string[] error) =>
        $$"""{"uuid":"t1","name_label":"Async.VDI.copy","status":"{{status}}","progress":0.5,"result":{{JsonSerializer.Serialize(result)}},"error_info":{{JsonSerializer.Serialize(error)}},"created":"20260102T03:04:05Z","finished":"19700101T00:00:00Z","other_config":{"key":"k1"} }""";
}
