using System.Text;

namespace SnapshotWorkflows.Secondary.Nfs;

/// <summary>One line of /proc/self/mountinfo (proc_pid_mountinfo(5)). Two mounts on one path have two ids.</summary>
internal sealed record Mount(int Id, string Device, string Point, string FileSystem, bool ReadOnly);

internal static class MountTable
{
    public const string SystemFile = "/proc/self/mountinfo";

    /// <summary>The mount on exactly this path; the last one where several lie on each other; null where there is none or only an automounter's trigger.</summary>
    public static Mount? Find(string file, string path)
    {
        Mount? found = null;
        foreach (var line in File.ReadLines(file))
        {
            if (Parse(line) is { } mount && mount.Point == path)
                found = mount;
        }
        return found is { FileSystem: "autofs" } ? null : found;
    }

    internal static Mount? Parse(string line)
    {
        var fields = line.Split(' ');
        var dash = Array.IndexOf(fields, "-");
        if (dash < 6 || dash + 1 >= fields.Length || !int.TryParse(fields[0], out var id))
            return null;
        return new Mount(id, fields[2], Unescape(fields[4]), fields[dash + 1], fields[5].Split(',').Contains("ro"));
    }

    // Blank, tab, line feed and backslash are written as three octal digits.
    private static string Unescape(string text)
    {
        if (!text.Contains('\\'))
            return text;
        var bytes = new List<byte>();
        var raw = Encoding.UTF8.GetBytes(text);
        for (var i = 0; i < raw.Length; i++)
        {
            if (raw[i] == '\\' && i + 3 < raw.Length)
            {
                bytes.Add((byte)(((raw[i + 1] - '0') << 6) | ((raw[i + 2] - '0') << 3) | (raw[i + 3] - '0')));
                i += 3;
            }
            else
            {
                bytes.Add(raw[i]);
            }
        }
        return Encoding.UTF8.GetString([.. bytes]);
    }
}
