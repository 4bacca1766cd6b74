using Microsoft.Extensions.Configuration;
using SnapshotWorkflows.App.Settings;
using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.Durable.Host;
using SnapshotWorkflows.Secondary.Destinations;

namespace SnapshotWorkflows.App.Commands;

/// <summary>One run of a command: it sees the service's settings and files, wherever it was started, and what hinders it is said in one line.</summary>
internal sealed class CommandRun
{
    // How .NET tells that somebody else holds a file: errno EWOULDBLOCK as it is, or ERROR_SHARING_VIOLATION.
    private const int LinuxWouldBlock = 11;
    private const int MacWouldBlock = 35;
    private const int WindowsSharingViolation = unchecked((int)0x80070020);

    private readonly FunctionsHostBuilder _builder;

    private CommandRun(FunctionsHostBuilder builder, HostSurroundings surroundings)
    {
        _builder = builder;
        Settings = AppSettings.Read(builder);
        Output = surroundings.Output;
        Error = surroundings.Error;
    }

    public IConfiguration Settings { get; }

    public TextWriter Output { get; }

    public TextWriter Error { get; }

    /// <summary>The service's state folder. Where none is set it is the host's own, if a service has made that.</summary>
    /// <exception cref="HostStartupException"><c>state.not-set</c>: it cannot be known which one is meant.</exception>
    public string State
    {
        get
        {
            var path = Settings[AppSettings.StatePath]!;
            if (string.IsNullOrEmpty(_builder.Configuration[AppSettings.StatePath]) && !Directory.Exists(path))
                throw new HostStartupException("state.not-set", $"SnapshotWorkflows:StatePath is not set, and no service has run with {path}.", "Set it as the service has it; a unit of systemd may hold it as SnapshotWorkflows__StatePath.");
            return path;
        }
    }

    /// <exception cref="HostStartupException"><c>setting.missing</c>.</exception>
    public string Installation => Settings["SnapshotWorkflows:Installation"] is { Length: > 0 } name
        ? name
        : throw new HostStartupException("setting.missing", "SnapshotWorkflows:Installation is not set.", "Set it as the service has it: copies of other installations are left to them.");

    /// <summary>Of the sections that this command uses alone: a fault in another does not keep anybody from restoring.</summary>
    /// <exception cref="HostStartupException"><c>settings.invalid</c>.</exception>
    public void Review(params string[] sections) => SettingsReview.Of(Settings, sections).Require();

    public SecondaryDestinations Destinations()
    {
        Review("Secondary");
        return new SecondaryDestinations(Settings.GetSection("Secondary").Get<SecondaryOptions>() ?? new SecondaryOptions());
    }

    /// <summary>The catalog that the service has; none is begun.</summary>
    public CatalogDatabase OpenCatalog() => Composition.OpenCatalog(Settings, State, mustExist: true);

    /// <summary>For what makes a lost catalog anew.</summary>
    public CatalogDatabase OpenOrBeginCatalog()
    {
        Composition.MakeStateFolder(State);
        return Composition.OpenCatalog(Settings, State);
    }

    /// <summary>The service's own lock, for what replaces files beneath it: neither a service nor a second such command may begin until it is disposed of.</summary>
    /// <exception cref="CatalogException"><c>catalog.in-use</c>.</exception>
    /// <exception cref="HostStartupException"><c>state.unwritable</c>.</exception>
    public IDisposable TakeAlone()
    {
        Composition.MakeStateFolder(State);
        var path = Path.Combine(State, "hub.db.lock");
        var options = new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.None };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        try
        {
            return new FileStream(path, options);
        }
        catch (IOException taken) when (taken.HResult is LinuxWouldBlock or MacWouldBlock or WindowsSharingViolation)
        {
            throw new CatalogException("catalog.in-use", $"A service is running on {State}, or another command that replaces its files.", "Stop the service first; let the other command end.");
        }
        catch (IOException unwritable)
        {
            throw new HostStartupException("state.unwritable", $"'{path}' cannot be opened for writing: {unwritable.Message}", "Mount SnapshotWorkflows:StatePath writable, with room on its disk.");
        }
    }

    /// <param name="arguments">What the host understands: <c>--settings-root DIR</c>.</param>
    /// <param name="surroundings">Null: those of this process.</param>
    /// <returns>The exit code.</returns>
    public static async Task<int> DoAsync(string[] arguments, HostSurroundings? surroundings, Func<CommandRun, Task<int>> work)
    {
        surroundings ??= new HostSurroundings();
        try
        {
            return await work(new CommandRun(FunctionsHost.CreateBuilder(arguments, surroundings), surroundings));
        }
        catch (HostStartupException line) when (line.Code == "commandLine.invalid")
        {
            // The host's remedy names its own options, of which a command knows one.
            await surroundings.Error.WriteLineAsync($"error {line.Code}: {line.Message} --help shows what each command takes.");
            return line.ExitCode;
        }
        catch (Exception exception) when (Explanations.InCommand(exception) is { } known)
        {
            await surroundings.Error.WriteLineAsync($"error {known.Code}: {known.Message} {known.Remedy}");
            return known.ExitCode;
        }
    }
}
