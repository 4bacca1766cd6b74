using System.Collections.Concurrent;
using System.Globalization;
using System.Text.RegularExpressions;
using Npgsql;

namespace SnapshotWorkflows.Durable.TaskHubs.Postgres;

/// <summary>
/// A statement of a commit. Those that touch rows of their own whatever else the commit does can be merged into one: the server then begins, binds and ends one
/// statement instead of five, and the driver, which writes all but the first of a batch on another thread, has none to hand over.
/// </summary>
internal sealed partial class Statement
{
    private static readonly ConcurrentDictionary<ulong, string> s_merged = new();
    private static int s_count;

    private readonly Form _many;
    private readonly Form _one;
    private readonly string? _condition;
    private readonly int _place = -1;

    private Statement(string text) => (_many, _one) = (new Form([], text), new Form([], text));

    private Statement(string? condition, Func<Rows, IReadOnlyList<(string Name, string Body)>> steps)
    {
        _condition = condition;
        _many = Form.Of(steps(Rows.Many), condition);
        _one = Form.Of(steps(Rows.One), condition);
        _place = Interlocked.Increment(ref s_count) - 1;
    }

    /// <summary>Stands alone: what it finds depends on what others before it did. Its rows are arrays.</summary>
    public static Statement Alone(string text) => new(text);

    /// <summary>Of rows that no other mergeable statement of the commit touches.</summary>
    /// <param name="condition">Where it does not hold, the commit fails by a division by zero.</param>
    /// <param name="steps">Each sees what those before it return.</param>
    public static Statement Mergeable(string? condition, Func<Rows, IReadOnlyList<(string Name, string Body)>> steps) => new(condition, steps);

    /// <param name="single">Its rows are one, and its parameters values.</param>
    public string Text(bool single) => (single ? _one : _many).Text;

    /// <param name="parts">With the number of parameters of each.</param>
    /// <returns>One text for all, its parameters those of the parts one after the other; null when one of them stands alone, or none has a condition.</returns>
    public static string? Merge(IReadOnlyList<(Statement Statement, bool Single, NpgsqlParameter[] Parameters)> parts)
    {
        var key = 0ul;
        var guarded = false;
        foreach (var (statement, single, _) in parts)
        {
            if (statement._place < 0)
                return null;
            key |= 1ul << ((2 * statement._place) + (single ? 1 : 0));
            guarded |= statement._condition is not null;
        }
        return !guarded ? null : s_merged.GetOrAdd(key, static (_, parts) => Compose(parts), parts);
    }

    private static string Compose(IReadOnlyList<(Statement Statement, bool Single, NpgsqlParameter[] Parameters)> parts)
    {
        var steps = new List<(string, string)>();
        var conditions = new List<string>();
        var before = 0;
        foreach (var (statement, single, parameters) in parts)
        {
            foreach (var (name, body) in (single ? statement._one : statement._many).Steps)
                steps.Add((name, Renumber(body, before)));
            if (statement._condition is not null)
                conditions.Add(Renumber(statement._condition, before));
            before += parameters.Length;
        }
        return Compose(steps, conditions);
    }

    private static string Compose(IEnumerable<(string Name, string Body)> steps, IEnumerable<string> conditions) =>
        $"WITH {Steps(steps)} SELECT 1 / ({string.Join(" AND ", conditions)})::integer";

    private static string Steps(IEnumerable<(string Name, string Body)> steps) => string.Join(", ", steps.Select(step => $"{step.Name} AS ({step.Body})"));

    private sealed record Form(IReadOnlyList<(string Name, string Body)> Steps, string Text)
    {
        public static Form Of(IReadOnlyList<(string Name, string Body)> steps, string? condition) => new(
            steps, condition is not null ? Compose(steps, [condition]) : steps.Count == 1 ? steps[0].Body : $"WITH {Statement.Steps(steps.Take(steps.Count - 1))} {steps[^1].Body}");
    }

    private static string Renumber(string text, int before) =>
        ParameterNumber().Replace(text, match => string.Create(CultureInfo.InvariantCulture, $"${int.Parse(match.ValueSpan[1..], CultureInfo.InvariantCulture) + before}"));

    [GeneratedRegex(@"\$\d+")]
    private static partial Regex ParameterNumber();
}
