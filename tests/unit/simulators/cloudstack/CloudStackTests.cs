using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using SnapshotWorkflows.Simulators.CloudStack;
using SnapshotWorkflows.Simulators.Fabric;
using Xunit;

namespace SnapshotWorkflows.Tests.Unit.Simulators.CloudStack;

public sealed class CloudStackTests : IDisposable
{
    private readonly TestClock clock = new();
    private readonly FaultPlan faults = new();
    private readonly CloudStackSimulator simulator;
    private readonly HttpClient client;

    public CloudStackTests()
    {
        simulator = new CloudStackSimulator(new CloudStackOptions { ApiKey = "key", SecretKey = "secret" }, clock, faults);
        client = new HttpClient(new InProcessHandler().Add("ms.test:443", simulator)) { BaseAddress = new Uri("https://ms.test") };
        simulator.AddAccount("tenant");
        simulator.Add(new CloudVirtualMachine("vm-1", "web", "i-2-1-VM", "tenant", simulator.ZoneId, "Running", "host1", clock.GetUtcNow()));
        simulator.Add(new CloudVolume("vol-1", "data~1", "tenant", simulator.ZoneId, "vm-1", "vdi-1", 1L << 30, "primary", "DATADISK", clock.GetUtcNow()));
    }

    public void Dispose() => client.Dispose();

    /// <summary>Java's encoding, done the other way round than the simulator does it: by repairing .NET's.</summary>
    private static string Encode(string value) => Uri.EscapeDataString(value).Replace("~", "%7E", StringComparison.Ordinal).Replace("%2A", "*", StringComparison.Ordinal);

    private static string Query(string secret, params (string Name, string Value)[] parameters)
    {
        var all = parameters.Append(("apikey", "key")).Append(("response", "json")).OrderBy(parameter => parameter.Item1, StringComparer.Ordinal).ToList();
        var text = string.Join('&', all.Select(parameter => $"{parameter.Item1}={Encode(parameter.Item2)}"));
        var hash = HMACSHA1.HashData(Encoding.UTF8.GetBytes(secret), Encoding.UTF8.GetBytes(text.ToLowerInvariant()));
        return $"{text}&signature={Uri.EscapeDataString(Convert.ToBase64String(hash))}";
    }

    private async Task<(HttpStatusCode Status, JsonNode Body)> Get(params (string Name, string Value)[] parameters) => await Send(Query("secret", parameters));

