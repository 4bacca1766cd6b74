using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using SnapshotWorkflows.Simulators.CloudStack;
using SnapshotWorkflows.Simulators.Fabric;

namespace SnapshotWorkflows.Tests.Unit.Simulators.CloudStack;

/// <summary>
/// What the management server answers, byte by byte, held against a file that was read against CloudStack's response classes
/// (apache/cloudstack, api/src/main/java/org/apache/cloudstack/api/response and server ApiServlet). UPDATE_GOLDEN=1 rewrites it.
/// </summary>
public sealed partial class GoldenTests : IDisposable
{
    private readonly TestClock _clock = new();
    private readonly CloudStackSimulator _simulator;
    private readonly HttpClient _client;
    private readonly StringBuilder _text = new();
    private readonly List<string> _ids = [];

    public GoldenTests()
    {
        _simulator = new CloudStackSimulator(new CloudStackOptions { ApiKey = "key", SecretKey = "secret" }, _clock, new FaultPlan());
        _client = new HttpClient(new InProcessHandler().Add("ms.test:443", _simulator)) { BaseAddress = new Uri("https://ms.test") };
        _simulator.AddAccount("tenant");
        _simulator.Add(new CloudVirtualMachine("vm-1", "web", "i-2-1-VM", "tenant", _simulator.ZoneId, "Running", "host1", _clock.GetUtcNow()));
        _simulator.Add(new CloudVolume("vol-1", "data~1", "tenant", _simulator.ZoneId, "vm-1", "vdi-1", 1L << 30, "primary", "DATADISK", _clock.GetUtcNow()));
    }

    public void Dispose()
    {
        _client.Dispose();
        _simulator.Dispose();
    }

    [Fact]
    public async Task Answers_are_as_they_were_read()
    {
        foreach (var list in (string[])["listDomains", "listZones", "listCapabilities", "listAccounts", "listVolumes", "listVirtualMachines", "listSnapshots"])
            await AskAsync(list, ("listall", "true"));
        await AskAsync("listVolumes");
        await JobAsync("createTags", ("resourceids", "vol-1"), ("resourcetype", "Volume"), ("tags[0].key", "k"), ("tags[0].value", "v"));
        await AskAsync("listTags", ("resourcetype", "volume"), ("resourceid", "vol-1"));
        await AskAsync("listApis", ("name", "createSnapshot"));
        await JobAsync("createSnapshot", ("volumeid", "vol-1"), ("name", "nightly"));
        var snapshot = (string)(await AskAsync("listSnapshots", ("volumeid", "vol-1"), ("listall", "true")))["snapshot"]![0]!["id"]!;
        var policy = (string)(await AskAsync("createSnapshotPolicy", ("volumeid", "vol-1"), ("intervaltype", "DAILY"), ("schedule", "30:3"), ("timezone", "UTC"), ("maxsnaps", "4")))["snapshotpolicy"]!["id"]!;
        await AskAsync("listSnapshotPolicies", ("volumeid", "vol-1"));
        await AskAsync("deleteSnapshotPolicies", ("id", policy));
        await AskAsync("revertSnapshot", ("id", snapshot));
        _simulator.SetVirtualMachineState("vm-1", "Stopped");
        await JobAsync("revertSnapshot", ("id", snapshot));
        await AskAsync("listVolumes", ("id", "vol-1"));
        await JobAsync("deleteTags", ("resourceids", "vol-1"), ("resourcetype", "Volume"), ("tags[0].key", "k"));
        await JobAsync("deleteSnapshot", ("id", snapshot));
        await AskAsync("listVolumes", ("id", "none"));
        await AskAsync("createTags");
        await AskAsync("listVolumes", ("signature", "wrong"));
        await AskAsync("queryAsyncJobResult", ("jobid", "none"));
        await Assert.ThrowsAsync<InvalidOperationException>(() => AskAsync("frobnicate"));
        var file = Path.Combine(Path.GetDirectoryName(Here())!, "golden", "answers.txt");
        if (Environment.GetEnvironmentVariable("UPDATE_GOLDEN") == "1") await File.WriteAllTextAsync(file, _text.ToString());
        Assert.Equal(await File.ReadAllTextAsync(file), _text.ToString());
    }

    private async Task JobAsync(string command, params (string Name, string Value)[] parameters)
    {
        var job = (string)(await AskAsync(command, parameters))["jobid"]!;
        await AskAsync("queryAsyncJobResult", ("jobid", job));
        _clock.Advance(TimeSpan.FromMinutes(1));
        await AskAsync("queryAsyncJobResult", ("jobid", job));
    }

    private async Task<JsonNode> AskAsync(string command, params (string Name, string Value)[] parameters)
    {
        var all = parameters.Append(("command", command)).Append(("apikey", "key")).Append(("response", "json")).Where(parameter => parameter.Item1 != "signature").OrderBy(parameter => parameter.Item1.ToLowerInvariant(), StringComparer.Ordinal);
        var query = string.Join('&', all.Select(parameter => $"{parameter.Item1}={Uri.EscapeDataString(parameter.Item2).Replace("%2A", "*", StringComparison.Ordinal)}"));
        var signature = parameters.FirstOrDefault(parameter => parameter.Name == "signature").Value
            ?? Convert.ToBase64String(HMACSHA1.HashData("secret"u8, Encoding.UTF8.GetBytes(query.ToLowerInvariant())));
        using var content = new StringContent($"{query}&signature={Uri.EscapeDataString(signature)}");
        content.Headers.ContentType = new MediaTypeHeaderValue("application/x-www-form-urlencoded");
        using var answer = await _client.PostAsync(new Uri("/client/api", UriKind.Relative), content);
        var body = JsonNode.Parse(await answer.Content.ReadAsStringAsync())!;
        _text.Append("> ").Append(Told(query)).Append("\n< ").Append((int)answer.StatusCode).Append(' ').Append(answer.Content.Headers.ContentType).Append('\n')
            .Append(Told(body.ToJsonString(new JsonSerializerOptions { WriteIndented = true }))).Append('\n');
        return body[$"{command.ToLowerInvariant()}response"] ?? throw new InvalidOperationException(_text.ToString());
    }

    /// <summary>Ids are drawn; they are told by the order in which they came up.</summary>
    private string Told(string text) => Drawn().Replace(text, match =>
    {
        if (!_ids.Contains(match.Value)) _ids.Add(match.Value);
        return $"id-{_ids.IndexOf(match.Value) + 1}";
    });

    private static string Here([CallerFilePath] string here = "") => here;

    [GeneratedRegex("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", RegexOptions.None, 1000)]
    private static partial Regex Drawn();
}
