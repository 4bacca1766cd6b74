namespace SnapshotWorkflows.Simulators.XenServer;

/// <summary>
/// The expressions of get_all_records_where: <c>field "is_a_snapshot" = "false" and not (field "uuid" = "x")</c>, true, false. Field
/// names may be given as the database has them, with two underscores.
/// </summary>
internal sealed class RecordFilter
{
    private readonly List<string> _tokens;
    private Func<Dictionary<string, object?>, bool> _wanted = _ => false;
    private int _at;

    private RecordFilter(List<string> tokens) => _tokens = tokens;

    /// <exception cref="XenError">The expression cannot be read.</exception>
    public static RecordFilter Parse(string expression)
    {
        var parser = new RecordFilter(Tokens(expression));
        parser._wanted = parser.Or(0);
        return parser._at == parser._tokens.Count ? parser : throw Unreadable(expression);
    }

    /// <summary>Whether a row can be meant, told without its record, which is dear to make: by uuid or label, where the expression is about that alone.</summary>
    public bool MayWant(Row row) => _tokens is not ["field", var field, "=", ['"', .. var value]] || field switch
    {
        "\"uuid" => row.Uuid == value,
        "\"name__label" or "\"name_label" => row.NameLabel == value,
        _ => true,
    };

    public bool Wants(Dictionary<string, object?> record) => _wanted(record);

    private static List<string> Tokens(string text)
    {
        var tokens = new List<string>();
        for (var i = 0; i < text.Length;)
        {
            var c = text[i];
            if (char.IsWhiteSpace(c))
            {
                i++;
                continue;
            }

            var end = i + 1;
            if (c is '"' or '\'')
            {
                end = text.IndexOf(c, end);
                if (end < 0)
                    throw Unreadable(text);
                tokens.Add("\"" + text[(i + 1)..end]);
                i = end + 1;
                continue;
            }

            if (char.IsLetter(c))
                while (end < text.Length && char.IsLetter(text[end]))
                    end++;
            tokens.Add(text[i..end]);
            i = end;
        }

        return tokens;
    }

    private static XenError Unreadable(string text) => XenError.Internal("Db_filter.Expression_error: " + (text.Length > 80 ? text[..80] : text));

    private Func<Dictionary<string, object?>, bool> Or(int depth)
    {
        var left = And(depth);
        while (Take("or"))
        {
            var (a, b) = (left, And(depth));
            left = r => a(r) || b(r);
        }

        return left;
    }

    private Func<Dictionary<string, object?>, bool> And(int depth)
    {
        var left = Not(depth);
        while (Take("and"))
        {
            var (a, b) = (left, Not(depth));
            left = r => a(r) && b(r);
        }

        return left;
    }

    private Func<Dictionary<string, object?>, bool> Not(int depth)
    {
        if (depth > 200)
            throw Unreadable("nested too deep");
        if (Take("not"))
        {
            var inner = Not(depth + 1);
            return r => !inner(r);
        }

        if (Take("("))
        {
            var inner = Or(depth + 1);
            return Take(")") ? inner : throw Unreadable("( without )");
        }

        if (Take("true"))
            return _ => true;
        if (Take("false"))
            return _ => false;
        var left = Operand();
        if (!Take("="))
            throw Unreadable("= is missing");
        var right = Operand();
        return r => left(r) == right(r);
    }

    private Func<Dictionary<string, object?>, string> Operand()
    {
        if (Take("field"))
        {
            var name = Quoted().Replace("__", "_", StringComparison.Ordinal);
            return r => r.TryGetValue(name, out var value) ? Text(value) : throw Unreadable("no field " + name);
        }

        var literal = Quoted();
        return _ => literal;
    }

    private string Quoted() => _at < _tokens.Count && _tokens[_at][0] == '"' ? _tokens[_at++][1..] : throw Unreadable("a quoted text is missing");

    private bool Take(string token)
    {
        if (_at >= _tokens.Count || _tokens[_at] != token)
            return false;
        _at++;
        return true;
    }

    private static string Text(object? value) => value switch
    {
        bool b => b ? "true" : "false",
        DateTimeOffset at => XenDate.Text(at),
        null => "",
        _ => Convert.ToString(value, System.Globalization.CultureInfo.InvariantCulture) ?? "",
    };
}
