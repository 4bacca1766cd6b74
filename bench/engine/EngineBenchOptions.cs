using System.Globalization;

namespace SnapshotWorkflows.Bench.Engine;

/// <param name="Parts">Of c1, c64, c512, fanout, recovery; empty for all.</param>
/// <param name="Instances">In flight when the process is killed.</param>
internal sealed record EngineBenchOptions(string Hub, int Rounds, double Seconds, string Folder, IReadOnlySet<string> Parts, int Instances)
{
    public TimeSpan Duration => TimeSpan.FromSeconds(Seconds);

    public bool Has(string part) => Parts.Count == 0 || Parts.Contains(part);

    /// <returns>Null after saying what is wrong.</returns>
    public static EngineBenchOptions? Parse(string[] arguments)
    {
        var options = new EngineBenchOptions("sqlite", 5, 2, Path.GetTempPath(), new HashSet<string>(StringComparer.Ordinal), 10_000);
        for (var index = 0; index < arguments.Length; index += 2)
        {
            var value = index + 1 < arguments.Length ? arguments[index + 1] : "";
            var next = arguments[index] switch
            {
                "--hub" when value is "sqlite" or "postgres" => options with { Hub = value },
                "--rounds" when int.TryParse(value, CultureInfo.InvariantCulture, out var rounds) && rounds > 0 => options with { Rounds = rounds },
                "--seconds" when double.TryParse(value, CultureInfo.InvariantCulture, out var seconds) && seconds > 0 => options with { Seconds = seconds },
                "--folder" when Directory.Exists(value) => options with { Folder = value },
                "--instances" when int.TryParse(value, CultureInfo.InvariantCulture, out var instances) && instances > 0 => options with { Instances = instances },
                "--parts" when value.Length > 0 => options with { Parts = value.Split(',').ToHashSet(StringComparer.Ordinal) },
                _ => null,
            };
            if (next is null)
            {
                Console.Error.WriteLine($"""
                    bench engine: '{arguments[index]} {value}' is not understood.
                    bench engine --hub sqlite|postgres [--rounds 5] [--seconds 2] [--parts c1,c64,c512,fanout,recovery] [--instances 10000] [--folder DIR]
                    """);
                return null;
            }
            options = next;
        }
        return options;
    }
}
