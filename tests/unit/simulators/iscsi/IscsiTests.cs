using System.Diagnostics;
using System.Globalization;
using SnapshotWorkflows.Simulators.Iscsi;
using SnapshotWorkflows.Simulators.SolidFire;
using SnapshotWorkflows.Tests.Unit.Simulators.SolidFire;

namespace SnapshotWorkflows.Tests.Unit.Simulators.Iscsi;

/// <summary>The portal as initiators of others meet it: libiscsi's tools and qemu-img.</summary>
public sealed class IscsiTests : IAsyncDisposable
{
    private const string Stranger = "iqn.2026-01.test:stranger";

    private readonly SolidFire.Array _array = new(new SolidFireOptions { CloneTime = TimeSpan.Zero });
    private readonly IscsiPortal _portal;

    public IscsiTests() => _portal = IscsiPortal.Start(_array.Simulator, 0);

    public async ValueTask DisposeAsync()
    {
        await _portal.DisposeAsync();
        _array.Dispose();
    }

    [Fact]
    public async Task An_initiator_of_the_group_sees_the_group_and_a_stranger_sees_nothing()
    {
        var volume = await _array.CreateVolume("data");
        await _array.GroupWithHost(volume);
        var (_, listed) = await RunAsync("iscsi-ls", "-i", SolidFire.Array.HostIqn, "-s", $"iscsi://{_portal.Address}");
        Assert.Contains(_array.Iqn(volume), listed, StringComparison.Ordinal);
        Assert.Contains("Size:953M", listed, StringComparison.Ordinal);
        Assert.DoesNotContain("iqn.2010", (await RunAsync("iscsi-ls", "-i", Stranger, $"iscsi://{_portal.Address}")).Output, StringComparison.Ordinal);
        var (code, _) = await RunAsync("iscsi-readcapacity16", "-i", Stranger, Url(volume));
        Assert.NotEqual(0, code);
    }

    [Fact]
    public async Task Chap_opens_the_volumes_of_the_account_and_a_wrong_secret_opens_nothing()
    {
        var volume = await _array.CreateVolume("data");
        var account = (await _array.Call("GetAccountByName", new() { ["username"] = "tenant" }))["account"]!;
        var secret = (string)account["initiatorSecret"]!;
        var (code, output) = await RunAsync("iscsi-readcapacity16", "-i", Stranger, Url(volume, $"tenant%{secret}"));
        Assert.True(code == 0, output);
        Assert.NotEqual(0, (await RunAsync("iscsi-readcapacity16", "-i", Stranger, Url(volume, "tenant%wrongsecret12"))).Code);
        await _array.Call("ModifyAccount", new() { ["accountID"] = _array.AccountId, ["enableChap"] = false });
        Assert.NotEqual(0, (await RunAsync("iscsi-readcapacity16", "-i", Stranger, Url(volume, $"tenant%{secret}"))).Code);
    }

    [Theory]
    [InlineData("5", false, "MD5", "one-way")]
    [InlineData("7,5", true, "SHA-256", "two-way")]
    [InlineData("6", true, "SHA1", "two-way")]
    public async Task A_session_tells_how_its_initiator_proved_itself(string offered, bool mutual, string algorithm, string direction)
    {
        var volume = await _array.CreateVolume("data");
        var secret = (string)(await _array.Call("GetAccountByName", new() { ["username"] = "tenant" }))["account"]!["initiatorSecret"]!;
        using var session = ChapInitiator.LogIn(_array.Simulator, Stranger, _array.Iqn(volume), "tenant", secret, offered, mutual);
        var told = (await _array.Call("ListISCSISessions"))["sessions"]![0]!["authentication"]!;
        Assert.Equal(("CHAP", algorithm, "tenant", direction), ((string?)told["authMethod"], (string?)told["chapAlgorithm"], (string?)told["chapUsername"], (string?)told["direction"]));
    }

