using System.Globalization;

namespace SnapshotWorkflows.Bench.Campaign;

/// <summary>Processor time of a process that has not been waited for, user and system, without its children (proc(5): stat).</summary>
internal static class ProcessorTime
{
    /// <summary>USER_HZ, which is 100 on every Linux that .NET runs on.</summary>
    private const double TicksPerSecond = 100;

    /// <returns>Seconds; 0 for a process that is gone.</returns>
    public static double Of(int process)
    {
        try
        {
            var line = File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{process}/stat"));
            // The name in brackets may hold anything; after it come state, parent, ... and, 12th and 13th, utime and stime.
            var fields = line[(line.LastIndexOf(')') + 2)..].Split(' ');
            return fields[11..13].Sum(field => long.Parse(field, CultureInfo.InvariantCulture)) / TicksPerSecond;
        }
        catch (IOException)
        {
            return 0;
        }
    }
}