    private async Task<(HttpStatusCode Status, JsonNode Body)> Send(string query, bool post = false)
    {
        using var response = post
            ? await client.PostAsync(new Uri("/client/api", UriKind.Relative), new StringContent(query, Encoding.UTF8, "application/x-www-form-urlencoded"))
            : await client.GetAsync(new Uri("/client/api?" + query, UriKind.Relative));
        return (response.StatusCode, JsonNode.Parse(await response.Content.ReadAsStringAsync())!);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_volume_is_found_by_its_id_over_get_and_post(bool post)
    {
        var (status, body) = await Send(Query("secret", ("command", "listVolumes"), ("id", "vol-1")), post);
        Assert.Equal(HttpStatusCode.OK, status);
        var volume = body["listvolumesresponse"]!["volume"]![0]!;
        Assert.Equal("vdi-1", (string?)volume["path"]);
        Assert.Equal("vm-1", (string?)volume["virtualmachineid"]);
        Assert.Equal("tenant", (string?)volume["account"]);
        Assert.Equal(1, (int)body["listvolumesresponse"]!["count"]!);
    }

    [Fact]
    public async Task Others_things_need_listall_and_an_empty_list_has_no_count()
    {
        Assert.Equal("""{"listvolumesresponse":{}}""", (await Get(("command", "listVolumes"))).Body.ToJsonString());
        Assert.Equal(1, (int)(await Get(("command", "listVolumes"), ("listall", "true"))).Body["listvolumesresponse"]!["count"]!);
        Assert.Equal(1, (int)(await Get(("command", "listVolumes"), ("listall", "true"), ("name", "data~1"))).Body["listvolumesresponse"]!["count"]!);
        Assert.Equal("i-2-1-VM",
            (string?)(await Get(("command", "listVirtualMachines"), ("id", "vm-1"))).Body["listvirtualmachinesresponse"]!["virtualmachine"]![0]!["instancename"]);
        Assert.Single((await Get(("command", "listZones"))).Body["listzonesresponse"]!["zone"]!.AsArray());
        Assert.NotNull((await Get(("command", "listCapabilities"))).Body["listcapabilitiesresponse"]!["capability"]!["cloudstackversion"]);
    }

    [Fact]
    public async Task A_wrong_signature_is_401()
    {
        var (status, body) = await Send(Query("guess", ("command", "listVolumes"), ("listall", "true")));
        Assert.Equal(HttpStatusCode.Unauthorized, status);
        Assert.Equal(401, (int)body["listvolumesresponse"]!["errorcode"]!);
    }

    [Fact]
    public async Task A_changed_parameter_breaks_the_signature()
    {
        var query = Query("secret", ("command", "listVolumes"), ("id", "vol-1")).Replace("vol-1", "vol-2", StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Unauthorized, (await Send(query)).Status);
    }

    [Theory]
    [InlineData(5, HttpStatusCode.OK)]
    [InlineData(-5, HttpStatusCode.Unauthorized)]
    public async Task Version_three_signatures_expire(int minutes, HttpStatusCode expected)
    {
        var expires = clock.GetUtcNow().AddMinutes(minutes).UtcDateTime;
        foreach (var format in new[] { "yyyy-MM-dd'T'HH:mm:ss'Z'", "yyyy-MM-dd'T'HH:mm:ss'+0000'" })
        {
            var (status, _) = await Get(("command", "listZones"), ("signatureversion", "3"), ("expires", expires.ToString(format, CultureInfo.InvariantCulture)));
            Assert.Equal(expected, status);
        }
    }

    [Fact]
    public async Task A_version_three_signature_without_expires_is_401() =>
        Assert.Equal(HttpStatusCode.Unauthorized, (await Get(("command", "listZones"), ("signatureversion", "3"))).Status);

    [Fact]
    public async Task Unknown_ids_and_commands_have_their_codes()
    {
        var (status, body) = await Get(("command", "listVolumes"), ("id", "nothing"));
        Assert.Equal(431, (int)status);
        Assert.Equal(9999, (int)body["listvolumesresponse"]!["cserrorcode"]!);
        (status, body) = await Get(("command", "brewCoffee"));
        Assert.Equal(432, (int)status);
        Assert.Equal(432, (int)body["errorresponse"]!["errorcode"]!);
    }

    [Fact]
    public async Task Tags_are_made_by_a_job_that_takes_its_time()
    {
        var started = await Get(("command", "createTags"), ("resourceids", "vol-1"), ("resourcetype", "Volume"), ("tags[0].key", "backup"), ("tags[0].value", "a b*~ü"));
        var job = (string)started.Body["createtagsresponse"]!["jobid"]!;
        var pending = (await Get(("command", "queryAsyncJobResult"), ("jobid", job))).Body["queryasyncjobresultresponse"]!;
        Assert.Equal(0, (int)pending["jobstatus"]!);
        Assert.Null(pending["jobresult"]);
        clock.Advance(TimeSpan.FromSeconds(1));
        var done = (await Get(("command", "queryAsyncJobResult"), ("jobid", job))).Body["queryasyncjobresultresponse"]!;
        Assert.Equal(1, (int)done["jobstatus"]!);
        var volume = (await Get(("command", "listVolumes"), ("id", "vol-1"))).Body["listvolumesresponse"]!["volume"]![0]!;
        Assert.Equal("a b*~ü", (string?)volume["tags"]![0]!["value"]);
    }

    [Fact]
    public async Task A_tag_on_nothing_fails_its_job()
    {
        var started = await Get(("command", "createTags"), ("resourceids", "ghost"), ("resourcetype", "Volume"), ("tags[0].key", "k"), ("tags[0].value", "v"));
        clock.Advance(TimeSpan.FromSeconds(1));
        var done = await Get(("command", "queryAsyncJobResult"), ("jobid", (string)started.Body["createtagsresponse"]!["jobid"]!));
        Assert.Equal(2, (int)done.Body["queryasyncjobresultresponse"]!["jobstatus"]!);
        Assert.Equal(431, (int)done.Body["queryasyncjobresultresponse"]!["jobresult"]!["errorcode"]!);
    }

    [Fact]
    public async Task Faults_are_planned_by_command()
    {
        faults.On("cloudstack", "listVolumes").HttpStatus(503);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await client.GetAsync(new Uri("/client/api?" + Query("secret", ("command", "listVolumes")), UriKind.Relative))).StatusCode);
        faults.On("cloudstack", "listVolumes").Fail("530", "Internal error");
        Assert.Equal(530, (int)(await Get(("command", "listVolumes"))).Status);
        faults.On("cloudstack", "listVolumes").DropAnswer();
        await Assert.ThrowsAsync<HttpRequestException>(() => Get(("command", "listVolumes")));
        Assert.Equal(1, faults.CallsOf("cloudstack", "listVolumes"));
    }
}
