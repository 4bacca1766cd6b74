using System.Globalization;
using SnapshotWorkflows.XenServer;

namespace SnapshotWorkflows.Activities.GuestSteps;

/// <summary>
/// The mark of a pause in the machine's other_config: installation, marker, beginning, end. It is set before the pause and taken away by whoever ends it, so a machine that
/// is paused and still bears it has not run since.
/// </summary>
internal sealed record PauseMark(string Installation, string Marker, DateTimeOffset At, DateTimeOffset ExpiresAt)
{
    public const string Name = "swf-freeze";

    public static PauseMark? Of(Vm vm)
    {
        if (!vm.OtherConfig.TryGetValue(Name, out var text)) return null;
        var parts = text.Split('|');
        return parts.Length == 4 && Time(parts[2], out var at) && Time(parts[3], out var end) ? new PauseMark(parts[0], parts[1], at, end) : null;

        static bool Time(string text, out DateTimeOffset time) => DateTimeOffset.TryParseExact(text, "O", CultureInfo.InvariantCulture, DateTimeStyles.None, out time);
    }

    public override string ToString() => $"{Installation}|{Marker}|{At:O}|{ExpiresAt:O}";
}
