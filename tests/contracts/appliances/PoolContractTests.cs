using SnapshotWorkflows.XenServer;

namespace SnapshotWorkflows.Tests.Contracts.Appliances;

/// <summary>What the product relies on, on a simulated pool of each version or, by setting, on a real one.</summary>
public sealed class PoolContractTests
{
    private const string Label = "swf-contract";
    private const long DiskBytes = 6 << 20;

    [Theory]
    [InlineData("7.1")]
    [InlineData("7.6")]
    [InlineData("8.2")]
    [InlineData("8")]
    public async Task A_disk_lives_and_leaves_nothing_behind(string version)
    {
        await using var under = await PoolUnderTest.OpenAsync(version);
        var pool = under.Client;
        var check = await pool.CheckAsync(default);
        Assert.NotNull(check.Version);
        var host = check.Hosts.First(found => found is { Enabled: true, Live: true });
        var content = new byte[DiskBytes];
        new Random(3).NextBytes(content.AsSpan(0, 900_000));

        var sr = await pool.Srs.CreateAsync(host.Ref, under.Nfs, 0, Label, "", "nfs", "user", shared: false, default);
        try
        {
            var vdi = await pool.Vdis.CreateAsync(new() { Sr = sr, NameLabel = Label, VirtualBytes = DiskBytes, OtherConfig = new Dictionary<string, string> { ["swf"] = Label } }, default);
            await pool.ImportVdiAsync(vdi, VdiExportFormat.Raw, new MemoryStream(content), DiskBytes, default);
            Assert.Equal(content, await ExportAsync(pool, vdi));
            await PatientlyAsync(() => pool.Vdis.SnapshotAsync(vdi, default));
            var snapshot = Assert.Single(await pool.Vdis.ListAsync(sr, default), row => row.IsASnapshot);
            Assert.Equal(vdi, snapshot.SnapshotOf);
            var copy = await pool.Vdis.CreateAsync(new() { Sr = sr, NameLabel = Label, VirtualBytes = DiskBytes }, default);
            var task = await PatientlyAsync(() => pool.Vdis.StartCopyAsync(snapshot.Ref, sr, copy, default));
            var ended = await pool.Tasks.WaitAsync(task, default);
            Assert.Null(ended.FindFailure());
            Assert.Equal(content, await ExportAsync(pool, copy));
            await ReadOverNbdAsync(pool, copy, content);
            Assert.Equal(Label, (await pool.Vdis.ListAllAsync(default)).Single(row => row.Ref == vdi).OtherConfig["swf"]);
        }
        finally
        {
            await CleanAsync(pool, sr);
        }
        Assert.Null(await pool.Srs.FindAsync(sr, default));
    }

    private static async Task ReadOverNbdAsync(XenServerClient pool, OpaqueRef vdi, byte[] content)
    {
        try
        {
            await using var reader = await pool.OpenVdiNbdAsync(vdi, default);
            var bytes = new byte[DiskBytes];
            await reader.ReadAsync(0, bytes, default);
            Assert.Equal(content, bytes);
        }
        catch (XenApiException fault) when (fault.Code == XenApiErrors.NbdUnavailable)
        {
            // Older than NBD, or no network is allowed to carry it.
        }
    }

    private static async Task CleanAsync(XenServerClient pool, OpaqueRef sr)
    {
        foreach (var vdi in (await pool.Vdis.ListAsync(sr, default)).OrderBy(row => row.IsASnapshot))
            await PatientlyAsync(async () =>
            {
                await pool.Vdis.DestroyAsync(vdi.Ref, default);
                return true;
            });
        foreach (var pbd in await pool.Pbds.ListAsync(sr, default))
        {
            await PatientlyAsync(async () =>
            {
                await pool.Pbds.UnplugAsync(pbd.Ref, default);
                return true;
            });
            await pool.Pbds.DestroyAsync(pbd.Ref, default);
        }
        await pool.Srs.ForgetAsync(sr, default);
    }

    private static Task<byte[]> ExportAsync(XenServerClient pool, OpaqueRef vdi) => PatientlyAsync(async () =>
    {
        await using var export = await pool.OpenVdiExportAsync(vdi, VdiExportFormat.Raw, default);
        using var all = new MemoryStream();
        await export.CopyToAsync(all);
        return all.ToArray();
    });

    /// <summary>Real time: the control domain keeps a disk for a moment after it was read or written, and nothing tells of its end, as on a real host.</summary>
    private static async Task<T> PatientlyAsync<T>(Func<Task<T>> act)
    {
        for (var tries = 0; ; tries++)
        {
            try
            {
                return await act();
            }
            catch (XenApiException fault) when (fault.Kind == XenApiErrorKind.Transient && tries < 200)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System);
            }
        }
    }
}
