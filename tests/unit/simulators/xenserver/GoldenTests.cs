using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json.Nodes;

namespace SnapshotWorkflows.Tests.Unit.Simulators.XenServer;

/// <summary>
/// What a pool answers, byte by byte, held against a file that was read against XenAPI's published forms and fields. UPDATE_GOLDEN=1
/// rewrites it.
/// </summary>
public sealed class GoldenTests
{
    [Fact]
    public async Task Answers_are_as_they_were_read()
    {
        using var pool = new PoolRig(seed: 7);
        var (_, _, uuid, _) = pool.Volume();
        var vdi = pool.Call("VDI.get_by_uuid", uuid);
        var text = new StringBuilder();
        Ask("/jsonrpc", Json(2, "session.login_with_password", "root", "wrong"));
        Ask("/jsonrpc", Json(1, "session.login_with_password", "root", "wrong"));
        Ask("/jsonrpc", Json(2, "VDI.get_record", pool.Session, vdi));
        Ask("/RPC2", Xml("VDI.get_record", pool.Session, vdi));
        Ask("/jsonrpc", Json(2, "SR.get_all_records", pool.Session));
        Ask("/jsonrpc", Json(2, "PBD.get_all_records", pool.Session));
        Ask("/jsonrpc", Json(2, "VDI.frobnicate", pool.Session));
        Ask("/jsonrpc", Json(2, "VDI.get_record", pool.Session));
        Ask("/jsonrpc", Json(1, "Async.VDI.get_record", pool.Session, vdi));
        Ask("/jsonrpc", Json(2, "SR.probe", pool.Session, pool.Host(), new JsonObject(), "lvmoiscsi", new JsonObject()));
        Ask("/RPC2", Xml("VDI.snapshot", pool.Session, "OpaqueRef:gone"));
        var task = pool.Call("Async.SR.scan", pool.Call("VDI.get_SR", vdi));
        Ask("/jsonrpc", Json(2, "task.get_record", pool.Session, task));
        Ask("/RPC2", Xml("task.get_record", pool.Session, task));
        Ask("/jsonrpc", Json(2, "event.from", pool.Session, new JsonArray("task/" + task), "", 1.0));
        Ask("/jsonrpc", "nonsense");
        Ask("/jsonrpc", Json(2, "pool.get_all", "x"), host: 2);
        var file = Path.Combine(Path.GetDirectoryName(Here())!, "golden", "answers.txt");
        if (Environment.GetEnvironmentVariable("UPDATE_GOLDEN") == "1")
            await File.WriteAllTextAsync(file, text.ToString());
        Assert.Equal(await File.ReadAllTextAsync(file), text.ToString());

        void Ask(string path, string body, int host = 1) =>
            text.Append("> ").Append(path).Append(' ').Append(body.Replace(PoolRig.Password, "PASSWORD", StringComparison.Ordinal)).Append("\n< ").Append(pool.Post(path, body, host)).Append('\n');
    }

    private static string Json(int version, string method, params JsonNode?[] arguments)
    {
        var body = new JsonObject { ["id"] = 1, ["method"] = method, ["params"] = new JsonArray([.. arguments.Select(a => a?.DeepClone())]) };
        if (version == 2)
            body["jsonrpc"] = "2.0";
        return body.ToJsonString();
    }

    private static string Xml(string method, params string[] arguments) =>
        $"<methodCall><methodName>{method}</methodName><params>{string.Concat(arguments.Select(a => $"<param><value>{a}</value></param>"))}</params></methodCall>";

    private static string Here([CallerFilePath] string here = "") => here;
}
