using System.Text;
using SnapshotWorkflows.Contracts;
using SnapshotWorkflows.Functions.Triggers;

namespace SnapshotWorkflows.Tests.Unit.Workflows;

public sealed class SnapshotBodyTests
{
    private const string Volume = "0b5a2f4e-3b53-4a5e-9a43-6a1f2c3d4e5f";

    [Theory]
    [InlineData("""{"locationType":"primary"}""", true)]
    [InlineData("""{"locationType":"secondary"}""", false)]
    [InlineData("{}", false)]
    public void A_group_may_stay_on_the_array_as_a_snapshot_may(string json, bool primary) => Assert.Equal(primary, GroupBody.Parse(Encoding.UTF8.GetBytes(json)).PrimaryOnly);

    [Theory]
    [InlineData("copy", "stream")]
    [InlineData("format", "chunks")]
    [InlineData("destination", "nfs")]
    [InlineData("policy", "p")]
    public void What_needs_a_copy_does_not_go_with_a_group_on_the_array(string name, string value)
    {
        var refused = Assert.Throws<BadRequestException>(() => GroupBody.Parse(Encoding.UTF8.GetBytes($$"""{"locationType":"primary","{{name}}":"{{value}}"}""")));
        Assert.Equal("request.value", refused.Code);
        Assert.Contains(name, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_group_in_chunks_is_not_copied_by_the_hypervisor() =>
        Assert.Equal("request.value", Assert.Throws<BadRequestException>(() => GroupBody.Parse("""{"copy":"offload","format":"chunks"}"""u8.ToArray())).Code);

    [Theory]
    [InlineData("", "request.not-json")]
    [InlineData("[]", "request.not-object")]
    [InlineData("{}", "request.volume-missing")]
    [InlineData("""{"volumeId":"x"}""", "request.volume-id")]
    [InlineData("""{"volumeId":7}""", "request.value")]
    [InlineData($$"""{"volumeId":"{{Volume}}","retension":1}""", "request.unknown-member")]
    [InlineData($$"""{"volumeId":"{{Volume}}","volumeId":"{{Volume}}"}""", "request.not-json")]
    [InlineData($$"""{"volumeId":"{{Volume}}","quiesce":"doze"}""", "request.value")]
    [InlineData($$"""{"volumeId":"{{Volume}}","format":"qcow2"}""", "request.value")]
    [InlineData($$"""{"volumeId":"{{Volume}}","locationType":"primary","policy":"p"}""", "request.value")]
    [InlineData($$"""{"volumeId":"{{Volume}}","keepOnPrimary":"yes"}""", "request.value")]
    [InlineData($$"""{"volumeId":"{{Volume}}","locationType":"tertiary"}""", "request.value")]
    [InlineData($$"""{"volumeId":"{{Volume}}","locationType":"primary","copy":"stream"}""", "request.value")]
    [InlineData($$"""{"volumeId":"{{Volume}}","secondaryPath":"snapshots/2/17/"}""", "request.secondary-path")]
    [InlineData($$"""{"volumeId":"{{Volume}}","secondaryPath":"snapshots/2/../3"}""", "request.secondary-path")]
    [InlineData($$"""{"volumeId":"{{Volume}}","secondaryPath":"/snapshots/2/17"}""", "request.secondary-path")]
    [InlineData($$"""{"volumeId":"{{Volume}}","secondaryPath":"snapshots/02/17"}""", "request.secondary-path")]
    [InlineData($$"""{"volumeId":"{{Volume}}","secondaryPath":"snapshots/2/17","copy":"offload"}""", "request.value")]
    [InlineData($$"""{"volumeId":"{{Volume}}","secondaryPath":"snapshots/2/17","format":"chunks"}""", "request.value")]
    [InlineData($$"""{"volumeId":"{{Volume}}","copy":"offload","format":"chunks"}""", "request.value")]
    [InlineData($$"""{"volumeId":"{{Volume}}","adoptSnapshotId":"9"}""", "request.snapshot-id")]
    [InlineData($$"""{"volumeId":"{{Volume}}","adoptSnapshotId":"{{Volume}}","quiesce":"hook"}""", "request.value")]
    [InlineData($$"""{"volumeId":"{{Volume}}","solidFireVolumeId":7,"clusterUuid":"{{Volume}}"}""", "request.value")]
    [InlineData("""{"solidFireVolumeId":7}""", "request.value")]
    [InlineData($$"""{"solidFireVolumeId":"7","clusterUuid":"{{Volume}}"}""", "request.value")]
    [InlineData($$"""{"volumeId":"{{Volume}}","name":""}""", "request.value")]
    [InlineData("{\"volumeId\":\"" + Volume + "\",\"tags\":{\"a\":1}}", "request.value")]
    public void What_is_wrong_is_refused_with_a_code_and_a_remedy(string json, string code)
    {
        var refused = Assert.Throws<BadRequestException>(() => Parse(json));
        Assert.Equal(code, refused.Code);
        Assert.NotEqual("", refused.Remedy);
    }

    [Fact]
    public void An_unknown_member_is_named() =>
        Assert.Contains("'retension'", Assert.Throws<BadRequestException>(() => Parse($$"""{"volumeId":"{{Volume}}","retension":1}""")).Message, StringComparison.Ordinal);

    [Fact]
    public void Defaults_are_the_safe_ones()
    {
        var body = Parse($$"""{"volumeId":"{{Volume.ToUpperInvariant()}}"}""");
        Assert.Equal((Volume, QuiesceMode.None, false), (body.VolumeId, body.Quiesce, body.KeepOnPrimary));
    }

    [Fact]
    public void The_same_meaning_has_the_same_hash_whatever_the_spelling()
    {
        var one = Parse($$$"""{"volumeId":"{{{Volume}}}","name":"n","tags":{"a":"1","b":"2"}}""");
        var other = Parse($$"""{ "tags": {"b":"2","a":"1"}, "quiesce": "none", "name": "n", "volumeId": "{{Volume.ToUpperInvariant()}}" }""");
        Assert.Equal(one.Hash(), other.Hash());
    }

    [Theory]
    [InlineData("""{"volumeId":"V","name":"m"}""")]
    [InlineData("""{"volumeId":"V","name":"n","quiesce":"hook"}""")]
    [InlineData("""{"volumeId":"V","name":"n","keepOnPrimary":true}""")]
    [InlineData("""{"volumeId":"V","name":"n","tags":{"a":"1"}}""")]
    public void Another_meaning_has_another_hash(string other) =>
        Assert.NotEqual(Parse($$"""{"volumeId":"{{Volume}}","name":"n"}""").Hash(), Parse(other.Replace("\"V\"", $"\"{Volume}\"", StringComparison.Ordinal)).Hash());

    private static SnapshotBody Parse(string json) => SnapshotBody.Parse(Encoding.UTF8.GetBytes(json));
}
