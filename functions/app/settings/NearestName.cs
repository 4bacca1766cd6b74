namespace SnapshotWorkflows.App.Settings;

/// <summary>Which name was meant by a mistyped one: the one with the fewest letters to put in, leave out or change (Levenshtein), if these are few.</summary>
internal static class NearestName
{
    public static string? Of(string written, IEnumerable<string> names) => names
        .Select(name => (Name: name, Distance: Distance(written.ToUpperInvariant(), name.ToUpperInvariant())))
        .Where(one => one.Distance <= Math.Max(1, Math.Min(3, one.Name.Length / 3)))
        .OrderBy(one => one.Distance).Select(one => one.Name).FirstOrDefault();

    private static int Distance(string from, string to)
    {
        var row = Enumerable.Range(0, to.Length + 1).ToArray();
        for (var i = 1; i <= from.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= to.Length; j++)
            {
                var change = diagonal + (from[i - 1] == to[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(change, Math.Min(row[j], row[j - 1]) + 1);
            }
        }

        return row[to.Length];
    }
}
