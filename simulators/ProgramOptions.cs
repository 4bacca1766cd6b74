using System.Globalization;

namespace SnapshotWorkflows.Simulators;

/// <summary>The command line.</summary>
internal sealed record ProgramOptions
{
    public const string Usage = """
        SnapshotWorkflows.Simulators --state DIR [options]

          --state DIR           folder for endpoints.json, the array's blocks and the NFS export; made if missing
          --xenserver 8|7.1     version of both pools; 7.1 has the resigning SR type (default 8)
          --copy-rate BYTES     bytes a second that a host copies (default 419430400)
          --clone-time SECONDS  how long the array takes to clone a volume (default 2)
          --parent PID          stop when this process is gone

        Prints "ready <control address>" once everything listens on 127.0.0.1, and stops at SIGTERM or SIGINT.
        """;

    /// <summary>Absolute path.</summary>
    public required string StatePath { get; init; }

    public string XenServerVersion { get; init; } = "8";

    /// <summary>Bytes a second that one VDI.copy moves.</summary>
    public long CopyBytesPerSecond { get; init; } = 400L << 20;

    public TimeSpan CloneTime { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Process whose end ends this program too; null: none.</summary>
    public int? ParentProcess { get; init; }

    /// <exception cref="ArgumentException">An option is unknown, has no value, or has one that cannot be.</exception>
    public static ProgramOptions Parse(IReadOnlyList<string> arguments)
    {
        var options = new ProgramOptions { StatePath = "" };
        for (var i = 0; i < arguments.Count; i += 2)
        {
            if (i + 1 == arguments.Count) throw new ArgumentException($"{arguments[i]} needs a value.");
            options = options.With(arguments[i], arguments[i + 1]);
        }

        return options.StatePath.Length > 0 ? options : throw new ArgumentException("--state is required: the folder to run in.");
    }

    private ProgramOptions With(string name, string value) => name switch
    {
        "--state" => this with { StatePath = value.Length > 0 ? Path.GetFullPath(value) : throw new ArgumentException("--state needs a folder.") },
        "--xenserver" => this with { XenServerVersion = value is "8" or "7.1" ? value : throw new ArgumentException($"--xenserver is 8 or 7.1, not '{value}'.") },
        "--copy-rate" => this with { CopyBytesPerSecond = Whole(name, value, 1, long.MaxValue) },
        "--clone-time" => this with { CloneTime = TimeSpan.FromSeconds(Seconds(name, value)) },
        "--parent" => this with { ParentProcess = (int)Whole(name, value, 1, int.MaxValue) },
        _ => throw new ArgumentException($"'{name}' is no option of this program."),
    };

    private static long Whole(string name, string value, long from, long to) =>
        long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= from && number <= to
            ? number
            : throw new ArgumentException($"{name} needs a whole number from {from} to {to}, not '{value}'.");

    private static double Seconds(string name, string value) =>
        double.TryParse(value, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds) && seconds <= 86_400
            ? seconds
            : throw new ArgumentException($"{name} needs seconds from 0 to 86400, not '{value}'.");
}
