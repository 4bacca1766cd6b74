using System.Diagnostics;

namespace SnapshotWorkflows.Lab.Processes;

/// <summary>
/// Ends the children when the lab dies in a way that runs no handler: a shell waits at the end of a pipe that only the lab holds, and
/// kills the process ids noted in a file. A child that was stopped or is to stay is struck from the file first.
/// </summary>
internal sealed class Reaper : IAsyncDisposable
{
    // A session of its own, so that a signal to the lab's whole process group does not end it before its work.
    private const string Start = """
        if command -v setsid >/dev/null 2>&1; then exec setsid /bin/sh -c "$1" sh "$2"; fi
        exec /bin/sh -c "$1" sh "$2"
        """;

    private const string Script = """
        trap '' INT TERM HUP
        while read -r _; do :; done
        while read -r pid; do kill -KILL "$pid" 2>/dev/null; done <"$1"
        """;

    private readonly List<int> _ids = [];
    private readonly Process _shell;
    private readonly string _file;

    public Reaper(string file)
    {
        _file = file;
        File.WriteAllText(file, "");
        var start = new ProcessStartInfo("/bin/sh", ["-c", Start, "sh", Script, file]) { UseShellExecute = false, RedirectStandardInput = true };
        _shell = Process.Start(start) ?? throw new LabException("/bin/sh could not be started.", file);
    }

    public Task AddAsync(int id)
    {
        _ids.Add(id);
        return WriteAsync();
    }

    public Task RemoveAsync(int id)
    {
        _ids.Remove(id);
        return WriteAsync();
    }

    public async ValueTask DisposeAsync()
    {
        _shell.StandardInput.Close();
        await _shell.WaitForExitAsync(CancellationToken.None);
        _shell.Dispose();
    }

    private Task WriteAsync() => File.WriteAllLinesAsync(_file, _ids.Select(id => id.ToString()));
}
