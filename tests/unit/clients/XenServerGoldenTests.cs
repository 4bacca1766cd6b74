using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json.Nodes;
using SnapshotWorkflows.XenServer;

namespace SnapshotWorkflows.Tests.Unit.Clients;

/// <summary>
/// What every call sends, held against a file that was checked against XenAPI's published arguments by hand. UPDATE_GOLDEN=1 rewrites it.
/// </summary>
public sealed class XenServerGoldenTests
{
    private static readonly OpaqueRef s_host = new("OpaqueRef:host");
    private static readonly OpaqueRef s_sr = new("OpaqueRef:sr");
    private static readonly OpaqueRef s_pbd = new("OpaqueRef:pbd");
    private static readonly OpaqueRef s_vdi = new("OpaqueRef:vdi");
    private static readonly OpaqueRef s_vm = new("OpaqueRef:vm");
    private static readonly OpaqueRef s_task = new("OpaqueRef:task");
    private static readonly Dictionary<string, string> s_device = new() { ["target"] = "10.0.0.1", ["targetIQN"] = "iqn.x", ["SCSIid"] = "36f47" };

    [Fact]
    public async Task Every_call_sends_what_XenAPI_takes()
    {
        var sent = new StringBuilder();
        foreach (var (name, call) in Calls())
        {
            var rig = new XenServerRig().LogIn();
            for (var i = 0; i < 3; i++) rig.Result("\"OpaqueRef:answer\"");
            // Some answers are of another shape; what was sent before that is what counts.
            _ = await Record.ExceptionAsync(() => call(rig.Client));
            foreach (var request in rig.Handler.Sent.Skip(sent.Length == 0 ? 0 : 1))
            {
                Assert.Equal(Encoding.UTF8.GetByteCount(request.Body), request.ContentLength);
                var body = JsonNode.Parse(request.Body)!.AsObject();
                Assert.Equal("2.0", body["jsonrpc"]!.GetValue<string>());
                body.Remove("id");
                sent.Append(name).Append(" -> ").Append(request.Address.AbsolutePath).Append(' ').Append(body.ToJsonString()).Append('\n');
            }
        }
        var text = sent.ToString().Replace(XenServerRig.Session, "SESSION", StringComparison.Ordinal).Replace(XenServerRig.Password, "PASSWORD", StringComparison.Ordinal);
        var file = File("xenserver-requests.txt");
        if (Environment.GetEnvironmentVariable("UPDATE_GOLDEN") == "1") await System.IO.File.WriteAllTextAsync(file, text);
        Assert.Equal(await System.IO.File.ReadAllTextAsync(file), text);
    }

    private static IEnumerable<(string Name, Func<XenServerClient, Task> Call)> Calls()
    {
        yield return ("Srs.Find", client => client.Srs.FindAsync("uuid", default));
        yield return ("Srs.List", client => client.Srs.ListAsync(default));
        yield return ("Srs.ListOfLabel", client => client.Srs.ListAsync("label", default));
        yield return ("Vdis.Find", client => client.Vdis.FindAsync("uuid", default));
        yield return ("Vdis.List", client => client.Vdis.ListAsync(s_sr, default));
        yield return ("Pbds.List", client => client.Pbds.ListAsync(s_sr, default));
        yield return ("Pool.ListHosts", client => client.Pool.ListHostsAsync(default));
        yield return ("Pool.FindHost", client => client.Pool.FindHostAsync("uuid", default));
        yield return ("Tasks.ListOfLabel", client => client.Tasks.ListAsync("label", default));
        yield return ("Srs.Probe", client => client.Srs.ProbeAsync(s_host, s_device, SrCalls.LvmOverIscsi, default));
        yield return ("Srs.Introduce", client => client.Srs.IntroduceAsync("uuid", "label", "description", "lvmoiscsi", "user", false, default));
        yield return ("Srs.Create", client => client.Srs.CreateAsync(s_host, s_device, 0, "label", "description", "nfs", "user", false, default));
        yield return ("Srs.Resign", client => client.Srs.ResignAsync(s_host, s_device, "label", default));
        yield return ("Srs.Scan", client => client.Srs.ScanAsync(s_sr, default));
        yield return ("Srs.Forget", client => client.Srs.ForgetAsync(s_sr, default));
        yield return ("Srs.SetOtherConfig", client => client.Srs.SetOtherConfigAsync(s_sr, new Dictionary<string, string> { ["key"] = "value" }, default));
        yield return ("Pbds.Create", client => client.Pbds.CreateAsync(s_host, s_sr, s_device, default));
        yield return ("Pbds.Plug", client => client.Pbds.PlugAsync(s_pbd, default));
        yield return ("Pbds.Unplug", client => client.Pbds.UnplugAsync(s_pbd, default));
        yield return ("Pbds.Destroy", client => client.Pbds.DestroyAsync(s_pbd, default));
        yield return ("Vdis.Create", client => client.Vdis.CreateAsync(new() { Sr = s_sr, NameLabel = "label", VirtualBytes = 4 << 20, OtherConfig = new Dictionary<string, string> { ["key"] = "value" } }, default));
        yield return ("Vdis.Destroy", client => client.Vdis.DestroyAsync(s_vdi, default));
        yield return ("Vdis.StartCopy", client => client.Vdis.StartCopyAsync(s_vdi, s_sr, new("OpaqueRef:into"), default));
        yield return ("Vdis.Snapshot", client => client.Vdis.SnapshotAsync(s_vdi, default));
        yield return ("Vdis.Clone", client => client.Vdis.CloneAsync(s_vdi, default));
        yield return ("Vdis.Resize", client => client.Vdis.ResizeAsync(s_vdi, 8 << 20, default));
        yield return ("Vdis.Forget", client => client.Vdis.ForgetAsync(s_vdi, default));
        yield return ("Vdis.EnableChangedBlocks", client => client.Vdis.EnableChangedBlocksAsync(s_vdi, default));
        yield return ("Vdis.DisableChangedBlocks", client => client.Vdis.DisableChangedBlocksAsync(s_vdi, default));
        yield return ("Vdis.DestroyData", client => client.Vdis.DestroyDataAsync(s_vdi, default));
        yield return ("Vdis.AddToOtherConfig", client => client.Vdis.AddToOtherConfigAsync(s_vdi, "key", "value", default));
        yield return ("Vdis.RemoveFromOtherConfig", client => client.Vdis.RemoveFromOtherConfigAsync(s_vdi, "key", default));
        yield return ("Vms.StartPause", client => client.Vms.StartPauseAsync(s_vm, default));
        yield return ("Vms.Unpause", client => client.Vms.UnpauseAsync(s_vm, default));
        yield return ("Vms.AddToOtherConfig", client => client.Vms.AddToOtherConfigAsync(s_vm, "key", "value", default));
        yield return ("Tasks.Create", client => client.Tasks.CreateAsync("label", "description", default));
        yield return ("Tasks.Cancel", client => client.Tasks.CancelAsync(s_task, default));
        yield return ("Tasks.EndCancelled", client => client.Tasks.EndCancelledAsync(s_task, default));
        yield return ("Tasks.Destroy", client => client.Tasks.DestroyAsync(s_task, default));
        yield return ("Tasks.SetOtherConfig", client => client.Tasks.SetOtherConfigAsync(s_task, new Dictionary<string, string> { ["key"] = "value" }, default));
    }

    private static string File(string name, [CallerFilePath] string here = "") => Path.Combine(Path.GetDirectoryName(here)!, "golden", name);
}
