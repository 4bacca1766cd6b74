using SnapshotWorkflows.Contracts;
using SnapshotWorkflows.Tests.Support.Time;

namespace SnapshotWorkflows.Tests.Crash;

/// <summary>What a run that takes hours has to see for itself.</summary>
public sealed partial class RetentionYear
{
    /// <summary>A long run judges when it begins; by the time it comes to a volume, that volume's newest copy may be worth nothing.</summary>
    [Theory]
    [InlineData(true, 1)]
    [InlineData(false, 2)]
    public async Task What_happens_to_a_volume_while_others_lose_theirs_counts(bool damaged, int goes)
    {
        using var catalog = new DayCatalog(Path.Combine(_folder, "catalog.db"));
        var clock = new ManualTimeProvider();
        var run = new Run(catalog, clock, Directory.CreateDirectory(Path.Combine(_folder, "store")).FullName);
        var second = new List<RequestKey>();
        for (var day = 0; day < 3; day++)
        {
            clock.AdvanceTo(s_start.AddDays(day));
            await run.TakeAsync(new Copy(1, clock.GetUtcNow(), Good: true, Held: false));
            second.Add(await run.TakeAsync(new Copy(2, clock.GetUtcNow(), Good: true, Held: false)));
        }

        run.Put(s_policy with { Keep = new RetentionRule { Last = 1 } });
        run.Deleting = async key =>
        {
            clock.Advance(TimeSpan.FromMinutes(30));
            if (damaged && run.Volumes[key] == 1) await run.DamageAsync(second[^1]);
        };
        Assert.Equal(2 + goes, (await run.ExpireAsync()).Expired);
        Assert.Equal(damaged ? second[1..] : second[2..], run.Remaining().Where(key => run.Volumes[key] == 2).OrderBy(second.IndexOf));
    }

    [Fact]
    public async Task A_judgement_that_fails_is_told_to_the_audit_trail()
    {
        using var catalog = new DayCatalog(Path.Combine(_folder, "catalog.db"));
        var clock = new ManualTimeProvider();
        clock.AdvanceTo(s_start.AddDays(9));
        var run = new Run(catalog, clock, Directory.CreateDirectory(Path.Combine(_folder, "store")).FullName);
        run.Put(s_policy);
        await run.TakeAsync(new Copy(1, clock.GetUtcNow(), Good: true, Held: false));
        var back = new Run(catalog, new Frozen(s_start), Path.Combine(_folder, "store"));
        Assert.Equal("retention.clock", (await Assert.ThrowsAsync<StepFaultException>(() => back.ExpireAsync())).Fault.Code);
        Assert.Equal(["failed"], back.Audited);
    }
}
