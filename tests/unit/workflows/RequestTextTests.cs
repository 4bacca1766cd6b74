using System.Text;
using Microsoft.AspNetCore.Http;
using SnapshotWorkflows.Contracts;
using SnapshotWorkflows.Functions.Triggers;

namespace SnapshotWorkflows.Tests.Unit.Workflows;

/// <summary>Text that is no Unicode is refused with the code of what is no JSON, wherever it stands: read later it would end as a defect of ours.</summary>
public sealed class RequestTextTests
{
    private const string Volume = "6a1f4f52-1c3e-4a5b-9f00-2c7b6f1a0d11";

    [Theory]
    [InlineData("\\ud800")]
    [InlineData("\\udc00")]
    [InlineData("a\\ud83d b")]
    [InlineData("\\udc00\\ud800")]
    public void Half_a_surrogate_pair_is_no_text_wherever_it_stands(string half)
    {
        foreach (var body in (string[])[
            $$"""{"volumeId":"{{Volume}}","name":"{{half}}"}""",
            $$"""{"volumeId":"{{Volume}}","destination":"{{half}}"}""",
            $$"""{"volumeId":"{{Volume}}","policy":"{{half}}"}""",
            $$"""{"volumeId":"{{half}}"}""",
            $$"""{"volumeId":"{{Volume}}","{{half}}":1}""",
            $$$"""{"volumeId":"{{{Volume}}}","tags":{"{{{half}}}":"x"}}""",
            $$$"""{"volumeId":"{{{Volume}}}","tags":{"x":"{{{half}}}"}}"""])
        {
            Assert.Equal("request.not-json", Refusal(() => SnapshotBody.Parse(Bytes(body))).Code);
        }

        Assert.Equal("request.not-json", Refusal(() => GroupBody.Parse(Bytes($$"""{"name":"{{half}}"}"""))).Code);
        Assert.Equal("request.not-json", Refusal(() => RestoreBody.Parse(Bytes($$"""{"host":"{{half}}"}"""))).Code);
        Assert.Equal("request.not-json", Refusal(() => PolicyBody.Parse("p", Bytes($$"""{"schedule":"{{half}}"}"""))).Code);
        Assert.Equal("request.not-json", Refusal(() => PolicyBody.Parse("p", Bytes($$$$"""{"schedule":"0 2 * * *","volumes":{"tag":{"key":"{{{{half}}}}"}}}"""))).Code);
        Assert.Equal("request.not-json", Refusal(() => BodyReader.Parse(Bytes($$"""{"reason":"{{half}}"}"""), ["reason"], read => read.Text("reason"))).Code);
        Assert.Equal("event.invalid", Refusal(() => CloudEventBody.Parse(Bytes($$"""{"event":"{{half}}","status":"Completed"}"""))).Code);
        Assert.Equal("event.invalid", Refusal(() => CloudEventBody.Parse(Bytes($$"""{"event":"SNAPSHOT.CREATE","status":"Completed","{{half}}":1}"""))).Code);
    }

    [Fact]
    public void Bytes_that_are_no_UTF8_are_no_text()
    {
        byte[] body = [.. Bytes($$"""{"volumeId":"{{Volume}}","name":"""), (byte)'"', 0xc3, 0x28, (byte)'"', (byte)'}'];
        Assert.Equal("request.not-json", Refusal(() => SnapshotBody.Parse(body)).Code);
        Assert.Equal("event.invalid", Refusal(() => CloudEventBody.Parse(body)).Code);
    }

    [Fact]
    public void A_whole_pair_is_text_escaped_or_not()
    {
        Assert.Equal("\ud83d\udcbe", SnapshotBody.Parse(Bytes($$"""{"volumeId":"{{Volume}}","name":"\ud83d\udcbe"}""")).Name);
        Assert.Equal("\ud83d\udcbe \\ud800", SnapshotBody.Parse(Bytes($$"""{"volumeId":"{{Volume}}","name":"{{"\ud83d\udcbe"}} \\ud800"}""")).Name);
    }

    [Theory]
    [InlineData("""{"a\u0000":"b"}""")]
    [InlineData("""{"a":"b\u0000"}""")]
    [InlineData("""{"a":"b\nc"}""")]
    public void A_tag_has_no_control_characters_as_a_name_has_none(string tags) =>
        Assert.Equal("request.value", Refusal(() => SnapshotBody.Parse(Bytes("{\"volumeId\":\"" + Volume + "\",\"tags\":" + tags + "}"))).Code);

    [Theory]
    [InlineData("volumeId")]
    [InlineData("vmId")]
    public void A_filter_that_no_volume_or_machine_can_be_is_refused_and_not_an_empty_page(string name)
    {
        Assert.Equal("request.value", Refusal(() => ListQuery.Parse(Query($"?{name}=x"), 100)).Code);
        var query = ListQuery.Parse(Query($"?{name}={Volume.ToUpperInvariant()}"), 100);
        Assert.Equal(Volume, query.VolumeId ?? query.VmId);
    }

    [Theory]
    [InlineData("https://done.example/cb/..%2fadmin", false)]
    [InlineData("https://done.example/cb/..%2Fadmin", false)]
    [InlineData("https://done.example/cb/..%5cadmin", false)]
    [InlineData("https://done.example/cb/%252e%252e%252fadmin", false)]
    [InlineData("https://done.example/cb/%2e%2e/admin", false)]
    [InlineData("https://done.example/cb/..\\admin", false)]
    [InlineData("https://done.example/cb/..;/admin", false)]
    [InlineData("https://done.example/cb/..;v=1/admin", false)]
    [InlineData("https://done.example/cb/..%3b/admin", false)]
    [InlineData("https://done.example/cb/a%20b", true)]
    [InlineData("https://done.example/cb/a;v=1/b..;", true)]
    [InlineData("https://done.example/cb/a?of=x%2fy", true)]
    [InlineData("https://done.example/group%2fone/cb/a", true)]
    public void Neither_an_escaped_separator_nor_a_path_parameter_leads_out_of_what_may_be_called(string address, bool allowed)
    {
        var options = new CallbackOptions { Secret = "s" };
        options.Allowed.Add("https://done.example/cb/");
        options.Allowed.Add("https://done.example/group%2fone/cb");
        Assert.Equal(allowed, options.Allows(address));
    }

    [Theory]
    [InlineData("?state=7")]
    [InlineData("?state=Creating,CreatedOnPrimary")]
    [InlineData("?state=BackedUp&state=Error")]
    public void A_state_is_one_of_the_names_and_neither_a_number_nor_the_sum_of_several(string query)
    {
        Assert.Equal("request.value", Refusal(() => ListQuery.Parse(Query(query), 100)).Code);
        Assert.Equal(SnapshotState.BackedUp, ListQuery.Parse(Query("?state=backedup"), 100).State);
    }

    private static BadRequestException Refusal(Func<object?> parse) => Assert.Throws<BadRequestException>(() => parse());

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    private static HttpRequest Query(string query) => new DefaultHttpContext { Request = { QueryString = new QueryString(query) } }.Request;
}
