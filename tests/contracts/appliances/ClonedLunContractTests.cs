using System.Diagnostics;
using SnapshotWorkflows.Simulators.Iscsi;
using SnapshotWorkflows.SolidFire;
using SnapshotWorkflows.Tests.Unit.Simulators.Program;
using SnapshotWorkflows.XenServer;

namespace SnapshotWorkflows.Tests.Contracts.Appliances;

/// <summary>One clone, read by those who know nothing of one another: qemu-img over iSCSI, our client's NBD reader, its export.</summary>
public sealed class ClonedLunContractTests
{
    private const int DiskBytes = 12 << 20;

    [Fact]
    public async Task Qemu_img_reads_from_a_clone_s_lun_what_our_client_reads_from_its_disk()
    {
        var content = new byte[DiskBytes];
        new Random(21).NextBytes(content.AsSpan(0, 3_000_000));
        new Random(22).NextBytes(content.AsSpan(9_000_000));
        await using var world = await Appliances.StartAsync();
        await using var portal = IscsiPortal.Start(world.Array, 0);
        var source = world.MakeVolume(content, DiskBytes);
        var snapshot = await world.ArrayClient.CreateSnapshotAsync(source.VolumeId, "swf-lun-snap", TimeSpan.FromHours(1), [], default);
        // What is written after the snapshot is on neither.
        world.Pools["production"].World.WriteVdi(source.VdiUuid, 0, new byte[65536]);
        var started = await SolidFireContractTests.CloneAsync(world.ArrayClient, source.VolumeId, snapshot.SnapshotId);
        await SolidFireContractTests.DoneAsync(world.ArrayClient, started.AsyncHandle);
        await world.ArrayClient.AddVolumesToVolumeAccessGroupAsync(world.Groups["backup"], [started.VolumeId], default);
        var clone = (await world.ArrayClient.FindVolumeAsync(started.VolumeId, default))!;

        var pool = world.PoolClients["backup"];
        var host = (await pool.Pool.ListHostsAsync(default))[0];
        var sr = await pool.Srs.IntroduceAsync(source.SrUuid, "swf-lun", "swf-lun", SrCalls.LvmOverIscsi, "user", shared: false, default);
        var lun = Assert.Single((await pool.Srs.ProbeAsync(host.Ref, Appliances.Device(clone.Iqn), SrCalls.LvmOverIscsi, default)).LunList!);
        await pool.Pbds.PlugAsync(await pool.Pbds.CreateAsync(host.Ref, sr, Appliances.Device(clone.Iqn, lun.ScsiId), default), default);
        await pool.Srs.ScanAsync(sr, default);
        var vdi = Assert.Single(await pool.Vdis.ListAsync(sr, default));

        var byQemu = await QemuAsync(portal.Address, clone.Iqn, world.Pools["backup"].Hosts[1].InitiatorIqn);
        var byNbd = new byte[DiskBytes];
        await using (var reader = await pool.OpenVdiNbdAsync(vdi.Ref, default)) await reader.ReadAsync(0, byNbd, default);
        using var byExport = new MemoryStream();
        await using (var export = await pool.OpenVdiExportAsync(vdi.Ref, VdiExportFormat.Raw, default)) await export.CopyToAsync(byExport);
        Assert.True(byQemu.AsSpan().SequenceEqual(content));
        Assert.True(byNbd.AsSpan().SequenceEqual(byQemu));
        Assert.True(byExport.ToArray().AsSpan().SequenceEqual(byQemu));
    }

    /// <summary>The whole LUN through qemu's own initiator, and of it the only disk.</summary>
    private static async Task<byte[]> QemuAsync(string portal, string iqn, string initiator)
    {
        var folder = Directory.CreateTempSubdirectory("cloned-lun-");
        try
        {
            var file = Path.Combine(folder.FullName, "lun.raw");
            var target = $"json:{{\"driver\":\"raw\",\"file\":{{\"driver\":\"iscsi\",\"transport\":\"tcp\",\"portal\":\"{portal}\",\"target\":\"{iqn}\",\"lun\":0,\"initiator-name\":\"{initiator}\"}}}}";
            using var process = Process.Start(new ProcessStartInfo("qemu-img", ["convert", "-f", "raw", "-O", "raw", target, file]) { RedirectStandardError = true, UseShellExecute = false })!;
            var complained = await process.StandardError.ReadToEndAsync();
            await process.WaitForExitAsync();
            Assert.True(process.ExitCode == 0, complained);
            return MaterializedLun.DiskIn(file);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
