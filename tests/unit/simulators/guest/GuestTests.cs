using System.Net;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using SnapshotWorkflows.Simulators.Fabric;
using SnapshotWorkflows.Simulators.Guest;
using Xunit;

namespace SnapshotWorkflows.Tests.Unit.Simulators.Guest;

public sealed class GuestTests : IDisposable
{
    private const string Vm = "0b5e5c2e-5f3a-4b52-8f62-8f4e14f3a001";

    private readonly TestClock clock = new();
    private readonly FaultPlan faults = new();
    private readonly GuestAgent agent;
    private readonly GuestFreeze guest;
    private readonly HttpClient client;
    private readonly Disk disk = new(8 << 20);

    public GuestTests()
    {
        agent = new GuestAgent("secret", clock, faults);
        guest = agent.AddGuest(Vm, "alias");
        client = new HttpClient(new InProcessHandler().Add("agent.test:80", agent)) { BaseAddress = new Uri("http://agent.test") };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", "secret");
    }

    public void Dispose()
    {
        client.Dispose();
        agent.Dispose();
    }

    private async Task<(HttpStatusCode Status, JsonNode Body)> Post(string path, JsonObject body)
    {
        using var response = await client.PostAsync(new Uri(path, UriKind.Relative), new StringContent(body.ToJsonString()));
        return (response.StatusCode, JsonNode.Parse(await response.Content.ReadAsStringAsync())!);
    }

    private async Task<JsonNode> Freeze(string marker, double seconds = 10, string vm = Vm)
    {
        var (status, body) = await Post("/freeze", new JsonObject { ["vmId"] = vm, ["marker"] = marker, ["timeToLiveSeconds"] = seconds });
        Assert.Equal(HttpStatusCode.OK, status);
        return body;
    }

    private async Task<JsonNode> Thaw(string marker) => (await Post("/thaw", new JsonObject { ["vmId"] = Vm, ["marker"] = marker })).Body;

    [Fact]
    public async Task A_freeze_that_is_thawed_in_time_was_held()
    {
        await Freeze("m1");
        clock.Advance(TimeSpan.FromMilliseconds(1500));
        var outcome = await Thaw("m1");
        Assert.True((bool)outcome["held"]!);
        Assert.Equal(1500, (double)outcome["heldMs"]!);
        Assert.Equal(outcome.ToJsonString(), (await Thaw("m1")).ToJsonString());
    }

    [Fact]
    public async Task Nobody_calls_and_the_guest_thaws_by_itself()
    {
        var writer = new GuestWriter(disk, guest, new GuestWriterOptions(), clock);
        await Freeze("m1", seconds: 10);
        var writing = writer.WriteNextAsync(CancellationToken.None);
        Assert.False(writing.IsCompleted);
        clock.Advance(TimeSpan.FromSeconds(10));
        await writing.WaitAsync(TimeSpan.FromSeconds(10));
        Assert.Equal(10_000, writer.Report().LongestStallMs);
        var outcome = await Thaw("m1");
        Assert.False((bool)outcome["held"]!);
        Assert.Equal(10_000, (double)outcome["heldMs"]!);
    }

    [Fact]
    public async Task The_same_marker_again_is_the_same_freeze_and_does_not_prolong_it()
    {
        var first = await Freeze("m1");
        clock.Advance(TimeSpan.FromSeconds(6));
        Assert.Equal(first.ToJsonString(), (await Freeze("m1", vm: "alias")).ToJsonString());
        clock.Advance(TimeSpan.FromSeconds(4));
        Assert.Null(guest.Active);
    }

    [Fact]
    public async Task Another_marker_is_refused_and_its_thaw_changes_nothing()
    {
        await Freeze("m1");
        var (status, body) = await Post("/freeze", new JsonObject { ["vmId"] = Vm, ["marker"] = "m2", ["timeToLiveSeconds"] = 5 });
        Assert.Equal(HttpStatusCode.Conflict, status);
        Assert.Equal("hook.frozenByOther", (string?)body["code"]);
        var other = await Thaw("m2");
        Assert.False((bool)other["held"]!);
        Assert.Null(other["frozenAt"]);
        Assert.Equal("m1", guest.Active?.Marker);
    }

