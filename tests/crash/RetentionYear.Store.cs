using System.Runtime.CompilerServices;
using SnapshotWorkflows.Activities.CatalogSteps;
using SnapshotWorkflows.Contracts;
using SnapshotWorkflows.Secondary;
using SnapshotWorkflows.Tests.Support.Time;

namespace SnapshotWorkflows.Tests.Crash;

/// <summary>What the store says, and what it leaves out.</summary>
public sealed partial class RetentionYear
{
    /// <summary>Damage stops nothing but what rests on it: the damaged copy stays, is no proof, and is not missed as one.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_damaged_copy_stays_and_the_good_ones_are_judged_without_it(bool newest)
    {
        using var catalog = new DayCatalog(Path.Combine(_folder, "catalog.db"));
        var clock = new ManualTimeProvider();
        var (run, keys) = await MonthAsync(catalog, clock, new RetentionRule { Daily = 8 });
        var bad = newest ? keys[^1] : keys[^3];
        await run.DamageAsync(bad);
        run.Answer = () => Task.FromResult(true);
        var result = await run.ExpireAsync();
        Assert.Empty(result.Left);
        Assert.Equal(21, result.Expired);
        Assert.Contains(bad, run.Remaining());
        Assert.Equal(9, run.Remaining().Count);

        // Day by day it stays so: its mark is no end of the rule.
        for (var day = 30; day < 34; day++)
        {
            clock.AdvanceTo(s_start.AddDays(day));
            await run.TakeAsync(new Copy(0, clock.GetUtcNow(), Good: true, Held: false));
            Assert.Equal(1, (await run.ExpireAsync()).Expired);
            Assert.Contains(bad, run.Remaining());
        }

        Assert.Equal(9, run.ManifestsOnStore());
    }

    /// <summary>A catalog from before the damage counts on the copy once: the store says otherwise, and the next run knows.</summary>
    [Fact]
    public async Task Damage_that_only_the_store_notes_holds_up_one_run()
    {
        using var catalog = new DayCatalog(Path.Combine(_folder, "catalog.db"));
        var clock = new ManualTimeProvider();
        var (run, keys) = await MonthAsync(catalog, clock, new RetentionRule { Daily = 8 });
        await run.DamageAsync(keys[^3]);
        run.ForgetDamage(keys[^3]);
        run.Answer = () => Task.FromResult(true);
        var first = await run.ExpireAsync();
        Assert.Equal((0, "retention.survivor-missing"), (first.Expired, Assert.Single(first.Left).Code));
        Assert.NotNull(run.DamagedAt(keys[^3]));
        Assert.Equal(30, run.Remaining().Count);

        var second = await run.ExpireAsync();
        Assert.Empty(second.Left);
        Assert.Equal(21, second.Expired);
        Assert.Contains(keys[^3], run.Remaining());
    }

    /// <summary>Thirty days of one volume.</summary>
    private async Task<(Run Run, List<RequestKey> Keys)> MonthAsync(DayCatalog catalog, ManualTimeProvider clock, RetentionRule keep)
    {
        var run = new Run(catalog, clock, Directory.CreateDirectory(Path.Combine(_folder, "store")).FullName);
        var keys = new List<RequestKey>();
        for (var day = 0; day < 30; day++)
        {
            clock.AdvanceTo(s_start.AddDays(day));
            keys.Add(await run.TakeAsync(new Copy(0, clock.GetUtcNow(), Good: true, Held: false)));
        }

        run.Put(s_policy with { Keep = keep });
        return (run, keys);
    }

    /// <summary>A store whose listing just ends, against its promise: by the same catalog and by one that is made of such a listing alone, nothing goes that the whole one keeps.</summary>
    private async Task CutListingsAsync(DayCatalog catalog, Run run, ManualTimeProvider clock)
    {
        var whole = run.Remaining();
        var gone = Gone(clock.GetUtcNow()).ToHashSet();
        var missing = await run.RebuildAsync(shown: run.ManifestsOnStore() / 2);
        Assert.Equal(0, missing.Missing);
        Assert.Equal(whole.Order(KeyOrder.Instance), run.Remaining().Order(KeyOrder.Instance));

        var (copies, expired) = (run.ManifestsOnStore(), 0);
        using var lost = new DayCatalog(Path.Combine(_folder, "lost.db"));
        var anew = new Run(lost, clock, Path.Combine(_folder, "store")) { Volumes = run.Volumes };
        anew.Put(s_policy);
        for (var shown = 10; shown < 2 * copies; shown += 45)
        {
            await anew.RebuildAsync(shown);
            var known = anew.Remaining();
            anew.Answer = () => Task.FromResult(true);
            anew.Deleting = key => gone.Contains(key) ? Task.CompletedTask : throw new InvalidOperationException($"{key} was let go, which the whole listing keeps.");
            expired += (await anew.ExpireAsync()).Expired;
            Assert.NotEmpty(known);
        }

        Assert.Equal(copies - expired, run.ManifestsOnStore());
    }

    private sealed class CutListing(ISecondaryStore inner, int shown) : StoreDecorator(inner)
    {
        public override async IAsyncEnumerable<StoreObject> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellation)
        {
            var left = shown;
            await foreach (var found in Inner.ListAsync(prefix, cancellation))
            {
                if (left-- == 0) yield break;
                yield return found;
            }
        }

        protected override Task<T> AroundAsync<T>(StoreCall call, Func<CancellationToken, Task<T>> act, CancellationToken cancellation) => act(cancellation);
    }
}
