using System.Collections.Concurrent;
using System.Globalization;
using System.Text.RegularExpressions;

namespace SnapshotWorkflows.Durable.TaskHubs.Postgres;

/// <summary>
/// A statement of a commit. Those that touch rows of their own whatever else the commit does can be merged into one: the server then begins, binds and ends one
/// statement instead of five, and the driver, which writes all but the first of a batch on another thread, has none to hand over.
/// </summary>
internal sealed partial class Statement
{
    private static readonly ConcurrentDictionary<ulong, string> s_merged = new();
    private static int s_count;

    private readonly IReadOnlyList<(string Name, string Body)> _steps;
    private readonly string? _condition;
    private readonly ulong _bit;

    private Statement(IReadOnlyList<(string Name, string Body)> steps, string? condition, string text)
    {
        (_steps, _condition, Text) = (steps, condition, text);
        if (steps.Count > 0)
            _bit = 1ul << (Interlocked.Increment(ref s_count) - 1);
    }

    public string Text { get; }

    /// <summary>Stands alone: what it finds depends on what others before it did.</summary>
    public static Statement Alone(string text) => new([], null, text);

    /// <summary>Of rows that no other mergeable statement of the commit touches. A step sees what those before it return.</summary>
    /// <param name="condition">Where it does not hold, the commit fails by a division by zero.</param>
    public static Statement Mergeable(string? condition, params IReadOnlyList<(string Name, string Body)> steps) => new(
        steps, condition, condition is not null ? Compose(steps, [condition]) : steps.Count == 1 ? steps[0].Body : $"WITH {Steps(steps.Take(steps.Count - 1))} {steps[^1].Body}");

    /// <param name="parts">With the number of parameters of each.</param>
    /// <returns>One text for all, its parameters those of the parts one after the other; null when one of them stands alone, or none has a condition.</returns>
    public static string? Merge(IReadOnlyList<(Statement Statement, int Parameters)> parts)
    {
        var key = 0ul;
        var guarded = false;
        foreach (var (statement, _) in parts)
        {
            if (statement._bit == 0)
                return null;
            key |= statement._bit;
            guarded |= statement._condition is not null;
        }
        return !guarded ? null : s_merged.GetOrAdd(key, static (_, parts) => Compose(parts), parts);
    }

    private static string Compose(IReadOnlyList<(Statement Statement, int Parameters)> parts)
    {
        var steps = new List<(string, string)>();
        var conditions = new List<string>();
        var before = 0;
        foreach (var (statement, parameters) in parts)
        {
            foreach (var (name, body) in statement._steps)
                steps.Add((name, Renumber(body, before)));
            if (statement._condition is not null)
                conditions.Add(Renumber(statement._condition, before));
            before += parameters;
        }
        return Compose(steps, conditions);
    }

    private static string Compose(IEnumerable<(string Name, string Body)> steps, IEnumerable<string> conditions) =>
        $"WITH {Steps(steps)} SELECT 1 / ({string.Join(" AND ", conditions)})::integer";

    private static string Steps(IEnumerable<(string Name, string Body)> steps) => string.Join(", ", steps.Select(step => $"{step.Name} AS ({step.Body})"));

    private static string Renumber(string text, int before) =>
        ParameterNumber().Replace(text, match => string.Create(CultureInfo.InvariantCulture, $"${int.Parse(match.ValueSpan[1..], CultureInfo.InvariantCulture) + before}"));

    [GeneratedRegex(@"\$\d+")]
    private static partial Regex ParameterNumber();
}
