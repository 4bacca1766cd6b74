using System.Diagnostics;

namespace SnapshotWorkflows.Lab.Scenario;

/// <summary>What the person sees: lines with the time since the start, and one line that moves in place on a terminal.</summary>
internal sealed class Screen(TextWriter output, bool isTerminal)
{
    private readonly Stopwatch _watch = Stopwatch.StartNew();
    private string _moving = "";
    private TimeSpan _movedAt = TimeSpan.MinValue;
    private string _topic = "";

    public TimeSpan Elapsed => _watch.Elapsed;

    /// <summary>A screen for tests: nothing is shown.</summary>
    public static Screen Silent { get; } = new(TextWriter.Null, isTerminal: false);

    public void Line(string text)
    {
        Land();
        output.WriteLine($"{Elapsed.TotalSeconds,6:0.0} s  {text}");
    }

    /// <summary>Text without the time: details below a line, and the last line of all.</summary>
    public void Plain(string text)
    {
        Land();
        output.WriteLine(text);
    }

    /// <summary>A figure that moves. A terminal overwrites it; elsewhere a change of topic shows at once, the rest once a second.</summary>
    public void Move(string topic, string text)
    {
        if (text == _moving) return;
        var now = Elapsed;
        if (isTerminal)
        {
            if (topic != _topic) Land();
            output.Write($"\r{now.TotalSeconds,6:0.0} s  {text}\e[K");
            output.Flush();
        }
        else if (topic != _topic || now - _movedAt >= TimeSpan.FromSeconds(1))
        {
            output.WriteLine($"{now.TotalSeconds,6:0.0} s  {text}");
            _movedAt = now;
        }

        (_topic, _moving) = (topic, text);
    }

    private void Land()
    {
        if (isTerminal && _moving.Length > 0) output.WriteLine();
        _moving = "";
    }
}
