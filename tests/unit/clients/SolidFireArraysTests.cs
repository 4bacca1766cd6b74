using System.Net;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using SnapshotWorkflows.SolidFire;
using SnapshotWorkflows.Tests.Support.Time;

namespace SnapshotWorkflows.Tests.Unit.Clients;

/// <summary>An array is found by its cluster's uuid, proven anew at each use; one that is away hides no other.</summary>
public sealed class SolidFireArraysTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_array_is_found_by_its_clusters_uuid_whatever_the_case_and_proves_it_at_every_use()
    {
        var rig = new Rig("a", "b");
        var found = await rig.Arrays.RequireAsync("CLUSTER-B", Cancellation);
        Assert.Equal(("b", "cluster-b"), (found.Name, found.Cluster.Uuid));
        Assert.Equal((1, 1), (rig["a"].Asked, rig["b"].Asked));
        await rig.Arrays.RequireAsync("cluster-b", Cancellation);
        Assert.Equal((1, 2), (rig["a"].Asked, rig["b"].Asked));

        // Another cluster has moved behind the address: what was learned counts for nothing.
        (rig["a"].Uuid, rig["b"].Uuid) = ("cluster-b", "cluster-c");
        Assert.Equal("a", (await rig.Arrays.RequireAsync("cluster-b", Cancellation)).Name);
    }

    [Theory]
    [InlineData("a")]
    [InlineData("a b")]
    public async Task A_cluster_that_none_of_them_is_is_refused(string those)
    {
        var names = those.Split(' ');
        var rig = new Rig(names);
        var refused = await Assert.ThrowsAsync<SolidFireArraysException>(() => rig.Arrays.RequireAsync("cluster-x", Cancellation));
        Assert.Equal((SolidFireArraysException.OtherCluster, SolidFireErrorKind.Conflict), (refused.Code, refused.Kind));
        foreach (var name in names) Assert.Contains($"cluster-{name}", refused.Message, StringComparison.Ordinal);
        Assert.NotEmpty(refused.Remedy);
    }

    [Fact]
    public async Task One_that_is_away_hides_no_other_and_is_never_said_not_to_be_the_one()
    {
        var rig = new Rig("a", "b");
        rig["b"].Away = true;
        Assert.Equal("a", (await rig.Arrays.RequireAsync("cluster-a", Cancellation)).Name);
        Assert.Equal(SolidFireErrorKind.Transient, (await Assert.ThrowsAsync<SolidFireException>(() => rig.Arrays.RequireAsync("cluster-x", Cancellation))).Kind);
        Assert.Equal(SolidFireErrorKind.Transient, (await Assert.ThrowsAsync<SolidFireException>(() => rig.Arrays.RequireAsync("cluster-b", Cancellation))).Kind);

        // Known to be a's, so b is not even asked.
        var asked = rig["b"].Asked;
        await rig.Arrays.RequireAsync("cluster-a", Cancellation);
        Assert.Equal(asked, rig["b"].Asked);
        rig["b"].Away = false;
        Assert.Equal("b", (await rig.Arrays.RequireAsync("cluster-b", Cancellation)).Name);
    }

    [Fact]
    public async Task What_may_pass_is_told_before_what_a_person_must_mend()
    {
        var rig = new Rig("a", "b", "c");
        rig["a"].Status = HttpStatusCode.Unauthorized;
        rig["b"].Away = true;
        Assert.Equal(SolidFireErrorKind.Transient, (await Assert.ThrowsAsync<SolidFireException>(() => rig.Arrays.RequireAsync("cluster-a", Cancellation))).Kind);
        rig["b"].Away = false;
        var refused = await Assert.ThrowsAsync<SolidFireException>(() => rig.Arrays.RequireAsync("cluster-a", Cancellation));
        Assert.Equal(SolidFireErrorKind.PermissionDenied, refused.Kind);
        Assert.Equal("c", (await rig.Arrays.RequireAsync("cluster-c", Cancellation)).Name);
    }

    [Fact]
    public async Task One_that_keeps_silent_holds_up_another_for_a_second_and_what_is_not_found_for_ten()
    {
        var time = new ManualTimeProvider();
        var rig = new Rig(time, "a", "b");
        rig["b"].Silent = true;
        var search = rig.Arrays.RequireAsync("cluster-a", Cancellation);
        Assert.False(search.IsCompleted);
        time.AdvanceTo(time.GetUtcNow() + TimeSpan.FromSeconds(1));
        Assert.Equal("a", (await search).Name);
        var missing = rig.Arrays.RequireAsync("cluster-b", Cancellation);
        time.AdvanceTo(time.GetUtcNow() + TimeSpan.FromSeconds(9));
        Assert.False(missing.IsCompleted);
        time.AdvanceTo(time.GetUtcNow() + TimeSpan.FromSeconds(1));
        var away = await Assert.ThrowsAsync<SolidFireException>(() => missing);
        Assert.Equal((SolidFireErrorKind.Transient, SolidFireErrors.TimedOut), (away.Kind, away.ErrorName));
        Assert.Contains("Array b", away.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Two_entries_of_one_cluster_are_refused_everywhere_and_told_by_the_check()
    {
        var rig = new Rig("a", "b", "c");
        rig["b"].Uuid = "cluster-a";
        foreach (var use in (Func<Task>[])[() => rig.Arrays.RequireAsync("cluster-a", Cancellation), () => rig.Arrays.OpenAsync("a", Cancellation), () => rig.Arrays.OpenAsync("b", Cancellation), () => rig.Arrays.OpenAsync(null, Cancellation)])
        {
            var refused = await Assert.ThrowsAsync<SolidFireArraysException>(use);
            Assert.Equal(SolidFireArraysException.NamedTwice, refused.Code);
            Assert.Contains("(a)", refused.Message, StringComparison.Ordinal);
            Assert.Contains("(b)", refused.Message, StringComparison.Ordinal);
        }

        Assert.Equal("c", (await rig.Arrays.RequireAsync("cluster-c", Cancellation)).Name);
        Assert.Contains("one cluster, cluster-a", string.Join(' ', (await rig.Arrays.CheckAsync("b", Cancellation)).Mend), StringComparison.Ordinal);

        // Pointed elsewhere, it is one of its own again.
        rig["b"].Uuid = "cluster-b";
        Assert.Equal("a", (await rig.Arrays.RequireAsync("cluster-a", Cancellation)).Name);
        Assert.Equal("b", (await rig.Arrays.OpenAsync("b", Cancellation)).Name);
    }

    [Fact]
    public async Task A_name_that_is_not_configured_is_refused_and_no_name_is_the_first()
    {
        var rig = new Rig("a", "b");
        Assert.Equal("a", (await rig.Arrays.OpenAsync(null, Cancellation)).Name);
        Assert.Equal(SolidFireArraysException.NotConfigured, (await Assert.ThrowsAsync<SolidFireArraysException>(() => rig.Arrays.OpenAsync("x", Cancellation))).Code);
    }

    private sealed class Rig
    {
        private readonly Dictionary<string, Cluster> _clusters = new(StringComparer.Ordinal);

        public Rig(params string[] names)
            : this(TimeProvider.System, names)
        {
        }

        public Rig(TimeProvider time, params string[] names)
        {
            foreach (var name in names) _clusters.Add(name, new Cluster($"cluster-{name}"));
            Arrays = new SolidFireArrays(
                names.Select(name => new SolidFireOptions { Name = name, Endpoint = new Uri($"https://{name}/json-rpc/12.5"), Username = "u", Password = "p", ReadAttempts = 1, CallTimeout = TimeSpan.FromMinutes(10) }),
                options => new HttpClient(_clusters[options.Name]) { Timeout = Timeout.InfiniteTimeSpan }, time, NullLogger<SolidFireClient>.Instance);
        }

        public SolidFireArrays Arrays { get; }

        public Cluster this[string name] => _clusters[name];
    }

    /// <summary>Says who it is, and nothing else.</summary>
    private sealed class Cluster(string uuid) : HttpMessageHandler
    {
        public string Uuid { get; set; } = uuid;

        public bool Away { get; set; }

        public bool Silent { get; set; }

        public HttpStatusCode Status { get; set; } = HttpStatusCode.OK;

        public int Asked { get; private set; }

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Asked++;
            if (Silent) await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
            if (Away) throw new HttpRequestException(HttpRequestError.ConnectionError, "refused");
            var body = $$"""{"id":1,"result":{"clusterInfo":{"uuid":"{{Uuid}}","uniqueID":"1mhp","name":"n","svip":"s","mvip":"m"} } }""";
            return new HttpResponseMessage(Status) { Content = new StringContent(Status == HttpStatusCode.OK ? body : "", Encoding.UTF8, "application/json") };
        }
    }
}