    [Fact]
    public async Task A_marker_used_again_after_its_thaw_is_a_new_freeze()
    {
        await Freeze("m1", seconds: 1);
        clock.Advance(TimeSpan.FromSeconds(1));
        await Freeze("m1", seconds: 5);
        clock.Advance(TimeSpan.FromSeconds(2));
        var outcome = await Thaw("m1");
        Assert.True((bool)outcome["held"]!);
        Assert.Equal(2000, (double)outcome["heldMs"]!);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(61)]
    public async Task A_time_to_live_out_of_range_is_refused(double seconds)
    {
        var (status, body) = await Post("/freeze", new JsonObject { ["vmId"] = Vm, ["marker"] = "m", ["timeToLiveSeconds"] = seconds });
        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Equal("hook.timeToLive", (string?)body["code"]);
        Assert.Null(guest.Active);
    }

    [Fact]
    public async Task Unknown_machines_and_wrong_tokens_are_refused()
    {
        var (status, _) = await Post("/freeze", new JsonObject { ["vmId"] = "nobody", ["marker"] = "m", ["timeToLiveSeconds"] = 5 });
        Assert.Equal(HttpStatusCode.NotFound, status);
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", "guess");
        (status, _) = await Post("/freeze", new JsonObject { ["vmId"] = Vm, ["marker"] = "m", ["timeToLiveSeconds"] = 5 });
        Assert.Equal(HttpStatusCode.Unauthorized, status);
        Assert.Null(guest.Active);
    }

    [Fact]
    public async Task A_lost_answer_leaves_the_guest_frozen_until_its_time_to_live()
    {
        faults.On("hook", "freeze").DropAnswer();
        await Assert.ThrowsAsync<HttpRequestException>(() => Freeze("m1"));
        Assert.Equal([Vm, "alias"], agent.FrozenGuests());
        clock.Advance(TimeSpan.FromSeconds(10));
        Assert.Empty(agent.FrozenGuests());
    }

    [Fact]
    public async Task Freezing_waits_for_the_write_under_way_and_flushes()
    {
        _ = new GuestWriter(disk, guest, new GuestWriterOptions(), clock);
        await guest.EnterWriteAsync(CancellationToken.None);
        var freezing = Freeze("m1");
        Assert.False(freezing.IsCompleted);
        Assert.Equal(0, disk.Flushes);
        guest.ExitWrite();
        await freezing.WaitAsync(TimeSpan.FromSeconds(10));
        Assert.Equal(1, disk.Flushes);
    }

    [Fact]
    public async Task The_writer_numbers_its_blocks_and_goes_round_its_region()
    {
        var writer = new GuestWriter(disk, guest, new GuestWriterOptions { Seed = 3, RegionOffset = 8192, RegionLength = 3 * 4096 }, clock);
        for (var i = 0; i < 5; i++)
        {
            await writer.WriteNextAsync(CancellationToken.None);
        }

        var expected = new byte[4096];
        var read = new byte[4096];
        for (var (slot, sequences) = (0, new[] { 3, 4, 2 }); slot < 3; slot++)
        {
            GuestWriter.Fill(expected, 3, sequences[slot]);
            disk.Read(8192 + (slot * 4096), read);
            Assert.Equal(expected, read);
        }

        Assert.Equal([(8192, 3 * 4096)], disk.Written());
        Assert.Equal(5, writer.Report().Writes);
        Assert.Empty(writer.Report().Stalls);
    }

    private sealed class Disk(int length) : IGuestDisk
    {
        private readonly byte[] content = new byte[length];

        public int Flushes { get; private set; }

        public long Length => content.Length;

        public void Flush() => Flushes++;

        public void Read(long offset, Span<byte> buffer) => content.AsSpan((int)offset, buffer.Length).CopyTo(buffer);

        public void Write(long offset, ReadOnlySpan<byte> buffer) => buffer.CopyTo(content.AsSpan((int)offset));

        public IEnumerable<(long Offset, long Length)> AllocatedExtents() => [(0, content.Length)];

        public (int First, int Length)[] Written()
        {
            var first = content.AsSpan().IndexOfAnyExcept((byte)0);
            var last = content.AsSpan().LastIndexOfAnyExcept((byte)0);
            return [(first, (last - first + 4096) / 4096 * 4096)];
        }
    }
}
