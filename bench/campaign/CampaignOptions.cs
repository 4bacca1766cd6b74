using System.Globalization;

namespace SnapshotWorkflows.Bench.Campaign;

/// <summary>What <c>bench campaign</c> was asked for.</summary>
internal sealed record CampaignOptions
{
    public IReadOnlyList<int> Seeds { get; init; } = [1, 2, 3];

    public int Volumes { get; init; } = 500;

    /// <summary>Size of each volume's disk; sparse.</summary>
    public long DiskBytes { get; init; } = 1L << 30;

    /// <summary>Bytes of each disk that no other disk holds.</summary>
    public long DataBytes { get; init; } = 64L << 20;

    /// <summary>How many copies run at once.</summary>
    public int AtOnce { get; init; } = 20;

    /// <summary>The app is killed so long after its start, again and again.</summary>
    public TimeSpan KillEvery { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Share of all appliance calls that are hit; 0 for none.</summary>
    public double Faults { get; init; } = 0.05;

    public string Quiesce { get; init; } = "hook";

    public string Format { get; init; } = "vhd";

    /// <summary>Where everything lies; a folder of its own below it is made and removed.</summary>
    public string Folder { get; init; } = Path.Combine(Path.GetTempPath(), "swf-campaign");

    public bool Keep { get; init; }

    /// <summary>Folder of an app that was published, compiled ahead perhaps; null: that of the same build.</summary>
    public string? App { get; init; }

    /// <summary>No seed may take longer.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromMinutes(60);

    /// <summary>The data in copies, and what guests write. The array keeps of the generated data next to nothing.</summary>
    public long DiskNeeded => Volumes * DataBytes * 21 / 20 + (4L << 30);

    /// <exception cref="ArgumentException">An option is unknown or has a value that cannot be.</exception>
    public static CampaignOptions Parse(IReadOnlyList<string> arguments)
    {
        var options = new CampaignOptions();
        for (var i = 0; i < arguments.Count; i++)
        {
            var name = arguments[i];
            if (name == "--keep")
            {
                options = options with { Keep = true };
                continue;
            }

            var value = i + 1 < arguments.Count ? arguments[++i] : throw new ArgumentException($"{name} needs a value.");
            options = name switch
            {
                "--seeds" => options with { Seeds = [.. value.Split(',').Select(seed => int.Parse(seed, CultureInfo.InvariantCulture))] },
                "--volumes" => options with { Volumes = Number(name, value, 1, 10_000) },
                "--data" => options with { DataBytes = Number(name, value, 2, 1000) is var mebibytes && mebibytes % 2 == 0 ? (long)mebibytes << 20 : throw new ArgumentException("--data is an even number of MiB.") },
                "--at-once" => options with { AtOnce = Number(name, value, 1, 64) },
                "--kill-every" => options with { KillEvery = TimeSpan.FromSeconds(Number(name, value, 3, 3600)) },
                "--faults" => options with { Faults = double.Parse(value, CultureInfo.InvariantCulture) is >= 0 and <= 0.5 and var share ? share : throw new ArgumentException("--faults is a share from 0 to 0.5.") },
                "--quiesce" when value is "none" or "hook" => options with { Quiesce = value },
                "--format" when value is "vhd" or "chunks" => options with { Format = value },
                "--app" => options with { App = Path.GetFullPath(value) },
                "--folder" => options with { Folder = Path.GetFullPath(value) },
                "--minutes" => options with { Patience = TimeSpan.FromMinutes(Number(name, value, 1, 600)) },
                _ => throw new ArgumentException($"{name} {value} is no option."),
            };
        }

        return options;
    }

    private static int Number(string name, string value, int from, int to) =>
        int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= from && number <= to ? number : throw new ArgumentException($"{name} is from {from} to {to}.");
}
