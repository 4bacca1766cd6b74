using SnapshotWorkflows.SolidFire;

namespace SnapshotWorkflows.Tests.Unit.Clients;

internal sealed class SolidFireRig
{
    public const string Password = "canary-8f3a";

    public SolidFireRig(TimeProvider? time = null)
    {
        Client = new SolidFireClient(Handler.Client(), new SolidFireOptions
        {
            Endpoint = new Uri("https://mvip/json-rpc/12.5"),
            Username = "admin",
            Password = Password,
            ReadAttempts = 3,
            RetryDelay = TimeSpan.Zero,
            RetryDelayMax = TimeSpan.Zero,
            CallTimeout = TimeSpan.FromSeconds(30),
        }, time ?? TimeProvider.System, Log);
    }

    public ScriptedHandler Handler { get; } = new();

    public RecordingLogger<SolidFireClient> Log { get; } = new();

    public SolidFireClient Client { get; }

    public SolidFireRig Result(string json)
    {
        Handler.Json($$"""{"id":1,"result":{{json}}}""");
        return this;
    }

    public SolidFireRig Error(string name, string message = "said so")
    {
        Handler.Json($$$"""{"id":1,"error":{"code":500,"name":"{{{name}}}","message":"{{{message}}}"}}""");
        return this;
    }

    public static string Volume(long id, string status = "active") =>
        $$"""{"volumeID":{{id}},"name":"v{{id}}","accountID":1,"status":"{{status}}","totalSize":1000341504,"attributes":{"key":"k","n":3},"createTime":"2026-01-02T03:04:05Z","deleteTime":"","volumeAccessGroups":[4],"qos":{"minIOPS":50,"curve":{"4096":100} },"unheard":{} }""";
}