    [Fact]
    public async Task The_unit_says_who_it_is()
    {
        var volume = await _array.CreateVolume("data");
        await _array.GroupWithHost(volume);
        var described = (await _array.Call("ListVolumes"))["volumes"]![0]!;
        var (_, standard) = await RunAsync("iscsi-inq", "-i", SolidFire.Array.HostIqn, Url(volume));
        Assert.Contains("SolidFir", standard, StringComparison.Ordinal);
        var (_, serial) = await RunAsync("iscsi-inq", "-i", SolidFire.Array.HostIqn, "-e", "1", "-c", "128", Url(volume));
        Assert.Contains((string)described["scsiEUIDeviceID"]!, serial, StringComparison.Ordinal);
        var (code, pages) = await RunAsync("iscsi-inq", "-i", SolidFire.Array.HostIqn, "-e", "1", "-c", "131", Url(volume));
        Assert.True(code == 0, pages);
        Assert.Contains("NAA", pages, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Qemu_writes_a_volume_and_reads_its_clone_with_the_same_bytes()
    {
        var folder = Directory.CreateTempSubdirectory("iscsi-");
        try
        {
            var volume = await _array.CreateVolume("data");
            await _array.GroupWithHost(volume);
            var image = new byte[24 << 20];
            new Random(3).NextBytes(image.AsSpan(0, 5 << 20));
            new Random(4).NextBytes(image.AsSpan(17 << 20, (1 << 20) + 512));
            var written = Path.Combine(folder.FullName, "in.raw");
            await File.WriteAllBytesAsync(written, image);
            await OkAsync("qemu-img", "convert", "-n", "-f", "raw", "-O", "raw", written, Target(volume));
            Assert.InRange(_array.Store.AllocatedBlocks * _array.Store.BlockSize, 6 << 20, 8 << 20);

            var clone = (long)(await _array.Clone(volume, await _array.CreateSnapshot(volume)))["volumeID"]!;
            await OkAsync("qemu-img", "convert", "-n", "-f", "raw", "-O", "raw", written, Target(volume));
            await _array.Call("AddVolumesToVolumeAccessGroup", new() { ["volumeAccessGroupID"] = 1, ["volumes"] = new System.Text.Json.Nodes.JsonArray(clone) });
            var read = Path.Combine(folder.FullName, "out.raw");
            await OkAsync("qemu-img", "convert", "-f", "raw", "-O", "raw", Target(clone), read);
            var bytes = await File.ReadAllBytesAsync(read);
            Assert.Equal(1_000_341_504, bytes.Length);
            Assert.True(bytes.AsSpan(0, image.Length).SequenceEqual(image));
            Assert.False(bytes.AsSpan(image.Length).ContainsAnyExcept((byte)0));
            // And the same through the storage network inside the world, which is what the simulated hosts read.
            using var session = _array.Simulator.Login(SolidFire.Array.HostIqn, _array.Iqn(clone))!;
            var inside = new byte[image.Length];
            session.Lun.Read(0, inside);
            Assert.Equal(image, inside);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task A_session_is_listed_while_it_lasts_and_cut_when_the_volume_leaves_the_group()
    {
        var volume = await _array.CreateVolume("data");
        var group = await _array.GroupWithHost(volume);
        var perf = Process.Start(new ProcessStartInfo("iscsi-perf", ["-i", SolidFire.Array.HostIqn, "-t", "30", Url(volume)]) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false })!;
        try
        {
            var session = await UntilAsync(async () => (await _array.Call("ListISCSISessions"))["sessions"]!.AsArray().FirstOrDefault());
            Assert.Equal((SolidFire.Array.HostIqn, volume), ((string?)session!["initiatorName"], (long)session["volumeID"]!));
            Assert.StartsWith("127.0.0.1:", (string?)session["initiatorIP"], StringComparison.Ordinal);
            await _array.Call("RemoveVolumesFromVolumeAccessGroup", new() { ["volumeAccessGroupID"] = group, ["volumes"] = new System.Text.Json.Nodes.JsonArray(volume) });
            Assert.Empty((await _array.Call("ListISCSISessions"))["sessions"]!.AsArray());
        }
        finally
        {
            perf.Kill();
            await perf.WaitForExitAsync();
            perf.Dispose();
        }
    }

    [Theory]
    [InlineData("ReadCapacity16.*")]
    [InlineData("Read10.*")]
    [InlineData("Read16.*")]
    [InlineData("Write16.Simple")]
    [InlineData("Write16.BeyondEol")]
    [InlineData("Inquiry.*")]
    [InlineData("ModeSense6.*")]
    [InlineData("Unmap.Simple")]
    public async Task Libiscsi_s_conformance_tests_pass(string test)
    {
        var volume = await _array.CreateVolume("data");
        await _array.GroupWithHost(volume);
        var (code, output) = await RunAsync("iscsi-test-cu", "--dataloss", "-i", SolidFire.Array.HostIqn, "-t", $"ALL.{test}", Url(volume));
        Assert.True(code == 0 && !output.Contains("FAILED", StringComparison.Ordinal), output);
        Assert.Contains("Tests completed", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nonsense_ends_its_own_connection_and_nothing_else()
    {
        var volume = await _array.CreateVolume("data");
        await _array.GroupWithHost(volume);
        for (var seed = 0; seed < 200; seed++)
        {
            var random = new Random(seed);
            using var client = new System.Net.Sockets.TcpClient();
            await client.ConnectAsync(System.Net.IPEndPoint.Parse(_portal.Address));
            var bytes = new byte[random.Next(1, 400)];
            random.NextBytes(bytes);
            if (seed % 2 == 0)
            {
                // Begins like a login: opcode, one stage to the next, no more data than there is.
                byte[] login = [0x43, 0x87, 0, 0, 0, 0, (byte)(bytes.Length >> 8), (byte)bytes.Length, .. new byte[40], .. System.Text.Encoding.ASCII.GetBytes("InitiatorName=a\0SessionType=Discovery\0")];
                bytes = [.. login, .. bytes];
            }

            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(10));
            try
            {
                await client.GetStream().WriteAsync(bytes, patience.Token);
                client.Client.Shutdown(System.Net.Sockets.SocketShutdown.Send);
                while (await client.GetStream().ReadAsync(new byte[4096], patience.Token) > 0)
                {
                    // Until the target has ended the connection.
                }
            }
            catch (Exception ended) when (ended is IOException or InvalidOperationException or System.Net.Sockets.SocketException)
            {
                // A reset is an end too.
            }
        }

        var (code, output) = await RunAsync("iscsi-readcapacity16", "-i", SolidFire.Array.HostIqn, Url(volume));
        Assert.True(code == 0, output);
    }

    private string Url(long volume, string? credentials = null) =>
        $"iscsi://{(credentials is null ? "" : credentials + "@")}{_portal.Address}/{_array.Iqn(volume)}/0";

    private string Target(long volume) =>
        $"json:{{\"driver\":\"raw\",\"file\":{{\"driver\":\"iscsi\",\"transport\":\"tcp\",\"portal\":\"{_portal.Address}\",\"target\":\"{_array.Iqn(volume)}\",\"lun\":0,\"initiator-name\":\"{SolidFire.Array.HostIqn}\"}}}}"
            .ToString(CultureInfo.InvariantCulture);

    /// <summary>Real time: it waits for what a foreign process does.</summary>
    private static async Task<T?> UntilAsync<T>(Func<Task<T?>> look)
        where T : class
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        T? found;
        while ((found = await look()) is null)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, patience.Token);
        }

        return found;
    }

    private static async Task OkAsync(string program, params string[] arguments)
    {
        var (code, output) = await RunAsync(program, arguments);
        Assert.True(code == 0, $"{program} ended with {code}: {output}");
    }

    private static async Task<(int Code, string Output)> RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false })!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        try
        {
            await process.WaitForExitAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            return (-1, $"{program} did not end: {await output}{await error}");
        }

        return (process.ExitCode, await output + await error);
    }
}
