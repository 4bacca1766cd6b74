using System.Net;
using System.Net.NetworkInformation;

namespace SnapshotWorkflows.Lab.Scenario;

/// <summary>
/// A port that one server keeps over its restarts. Below those that systems give to outgoing connections (32768 and up on Linux): between two lives of the server nobody else is given it.
/// </summary>
internal static class FreePort
{
    private const int First = 20_000;
    private const int Last = 32_000;

    private static readonly Lock s_gate = new();
    private static readonly HashSet<int> s_given = [];

    /// <summary>Free now, and never given twice by this process.</summary>
    public static int Next()
    {
        lock (s_gate)
        {
            var used = IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpListeners().Select(listener => listener.Port).ToHashSet();
            // Runs side by side begin at different ports.
            for (var port = First + (Environment.ProcessId * 7 % (Last - First)); ; port = port == Last ? First : port + 1)
            {
                if (!used.Contains(port) && s_given.Add(port)) return port;
            }
        }
    }
}
