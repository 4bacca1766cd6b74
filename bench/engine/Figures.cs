using System.Text.Json;

namespace SnapshotWorkflows.Bench.Engine;

/// <summary>One JSON line per figure on standard output; what is said about the way goes to standard error.</summary>
internal static class Figures
{
    public static void Write(string figure, double value, string unit, double floor) =>
        Console.Out.WriteLine(JsonSerializer.Serialize(new
        {
            figure,
            value = Math.Round(value, 3),
            unit,
            floor = Math.Round(floor, 3),
            ratio = Math.Round(value / floor, 2),
        }));

    public static void Note(FormattableString text) => Console.Error.WriteLine(FormattableString.Invariant(text));

    public static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return sorted[sorted.Length / 2];
    }
}
