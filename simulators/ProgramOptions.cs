using System.Globalization;
using SnapshotWorkflows.Simulators.SolidFire;
using SnapshotWorkflows.Simulators.XenServer;

namespace SnapshotWorkflows.Simulators;

/// <summary>The command line.</summary>
internal sealed record ProgramOptions
{
    public const string Usage = """
        SnapshotWorkflows.Simulators --data DIR [options]

          --data DIR                 folder of everything that is kept over restarts; made if missing
          --solidfire PORT           port of the array's management address
          --xenserver PORT           port of production's hosts, on 127.0.0.1 and 127.0.0.2; backup's hosts take the next port
          --cloudstack PORT          port of the management server
          --arrays 1|2               how many arrays there are (default 1); the second listens on a port of the system's choice
          --iscsi [PORT]             serves the array's volumes over iSCSI, with CHAP and access groups
          --faults FILE              plans the faults of a JSON file, an array of what POST /faults takes
          --seed N                   makes the identities of a new world repeatable
          --solidfire-version V      newest API version of the array, 1.0 to 12.8 (default 12.5)
          --xenserver-version V      version of both pools: 7.1 (has the resigning SR type), 7.6, 8.0, 8.1, 8.2, 8 or 9 (default 8)
          --copy-rate BYTES          bytes a second that a host copies (default 419430400)
          --clone-time SECONDS       how long the array takes to clone a volume (default 2)
          --sr-time SECONDS          how long an operation keeps an SR busy; others wait for it (default 0)
          --forget                   keeps nothing over restarts and begins anew in an empty folder, so that thousands of volumes cost no more than a few
          --parent PID               stop when this process is gone

        A port that is not given, or 0, is of the system's choice. Everything listens on the loopback. Prints "ready {...}" once it does: the
        addresses and, as "credentials", the file that tells how to log in. Stops at SIGTERM or SIGINT: code 0, or 3 when a planned fault
        did not show as often as planned. Code 1: the folder cannot be used; 2: a wrong option.
        """;

    /// <summary>Absolute path.</summary>
    public required string DataPath { get; init; }

    public int SolidFirePort { get; init; }

    /// <summary>There are two arrays.</summary>
    public bool TwoArrays { get; init; }

    public int XenServerPort { get; init; }

    public int CloudStackPort { get; init; }

    /// <summary>0: of the system's choice; null: no iSCSI.</summary>
    public int? IscsiPort { get; init; }

    /// <summary>Absolute path; null: no faults.</summary>
    public string? FaultsPath { get; init; }

    public int? Seed { get; init; }

    public string SolidFireVersion { get; init; } = "12.5";

    public string XenServerVersion { get; init; } = "8";

    /// <summary>Bytes a second that one VDI.copy moves.</summary>
    public long CopyBytesPerSecond { get; init; } = 400L << 20;

    public TimeSpan CloneTime { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How long an operation keeps an SR busy.</summary>
    public TimeSpan SrTime { get; init; }

    /// <summary>Nothing is kept over restarts.</summary>
    public bool Forgets { get; init; }

    /// <summary>Process whose end ends this program too; null: none.</summary>
    public int? ParentProcess { get; init; }

    /// <exception cref="ArgumentException">An option is unknown, has no value, or has one that cannot be.</exception>
    public static ProgramOptions Parse(IReadOnlyList<string> arguments)
    {
        var options = new ProgramOptions { DataPath = "" };
        for (var i = 0; i < arguments.Count; i++)
        {
            var (name, next) = (arguments[i], i + 1 < arguments.Count ? arguments[i + 1] : null);
            if (name == "--forget")
            {
                options = options with { Forgets = true };
                continue;
            }

            if (name == "--iscsi" && next?.StartsWith('-') != false)
            {
                options = options with { IscsiPort = 0 };
                continue;
            }

            options = options.With(name, next ?? throw new ArgumentException($"{name} needs a value."));
            i++;
        }

        return options.DataPath.Length > 0 ? options : throw new ArgumentException("--data is required: the folder to run in.");
    }

    private ProgramOptions With(string name, string value) => name switch
    {
        "--data" => this with { DataPath = value.Length > 0 ? Path.GetFullPath(value) : throw new ArgumentException("--data needs a folder.") },
        "--solidfire" => this with { SolidFirePort = Port(name, value, 65_535) },
        "--arrays" => this with { TwoArrays = Whole(name, value, 1, 2) == 2 },
        "--xenserver" => this with { XenServerPort = Port(name, value, 65_534) },
        "--cloudstack" => this with { CloudStackPort = Port(name, value, 65_535) },
        "--iscsi" => this with { IscsiPort = Port(name, value, 65_535) },
        "--faults" => this with { FaultsPath = File.Exists(value) ? Path.GetFullPath(value) : throw new ArgumentException($"--faults names '{value}', which is no file.") },
        "--seed" => this with { Seed = (int)Whole(name, value, 0, 1_000_000_000) },
        "--solidfire-version" => this with { SolidFireVersion = SolidFireOptions.KnownVersions.Contains(value) ? value : throw new ArgumentException($"--solidfire-version is one of {string.Join(", ", SolidFireOptions.KnownVersions)}, not '{value}'.") },
        "--xenserver-version" => this with { XenServerVersion = XenServerOptions.KnownVersions.Contains(value) ? value : throw new ArgumentException($"--xenserver-version is one of {string.Join(", ", XenServerOptions.KnownVersions)}, not '{value}'.") },
        "--copy-rate" => this with { CopyBytesPerSecond = Whole(name, value, 1, long.MaxValue) },
        "--clone-time" => this with { CloneTime = TimeSpan.FromSeconds(Seconds(name, value)) },
        "--sr-time" => this with { SrTime = TimeSpan.FromSeconds(Seconds(name, value)) },
        "--parent" => this with { ParentProcess = (int)Whole(name, value, 1, int.MaxValue) },
        _ => throw new ArgumentException($"'{name}' is no option of this program."),
    };

    private static int Port(string name, string value, int most) => (int)Whole(name, value, 0, most);

    private static long Whole(string name, string value, long from, long to) =>
        long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= from && number <= to
            ? number
            : throw new ArgumentException($"{name} needs a whole number from {from} to {to}, not '{value}'.");

    private static double Seconds(string name, string value) =>
        double.TryParse(value, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds) && seconds <= 86_400
            ? seconds
            : throw new ArgumentException($"{name} needs seconds from 0 to 86400, not '{value}'.");
}
