namespace SnapshotWorkflows.Bench.Campaign;

/// <summary>How long guests' writes took that took over 5 ms; milliseconds.</summary>
internal sealed record StallDistribution(int Count, double P50, double P90, double P99, double Longest, IReadOnlyDictionary<string, int> Buckets)
{
    private static readonly double[] s_bounds = [10, 50, 100, 500, 1000, 2000, 5000, 10_000];

    public static StallDistribution Of(IReadOnlyList<double> stalls)
    {
        var sorted = stalls.Order().ToList();
        var buckets = new Dictionary<string, int>();
        var from = 5.0;
        foreach (var to in s_bounds)
        {
            buckets[$"{from:0}-{to:0}"] = sorted.Count(stall => stall >= from && stall < to);
            from = to;
        }

        buckets[$"over {from:0}"] = sorted.Count(stall => stall >= from);
        return new StallDistribution(sorted.Count, At(0.5), At(0.9), At(0.99), sorted.Count == 0 ? 0 : Math.Round(sorted[^1], 1), buckets);

        double At(double share) => sorted.Count == 0 ? 0 : Math.Round(sorted[(int)Math.Min(sorted.Count - 1, share * sorted.Count)], 1);
    }
}
