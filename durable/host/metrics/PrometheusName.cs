using System.Diagnostics.Metrics;

namespace SnapshotWorkflows.Durable.Host.Metrics;

/// <summary>Names as OpenTelemetry's rules for Prometheus make them: dots become underscores, the unit and <c>_total</c> come last.</summary>
internal static class PrometheusName
{
    public static string Of(Instrument instrument, bool isCounter)
    {
        var name = Label(instrument.Name);
        var unit = instrument.Unit switch
        {
            "s" => "seconds",
            "ms" => "milliseconds",
            "By" => "bytes",
            "By/s" => "bytes_per_second",
            "1" when !isCounter => "ratio",
            _ => "",
        };
        if (unit.Length > 0 && !name.EndsWith($"_{unit}", StringComparison.Ordinal))
        {
            name = $"{name}_{unit}";
        }

        return isCounter && !name.EndsWith("_total", StringComparison.Ordinal) ? $"{name}_total" : name;
    }

    public static string Label(string name)
    {
        var text = string.Concat(name.Select(c => char.IsAsciiLetterOrDigit(c) || c == '_' ? c : '_'));
        return char.IsAsciiDigit(text[0]) ? $"_{text}" : text;
    }
}
