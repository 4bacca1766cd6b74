namespace SnapshotWorkflows.Lab;

/// <summary>What <c>./run</c> was asked for.</summary>
internal sealed record RunOptions
{
    public string Quiesce { get; init; } = "none";

    /// <summary>Version of the simulated hosts: <c>8</c> knows no relvmoiscsi, <c>7.1</c> does.</summary>
    public string XenServer { get; init; } = "8";

    /// <summary>How many arrays there are, 1 or 2.</summary>
    public int Arrays { get; init; } = 1;

    /// <summary>Copy into Azure Blob Storage (Azurite) rather than into the NFS folder.</summary>
    public bool Blob { get; init; }

    /// <summary>Who copies: <c>offload</c> (the hypervisor) or <c>stream</c> (the app); null lets the destination decide.</summary>
    public string? Copy { get; init; }

    /// <summary>How the data lies: <c>vhd</c> or <c>chunks</c>.</summary>
    public string Format { get; init; } = "vhd";

    /// <summary>Chunks are encrypted, with a key drawn for the run.</summary>
    public bool Encrypt { get; init; }

    /// <summary>The bytes come through the app.</summary>
    public bool Streams => Blob || Copy == "stream" || Format != "vhd";

    /// <summary>Restore the copy too: into a new volume, and into a detached one.</summary>
    public bool Restore { get; init; }

    /// <summary>Two volumes of one machine at one instant, in the place of one volume.</summary>
    public bool Group { get; init; }

    /// <summary>A policy that comes each minute, rather than one snapshot.</summary>
    public bool Policy { get; init; }

    /// <summary>A snapshot that CloudStack takes itself and tells of.</summary>
    public bool Webhook { get; init; }

    public bool Kill { get; init; }

    /// <summary>Decides the moments of the kills; printed, so that a run can be repeated.</summary>
    public int Seed { get; init; } = Random.Shared.Next(1, 100_000);

    public bool Keep { get; init; }

    public bool Clean { get; init; }

    /// <summary>Size of the sample volume.</summary>
    public long DiskBytes { get; init; } = 1L << 30;

    /// <summary>Bytes a second that the simulated hosts copy: fast enough to watch; slow enough, with kills, to be caught in the middle.</summary>
    public long CopyRate => DiskBytes / (Kill ? 16 : 8);

    public static RunOptions Parse(IReadOnlyList<string> args)
    {
        var options = new RunOptions();
        for (var i = 0; i < args.Count; i++)
        {
            options = args[i] switch
            {
                "--quiesce" => options with { Quiesce = OneOf("none", "hook") },
                "--xenserver" => options with { XenServer = OneOf("8", "7.1") },
                "--blob" => options with { Blob = true },
                "--chunks" => options with { Format = "chunks" },
                "--encrypt" => options with { Encrypt = true },
                "--copy" => options with { Copy = OneOf("offload", "stream") },
                "--restore" => options with { Restore = true },
                "--group" => options with { Group = true },
                "--arrays" => options with { Arrays = OneOf("1", "2") == "2" ? 2 : 1 },
                "--policy" => options with { Policy = true },
                "--webhook" => options with { Webhook = true },
                "--kill" => options with { Kill = true },
                "--seed" => options with { Seed = Number() },
                "--keep" => options with { Keep = true },
                "--clean" => options with { Clean = true },
                var other => throw new UsageException($"{other} is not an option."),
            };

            string Value() => i + 1 < args.Count ? args[++i] : throw new UsageException($"{args[i]} needs a value.");

            string OneOf(params string[] allowed)
            {
                var name = args[i];
                var value = Value();
                return allowed.Contains(value) ? value : throw new UsageException($"{name} is {string.Join(" or ", allowed)}, not {value}.");
            }

            int Number()
            {
                var name = args[i];
                var value = Value();
                return int.TryParse(value, out var number) && number >= 0 ? number : throw new UsageException($"{name} is a whole number from 0 on, not {value}.");
            }
        }

        if (options is { Blob: true, Copy: "offload" }) throw new UsageException("--copy offload cannot go with --blob: a hypervisor writes into no blob.");
        if (options is { Format: "chunks", Copy: "offload" }) throw new UsageException("--copy offload cannot go with --chunks: a hypervisor writes VHDs.");
        if (options is { Group: true, Restore: true }) throw new UsageException("--group does not go with --restore.");
        if (options is { Group: true, Format: "chunks" }) throw new UsageException("--group does not go with --chunks: its proof reads VHDs.");
        if (options is { Encrypt: true, Format: not "chunks" }) throw new UsageException("--encrypt goes with --chunks: a VHD is readable by anyone.");
        if ((options.Policy || options.Webhook) && (options.Keep || options.Blob || options.Format != "vhd" || options.Quiesce != "none" || (options.Policy && options.Webhook)))
            throw new UsageException("--policy and --webhook are runs of their own; they go with --kill, --seed, --xenserver and --clean only.");
        if (options.Arrays > 1 && (options.Kill || options.Keep || options.Blob || options.Restore || options.Group || options.Policy || options.Webhook || options.Streams || options.Quiesce != "none"))
            throw new UsageException("--arrays 2 is a run of its own; it goes with --xenserver and --clean only.");
        return options;
    }
}

/// <summary>The command line asks for something that there is not.</summary>
internal sealed class UsageException(string message) : Exception(message);
