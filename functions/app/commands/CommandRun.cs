using Microsoft.Extensions.Configuration;
using SnapshotWorkflows.App.Settings;
using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.Durable.Host;
using SnapshotWorkflows.Secondary.Destinations;

namespace SnapshotWorkflows.App.Commands;

/// <summary>One run of a command: it sees the service's settings and files, wherever it was started, and what hinders it is said in one line.</summary>
internal sealed class CommandRun
{
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

    /// <summary>A service that runs on these files would go on writing to what is replaced beneath it.</summary>
    /// <exception cref="CatalogException"><c>catalog.in-use</c>.</exception>
    public void RefuseWhileServing()
    {
        var path = Path.Combine(State, "hub.db.lock");
        if (!File.Exists(path)) return;
        try
        {
            using var free = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException)
        {
            throw new CatalogException("catalog.in-use", $"A service is running on {State}.", "Stop it first.");
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
