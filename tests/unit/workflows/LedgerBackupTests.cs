using System.Runtime.CompilerServices;
using Microsoft.Extensions.Options;
using SnapshotWorkflows.Activities;
using SnapshotWorkflows.Activities.UpkeepSteps;
using SnapshotWorkflows.Contracts;
using SnapshotWorkflows.Durable.Execution;
using SnapshotWorkflows.Secondary;
using SnapshotWorkflows.Secondary.Destinations;
using SnapshotWorkflows.Secondary.Nfs;

namespace SnapshotWorkflows.Tests.Unit.Workflows;

/// <summary>Of the ledger's backups only those go that are older than enough newer ones, and only when it was seen that the newer ones are there.</summary>
public sealed class LedgerBackupTests : IDisposable, IActivityExecution
{
    private static readonly DateTimeOffset s_now = new(2026, 11, 27, 12, 0, 0, TimeSpan.Zero);
    private readonly string _folder = Directory.CreateTempSubdirectory("swf-ledger-").FullName;

    public CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    public int Attempt => 1;

    public string InstanceId => new('0', 32);

    public int TaskId => 1;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    public ValueTask ReportProgressAsync(object progress) => ValueTask.CompletedTask;

    [Fact]
    public async Task Backups_of_a_time_to_come_neither_crowd_out_the_one_just_made_nor_go()
    {
        foreach (var hours in (int[])[0, -6, -12, -18]) Put(Name(hours));
        foreach (var years in (int[])[1, 2, 3]) Put(LedgerBackups.Name("us", s_now.AddYears(years)));
        string[] others = [LedgerBackups.Name("them", s_now.AddDays(-9)), $"{LedgerBackups.Prefix("us")}notes.txt", $"{LedgerBackups.Prefix("us")}20260101.db"];
        foreach (var other in others) Put(other);

        Assert.Equal(2, await TrimAsync(Name(0)));
        Assert.Equal([.. others.Order(StringComparer.Ordinal)], Left().Where(others.Contains));
        Assert.Equal([Name(-6), Name(0), .. Enumerable.Range(1, 3).Select(years => LedgerBackups.Name("us", s_now.AddYears(years)))], Left().Where(name => !others.Contains(name)));
        Assert.Equal(0, await TrimAsync(Name(0)));
    }

    [Fact]
    public async Task Nothing_goes_where_the_listing_does_not_show_what_was_just_made()
    {
        foreach (var hours in (int[])[-6, -12, -18, -24]) Put(Name(hours));
        Assert.Equal(0, await TrimAsync(Name(0)));
        Assert.Equal(0, await TrimAsync(null));
        Assert.Equal(4, Left().Count);
    }

    [Fact]
    public async Task Nothing_goes_where_the_listing_breaks_off()
    {
        foreach (var hours in (int[])[0, -6, -12, -18]) Put(Name(hours));
        var fault = await Assert.ThrowsAsync<StepFaultException>(() => TrimAsync(Name(0), store => new BrokenListing(store)));
        Assert.Equal(StoreCodes.Io, fault.Fault.Code);
        Assert.Equal(4, Left().Count);
    }

    private static string Name(int hours) => LedgerBackups.Name("us", s_now.AddHours(hours));

    private void Put(string name)
    {
        var path = Path.Combine(_folder, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, name);
    }

    private List<string> Left() => [.. Directory.GetFiles(_folder, "*", SearchOption.AllDirectories).Select(path => Path.GetRelativePath(_folder, path)).Order(StringComparer.Ordinal)];

    private async Task<int> TrimAsync(string? made, Func<ISecondaryStore, ISecondaryStore>? around = null)
    {
        var folder = new FolderStore(new FolderStoreOptions { Name = "nfs1", Path = _folder, RequireMount = false, MinimumFreeBytes = 0 });
        var destinations = new SecondaryDestinations(
            new SecondaryOptions { Destinations = [new SecondaryDestinationOptions { Name = "nfs1", Path = _folder, Server = "s", Export = "/e", RequireMount = false, Retry = { Retries = 0 } }] },
            _ => around?.Invoke(folder) ?? folder);
        var marker = new Marker(Options.Create(new InstallationOptions { Installation = "us" }), TimeProvider.System);
        return await new TrimLedgerBackups(destinations, marker, Options.Create(new UpkeepOptions { LedgerBackups = 2 }), this).RunAsync(null!, new LedgerCopy(made, 1));
    }

    /// <summary>Fails before its last entry.</summary>
    private sealed class BrokenListing(ISecondaryStore inner) : StoreDecorator(inner)
    {
        public override async IAsyncEnumerable<StoreObject> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellation)
        {
            var left = 3;
            await foreach (var found in Inner.ListAsync(prefix, cancellation))
            {
                if (left-- == 0) throw new SecondaryStoreException(StoreCodes.Io, "The listing broke off.", "Try again.");
                yield return found;
            }
        }

        protected override Task<T> AroundAsync<T>(StoreCall call, Func<CancellationToken, Task<T>> act, CancellationToken cancellation) => act(cancellation);
    }
}
