using SnapshotWorkflows.Activities.UpkeepSteps;
using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.Contracts;

namespace SnapshotWorkflows.Tests.Unit.Workflows;

/// <summary>Of a thing that is a leak one witness says otherwise, or nothing: it stays, and why is told.</summary>
public sealed class LeakJudgeTests
{
    private const string Cluster = "77777777-4f0b-4d6c-9d32-0e5d1f7b2c22";

    private static readonly DateTimeOffset s_now = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly RequestKey s_key = new(new string('d', 32));
    private static readonly MarkedThing s_thing = new("solidfire", Cluster, "clone", s_key, "17", s_key.NameFor("clone"), "ours", s_now.AddDays(-2));
    private static readonly Intent s_open = new(s_key, "clone", "solidfire", Cluster, "any", IntentStates.Made, "17:3") { IntendedAt = s_now.AddDays(-2) };

    /// <summary>What is otherwise, by the verdict that it gets.</summary>
    private static readonly Dictionary<string, (string Verdict, MarkedThing Thing, Intent? Intent, bool? Ended)> s_cases = new(StringComparer.Ordinal)
    {
        ["nothing"] = (LeakVerdicts.Leak, s_thing, s_open, true),
        ["it is another installation's"] = (LeakVerdicts.Foreign, s_thing with { Installation = "theirs" }, s_open, true),
        ["its mark names no request"] = (LeakVerdicts.Foreign, s_thing with { Key = null }, s_open, true),
        ["somebody uses it"] = (LeakVerdicts.Stays, s_thing with { Stays = "CloudStack uses it." }, s_open, true),
        ["it is of a kind that is not swept"] = (LeakVerdicts.Stays, s_thing with { Role = "restored" }, s_open with { Role = "restored" }, true),
        ["its instance lives"] = (LeakVerdicts.Live, s_thing, s_open, false),
        ["the hub does not know its instance"] = (LeakVerdicts.UnknownToHub, s_thing, s_open, null),
        ["the ledger knows nothing of it"] = (LeakVerdicts.NotInLedger, s_thing, null, true),
        ["the ledger had proven it gone"] = (LeakVerdicts.NotInLedger, s_thing, s_open with { State = IntentStates.Gone, SettledAt = s_now.AddDays(-2) }, true),
        ["another came later than what was proven gone"] = (LeakVerdicts.Leak, s_thing with { ObjectId = "18" }, s_open with { State = IntentStates.Gone, SettledAt = s_now.AddDays(-2) }, true),
        ["the array made it before the other was proven gone"] = (LeakVerdicts.NotInLedger, s_thing with { ObjectId = "16" }, s_open with { State = IntentStates.Gone, SettledAt = s_now.AddDays(-1) }, true),
        ["its request keeps it"] = (LeakVerdicts.Stays, s_thing, s_open with { State = IntentStates.Kept }, true),
        ["it is on another cluster than intended"] = (LeakVerdicts.NotInLedger, s_thing with { Scope = "5b1c7f7e-4f0b-4d6c-9d32-0e5d1f7b2c22" }, s_open, true),
        ["it is in another system than intended"] = (LeakVerdicts.NotInLedger, s_thing with { System = "xenserver" }, s_open, true),
        ["it bears a name alone"] = (LeakVerdicts.Foreign, s_thing with { Installation = null, ObjectId = "18" }, s_open, true),
        ["it bears a name alone, and the ledger wrote its id down"] = (LeakVerdicts.Leak, s_thing with { Installation = null }, s_open, true),
        ["it is young"] = (LeakVerdicts.Young, s_thing with { MadeAt = s_now.AddHours(-23) }, s_open, true),
        ["it was asked for once more a while ago"] = (LeakVerdicts.Young, s_thing, s_open with { IntendedAt = s_now.AddHours(-23) }, true),
    };

    public static TheoryData<string> Cases => [.. s_cases.Keys];

    [Theory]
    [MemberData(nameof(Cases))]
    public void What_is_no_leak_for_certain_stays(string what)
    {
        var (verdict, thing, intent, ended) = s_cases[what];
        var life = ended switch { null => InstanceLife.Unknown, true => InstanceLife.Ended, _ => InstanceLife.Live };
        var judged = new LeakJudge("ours", TimeSpan.FromDays(1), s_now).Judge(thing, intent, life);
        Assert.Equal(verdict, judged.Verdict);
        Assert.NotEmpty(judged.Reason);
    }

    /// <summary>Whether it is a published copy tells the folder alone.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_disk_on_the_store_goes_only_where_its_folder_is_known(bool known)
    {
        var disk = new MarkedThing("xenserver", "backup", "copy", s_key, "uuid", s_key.NameFor("copy"), "ours", s_now) { SrUuid = "sr" };
        var folder = new Intent(s_key, "folder", "secondary", "nfs1", $"swf/z/v/{s_key.Uuid}", IntentStates.Made, null);
        var removal = LeakRemovals.Of(s_key, [disk], known ? [folder] : []);
        Assert.Equal(known ? "sr" : null, removal.Vdi?.SrUuid);
        Assert.Equal(known, removal.Unpublished is not null);
    }
}
