using System.Diagnostics;
using System.Text.Json.Nodes;
using SnapshotWorkflows.XenServer;

namespace SnapshotWorkflows.Tests.Contracts.Appliances;

/// <summary>qemu-img and libnbd's nbdcopy, which know nothing of us, pointed at a disk as VDI.get_nbd_info says.</summary>
internal sealed class ForeignNbdReader : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("nbd-reader-").FullName;
    private readonly JsonNode _server;

    private ForeignNbdReader(JsonNode server) => _server = server;

    public static async Task<ForeignNbdReader> PrepareAsync(Appliances world, Vdi vdi)
    {
        var options = world.PoolOptions["production"];
        // The coordinator's own address: this little client follows no redirect.
        using var http = new HttpClient(XenServerRegistration.CreateHandler(options));
        var coordinator = world.Pools["production"].Hosts[0];
        var address = new Uri($"https://{world.AddressOf("production", coordinator.Uuid)}/jsonrpc");
        var session = (await CallAsync(http, address, "session.login_with_password", "root", options.Password))!.GetValue<string>();
        var servers = await CallAsync(http, address, "VDI.get_nbd_info", session, vdi.Ref.Value);
        var reader = new ForeignNbdReader(servers![0]!);
        await File.WriteAllTextAsync(Path.Combine(reader._folder, "ca-cert.pem"), reader._server["cert"]!.GetValue<string>());
        return reader;
    }

    public Task<byte[]> QemuAsync() => RunAsync(
        "qemu-img", "convert", "-O", "raw", "--object", $"tls-creds-x509,id=tls,dir={_folder},endpoint=client,verify-peer=on,sanity-check=off",
        "--image-opts", $"driver=nbd,server.type=inet,server.host={Text("address")},server.port={Text("port")},export={Text("exportname")},tls-creds=tls,tls-hostname={Text("subject")}");

    // TLS is checked by qemu-img above; libnbd has no name to check but the address.
    public Task<byte[]> NbdCopyAsync() => RunAsync(
        "nbdcopy", $"nbds://{Text("address")}:{Text("port")}/{Uri.EscapeDataString(Text("exportname"))}?tls-certificates={_folder}");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string Text(string name) => _server[name]!.ToString();

    private async Task<byte[]> RunAsync(string program, params string[] arguments)
    {
        var target = Path.Combine(_folder, program + ".raw");
        var start = new ProcessStartInfo(program) { UseShellExecute = false, RedirectStandardError = true, RedirectStandardOutput = true };
        foreach (var argument in arguments.Append(target)) start.ArgumentList.Add(argument);
        using var process = Process.Start(start)!;
        var said = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, $"{program}: {said}");
        return await File.ReadAllBytesAsync(target);
    }

    private static async Task<JsonNode?> CallAsync(HttpClient http, Uri address, string method, params string[] arguments)
    {
        var body = new JsonObject { ["jsonrpc"] = "2.0", ["id"] = 1, ["method"] = method, ["params"] = new JsonArray([.. arguments.Select(argument => (JsonNode)argument)]) };
        using var answer = await http.PostAsync(address, new StringContent(body.ToJsonString(), System.Text.Encoding.UTF8, "application/json"));
        return JsonNode.Parse(await answer.Content.ReadAsStringAsync())!["result"];
    }
}
