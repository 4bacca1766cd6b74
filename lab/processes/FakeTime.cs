using System.Globalization;

namespace SnapshotWorkflows.Lab.Processes;

/// <summary>Another time of day for one process, by libfaketime (https://github.com/wolfcw/libfaketime). Clocks that only measure go on as they do.</summary>
internal static class FakeTime
{
    public static IReadOnlyDictionary<string, string> Add(IReadOnlyDictionary<string, string> environment, TimeSpan ahead) => new Dictionary<string, string>(environment)
    {
        ["LD_PRELOAD"] = Library(),
        ["FAKETIME"] = string.Create(CultureInfo.InvariantCulture, $"+{ahead.TotalSeconds:0}"),
        ["FAKETIME_DONT_FAKE_MONOTONIC"] = "1",
        ["DONT_FAKE_MONOTONIC"] = "1",
        // A process that is killed would leave its shared memory behind.
        ["FAKETIME_DISABLE_SHM"] = "1",
    };

    private static string Library() => Directory.Exists("/usr/lib")
        ? Directory.EnumerateDirectories("/usr/lib").Select(folder => Path.Combine(folder, "faketime", "libfaketimeMT.so.1")).FirstOrDefault(File.Exists)
          ?? throw new LabException("libfaketime is not installed (package libfaketime): no process can be shown another day.")
        : throw new LabException("There is no /usr/lib to find libfaketime in.");
}
