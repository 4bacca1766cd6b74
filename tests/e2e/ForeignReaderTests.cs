using System.ComponentModel;
using System.Diagnostics;
using System.Security.Cryptography;
using SnapshotWorkflows.Lab.Scenario;

namespace SnapshotWorkflows.Tests.E2e;

/// <summary>A reader of VHD that nobody here has written must see the same disk. Skipped where it is not installed: a run needs the SDK alone.</summary>
[Collection(nameof(FirstWorld))]
public sealed class ForeignReaderTests(World world)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <remarks>qemu-img 7.2 takes the size of a disk whose creator it does not know from the rounded geometry; XenServer's copies (<c>tap</c>) it knows.</remarks>
    [Fact]
    public async Task Qemu_img_reads_the_same_disk_from_the_copy()
    {
        if (!await HasQemuImgAsync()) Assert.Skip("qemu-img is not installed.");
        var volume = await world.NewVolumeAsync();
        var answer = await world.PostAsync(volume);
        var status = await World.EndAsync(world.Api, answer["id"]!);
        Assert.Equal("BackedUp", status.State);
        var vhd = Path.Combine(world.Lab.Store, status.Location!);
        var ours = world.Lab.Folder.File("ours.img");
        var theirs = world.Lab.Folder.File("theirs.img");

        var hash = await Proof.RestoreAsync(vhd, ours, Cancellation);
        await QemuImgAsync("convert", "-f", "vpc", "-O", "raw", vhd, theirs);

        await using var disk = File.OpenRead(theirs);
        Assert.Equal(volume.VirtualSize, disk.Length);
        Assert.Equal(hash, Convert.ToHexStringLower(await SHA256.HashDataAsync(disk, Cancellation)));
    }

    private static async Task<bool> HasQemuImgAsync()
    {
        try
        {
            await QemuImgAsync("--version");
            return true;
        }
        catch (Win32Exception)
        {
            return false;
        }
    }

    private static async Task QemuImgAsync(params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo("qemu-img", arguments) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true })!;
        var output = process.StandardOutput.ReadToEndAsync(Cancellation);
        var error = await process.StandardError.ReadToEndAsync(Cancellation);
        await output;
        await process.WaitForExitAsync(Cancellation);
        Assert.True(process.ExitCode == 0, error);
    }
}
