using SnapshotWorkflows.Lab;
using SnapshotWorkflows.Lab.Image;
using SnapshotWorkflows.Lab.Scenario;

namespace SnapshotWorkflows.Tests.E2e;

/// <summary>A small world for a test: a run's folder of its own, and one disk image that all tests share.</summary>
internal static class TestRun
{
    public const long DiskBytes = 64L << 20;

    /// <summary>Decides the moments of kills; E2E_SEED sets another.</summary>
    public static int Seed { get; } = int.TryParse(Environment.GetEnvironmentVariable("E2E_SEED"), out var seed) ? seed : 7;

    private static readonly string Root = Path.Combine(AppContext.BaseDirectory, "e2e-state");
    private static readonly SemaphoreSlim ImageGate = new(1, 1);

    public static string ImagePath => Path.Combine(Directory.CreateDirectory(RunFolder.Images(Root)).FullName, "disk-64-mib.img");

    public static async Task<ImageManifest> ImageAsync(CancellationToken cancellation)
    {
        await ImageGate.WaitAsync(cancellation);
        try
        {
            return await DiskImage.EnsureAsync(ImagePath, DiskBytes, seed: 1, cancellation);
        }
        finally
        {
            ImageGate.Release();
        }
    }

    public static RunFolder NewFolder(string name) => RunFolder.Create(Path.Combine(Root, name + "-" + Guid.NewGuid().ToString("N")[..8]));

    /// <summary>Runs the whole job as <c>./run</c> does, on a small disk, with every check that it makes.</summary>
    public static async Task<Outcome> RunAsync(RunOptions options, CancellationToken cancellation)
    {
        options = options with { DiskBytes = DiskBytes };
        var image = await ImageAsync(cancellation);
        await using var folder = NewFolder("run");
        Outcome outcome;
        await using (var world = await LabWorld.StartAsync(folder, options, options.CopyRate, cancellation))
        {
            outcome = await new SnapshotScenario(world, options, Screen.Silent).RunAsync(image, ImagePath, cancellation);
            if (options.Restore) await new RestoreScenario(world, options, Screen.Silent).RunAsync(outcome, ImagePath, cancellation);
            await NoSecretsAsync(world, cancellation);
        }

        // What failed is left for a person to look at; what went well is not.
        Remove(folder);
        return outcome;
    }

    /// <summary>The same for the group of a machine with two disks.</summary>
    public static async Task RunGroupAsync(RunOptions options, CancellationToken cancellation)
    {
        options = options with { DiskBytes = DiskBytes };
        var image = await ImageAsync(cancellation);
        await using var folder = NewFolder("group");
        await using (var world = await LabWorld.StartAsync(folder, options, options.CopyRate, cancellation))
        {
            await new GroupScenario(world, options, Screen.Silent).RunAsync(image, ImagePath, cancellation);
            await NoSecretsAsync(world, cancellation);
        }

        Remove(folder);
    }

    private static async Task NoSecretsAsync(LabWorld world, CancellationToken cancellation)
    {
        var endpoints = world.Simulators.Endpoints;
        string[] secrets =
        [
            endpoints.Solidfire.Password, .. endpoints.Xenserver.Select(pool => pool.Password), endpoints.Cloudstack.SecretKey, endpoints.Hook.Token, world.App.Api.Key!, .. world.ChunkKey is { } key ? [Convert.ToBase64String(key), Convert.ToHexStringLower(key)] : Array.Empty<string>(), .. world.Blobs is { } blobs ? [blobs.Secret] : Array.Empty<string>(),
        ];
        foreach (var log in world.Logs)
        {
            var text = await File.ReadAllTextAsync(log, cancellation);
            Assert.All(secrets, secret => Assert.False(text.Contains(secret, StringComparison.Ordinal), $"{Path.GetFileName(log)} holds a secret"));
        }
    }

    public static void Remove(RunFolder folder) => Directory.Delete(Path.GetDirectoryName(folder.Path)!, recursive: true);
}
