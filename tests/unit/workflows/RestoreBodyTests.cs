using System.Text;
using SnapshotWorkflows.Functions.Triggers;

namespace SnapshotWorkflows.Tests.Unit.Workflows;

public sealed class RestoreBodyTests
{
    private const string Volume = "6a1f4f52-1c3e-4a5b-9f00-2c7b6f1a0d11";

    [Theory]
    [InlineData("""{}""")]
    [InlineData("""{"name":"disk-7","accountId":4,"qos":{"minIops":100,"maxIops":1000,"burstIops":2000},"host":"backup-1"}""")]
    [InlineData($$"""{"targetVolumeId":"{{Volume}}","overwrite":true}""")]
    public void What_is_well_formed_is_taken(string json) => Assert.NotNull(Parse(json));

    [Theory]
    [InlineData($$"""{"targetVolumeId":"{{Volume}}"}""", "restore.overwrite")]
    [InlineData($$"""{"targetVolumeId":"{{Volume}}","overwrite":false}""", "restore.overwrite")]
    [InlineData($$"""{"targetVolumeId":"{{Volume}}","overwrite":true,"name":"x"}""", "request.value")]
    [InlineData("""{"overwrite":true}""", "request.value")]
    [InlineData("""{"name":"a b"}""", "request.value")]
    [InlineData("""{"name":"swf-0123"}""", "request.value")]
    [InlineData("""{"name":"../x"}""", "request.value")]
    [InlineData("""{"accountId":0}""", "request.value")]
    [InlineData("""{"accountId":"4"}""", "request.value")]
    [InlineData("""{"qos":{"minIops":2000,"maxIops":1000}}""", "request.value")]
    [InlineData("""{"qos":{"iops":2000}}""", "request.unknown-member")]
    [InlineData("""{"targetVolumeId":"7"}""", "request.volume-id")]
    [InlineData("""{"volumeId":"x"}""", "request.unknown-member")]
    [InlineData("""[]""", "request.not-object")]
    [InlineData("""{"name":""", "request.not-json")]
    public void What_is_not_is_refused_by_name(string json, string code)
    {
        var refused = Assert.Throws<BadRequestException>(() => Parse(json));
        Assert.Equal(code, refused.Code);
        Assert.NotEmpty(refused.Remedy);
    }

    [Fact]
    public void Two_bodies_are_the_same_request_whatever_their_spelling()
    {
        Assert.Equal(Parse("""{"name":"a","host":"h"}""").Hash(), Parse("""{ "host":"h", "name":"a" }""").Hash());
        Assert.NotEqual(Parse("""{"name":"a"}""").Hash(), Parse("""{"host":"a"}""").Hash());
        Assert.NotEqual(Parse("""{"accountId":1}""").Hash(), Parse("""{"accountId":2}""").Hash());
    }

    private static RestoreBody Parse(string json) => RestoreBody.Parse(Encoding.UTF8.GetBytes(json));
}
