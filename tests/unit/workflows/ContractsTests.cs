using System.Text.Json;
using SnapshotWorkflows.Contracts;
using SnapshotWorkflows.Durable;

namespace SnapshotWorkflows.Tests.Unit.Workflows;

public sealed class ContractsTests
{
    [Fact]
    public void A_name_is_legal_on_the_array_whatever_the_role()
    {
        var key = new RequestKey(new string('a', 32));
        Assert.Matches("^[A-Za-z0-9-]{1,64}$", key.NameFor("access-group"));
        Assert.Throws<ArgumentException>(() => key.NameFor(new string('r', 40)));
    }

    [Theory]
    [InlineData("0B5A2F4E-3B53-4A5E-9A43-6A1F2C3D4E5F", true)]
    [InlineData("0b5a2f4e3b534a5e9a436a1f2c3d4e5f", true)]
    [InlineData("../etc/passwd", false)]
    [InlineData("", false)]
    public void An_id_is_read_in_both_forms_and_nothing_else(string text, bool good) => Assert.Equal(good, RequestKey.TryParse(text, out _));

    [Fact]
    public void A_fault_survives_the_failure_details()
    {
        var fault = new StepFault("array.snapshots-full", FaultKind.Busy, "full", "delete one", TimeSpan.FromSeconds(2.5));
        var properties = new StepFaultProperties().GetExceptionProperties(new StepFaultException(fault));
        var details = new TaskFailureDetails("type", "full", StackTrace: null, InnerFailure: null, properties);
        Assert.Equal(fault, StepFault.From(details));
    }

    [Fact]
    public void A_failure_without_a_code_is_called_a_defect() =>
        Assert.Equal("internal", StepFault.From(new TaskFailureDetails("System.NullReferenceException", "oops", StackTrace: null, InnerFailure: null, Properties: null)).Code);

    [Fact]
    public void A_row_of_a_newer_version_is_read_by_an_older_one()
    {
        var row = new SnapshotRow { Key = new RequestKey(new string('b', 32)), VolumeId = "v", Caller = "c", CreatedAt = DateTimeOffset.UnixEpoch, Status = new SnapshotStatus { State = SnapshotState.BackedUp } };
        var json = JsonSerializer.Serialize(row, ContractsJson.Default.SnapshotRow);
        Assert.Equal(row, JsonSerializer.Deserialize(json.Insert(1, "\"laterMember\":{\"x\":1},"), ContractsJson.Default.SnapshotRow));
    }

    [Fact]
    public void A_name_uuid_is_version_5_and_always_the_same()
    {
        var uuid = NameUuid.From("10.0.0.1:/export/swf");
        Assert.Equal(uuid, NameUuid.From("10.0.0.1:/export/swf"));
        Assert.NotEqual(uuid, NameUuid.From("10.0.0.1:/export/swg"));
        Assert.Equal('5', uuid.ToString("D")[14]);
    }
}
