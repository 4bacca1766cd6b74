using System.Globalization;

namespace SnapshotWorkflows.Bench.Engine;

/// <summary>What a server and its children use, as /proc tells (proc(5): stat, smaps_rollup).</summary>
internal static class ProcessTree
{
    /// <summary>USER_HZ, which is 100 on every Linux that .NET runs on.</summary>
    private const double TicksPerSecond = 100;

    public static DatabaseUse Use(int server)
    {
        // The server's own line counts children that have ended.
        var (_, own) = Stat(server) ?? (0, 0);
        var (ticks, memory) = (own, Memory(server));
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(folder), CultureInfo.InvariantCulture, out var id) || Stat(id) is not { } stat || stat.Parent != server)
                continue;
            ticks += stat.Ticks;
            memory += Memory(id);
        }
        return new DatabaseUse(TimeSpan.FromSeconds(ticks / TicksPerSecond), memory);
    }

    private static (int Parent, long Ticks)? Stat(int process)
    {
        if (TryRead($"/proc/{process}/stat") is not { } line)
            return null;
        // The name in brackets may hold anything; after it come state, parent, ... and, from the 12th on, utime, stime, cutime, cstime.
        var fields = line[(line.LastIndexOf(')') + 2)..].Split(' ');
        return (int.Parse(fields[1], CultureInfo.InvariantCulture), fields[11..15].Sum(field => long.Parse(field, CultureInfo.InvariantCulture)));
    }

    private static long Memory(int process)
    {
        var line = TryRead($"/proc/{process}/smaps_rollup")?.Split('\n').FirstOrDefault(one => one.StartsWith("Pss:", StringComparison.Ordinal));
        return line is null ? 0 : 1024 * long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
    }

    private static string? TryRead(FormattableString path)
    {
        try
        {
            return File.ReadAllText(FormattableString.Invariant(path));
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return null; // it has ended in the meantime, or belongs to somebody else
        }
    }
}
