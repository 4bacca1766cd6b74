using System.Net;
using System.Security.Cryptography;
using System.Text;
using SnapshotWorkflows.CloudStack;
using SnapshotWorkflows.Simulators.CloudStack;

namespace SnapshotWorkflows.Tests.Contracts.Appliances;

/// <summary>CloudStack's own snapshots and policies, and the webhooks that tell of them.</summary>
public sealed class CloudStackSnapshotContractTests
{
    [Fact]
    public async Task A_snapshot_is_taken_once_for_one_job_id_listed_tagged_and_deleted()
    {
        await using var world = await Appliances.StartAsync();
        var (client, volume) = (world.CloudClient, Add(world, "Running"));
        var job = Guid.NewGuid();
        var started = await client.CreateSnapshotAsync(volume, "mine", job, new Dictionary<string, string> { ["swf"] = "k1" }, default);
        Assert.Equal(job.ToString(), started.JobId);
        await Assert.ThrowsAsync<CloudStackException>(() => client.CreateSnapshotAsync(volume, "mine", job, new Dictionary<string, string>(), default));
        await client.WaitForJobAsync(started.JobId, default);
        var snapshot = Assert.Single(await client.ListSnapshotsAsync(new() { VolumeId = volume }, default));
        Assert.Equal((started.SnapshotId, "mine", "BackedUp", "PRIMARY"), (snapshot.Id, snapshot.Name, snapshot.State, snapshot.LocationType));
        await client.WaitForJobAsync(await client.DeleteTagsAsync("Snapshot", [snapshot.Id], ["swf"], default), default);
        Assert.Empty(Assert.Single(await client.ListSnapshotsAsync(new() { VolumeId = volume }, default)).Tags);
        var missing = await Assert.ThrowsAsync<CloudStackException>(async () => await client.WaitForJobAsync(await client.DeleteTagsAsync("Snapshot", [snapshot.Id], ["swf"], default), default));
        Assert.Equal(CloudStackErrorKind.NotFound, missing.Kind);
        await client.WaitForJobAsync((await client.DeleteSnapshotAsync(snapshot.Id, default))!, default);
        Assert.Null(await client.DeleteSnapshotAsync(snapshot.Id, default));
    }

    [Fact]
    public async Task A_revert_needs_a_stopped_machine_and_policies_are_listed()
    {
        await using var world = await Appliances.StartAsync();
        var (client, running, stopped) = (world.CloudClient, Add(world, "Running"), Add(world, "Stopped"));
        Assert.Empty(await client.ListSnapshotPoliciesAsync(stopped, default));
        foreach (var volume in (string[])[running, stopped])
        {
            var started = await client.CreateSnapshotAsync(volume, null, Guid.NewGuid(), new Dictionary<string, string>(), default);
            await client.WaitForJobAsync(started.JobId, default);
            if (volume == running) await Assert.ThrowsAsync<CloudStackException>(() => client.RevertSnapshotAsync(started.SnapshotId!, Guid.NewGuid(), default));
            else Assert.Equal(CloudStackJobState.Succeeded, (await client.WaitForJobAsync(await client.RevertSnapshotAsync(started.SnapshotId!, Guid.NewGuid(), default), default)).State);
        }
    }

    [Fact]
    public async Task A_webhook_tries_three_times_counts_only_200_and_signs_what_it_sends()
    {
        using var listener = new HttpListener();
        var port = FreePort();
        listener.Prefixes.Add($"http://127.0.0.1:{port}/hook/");
        listener.Start();
        var seen = new List<(string Id, string Signature, byte[] Body)>();
        var serving = Task.Run(async () =>
        {
            int[] statuses = [204, 500, 200, 202, 202, 202];
            foreach (var status in statuses)
            {
                var context = await listener.GetContextAsync();
                using var body = new MemoryStream();
                await context.Request.InputStream.CopyToAsync(body);
                seen.Add((context.Request.Headers["X-CS-Event-ID"]!, context.Request.Headers["X-CS-Signature"]!, body.ToArray()));
                context.Response.StatusCode = status;
                context.Response.Close();
            }
        });
        using var sender = new WebhookSender();
        var target = new WebhookTarget(new Uri($"http://127.0.0.1:{port}/hook/"), "hook-secret");
        var occurred = new CloudActionEvent
        {
            Id = "e1", Type = "SNAPSHOT.CREATE", Status = "Completed", User = "u", Account = "a", Entity = "com.cloud.storage.Snapshot", EntityUuid = "s", Description = "d", At = DateTimeOffset.UnixEpoch,
        };
        var good = await sender.DeliverAsync(target, occurred);
        var bad = await sender.DeliverAsync(target, occurred with { Id = "e2" });
        await serving;
        Assert.Equal((3, 200, true), (good.Tries, good.Status, good.Success));
        Assert.Equal((3, 202, false), (bad.Tries, bad.Status, bad.Success));
        Assert.Equal(["e1", "e1", "e1", "e2", "e2", "e2"], seen.Select(request => request.Id));
        Assert.All(seen, request => Assert.Equal(Convert.ToBase64String(HMACSHA256.HashData(Encoding.UTF8.GetBytes("hook-secret"), request.Body)), request.Signature));
    }

    private static string Add(Appliances world, string state)
    {
        world.Cloud.AddAccount("tenant");
        var (volume, machine, created) = (Guid.NewGuid().ToString(), Guid.NewGuid().ToString(), DateTimeOffset.UnixEpoch);
        world.Cloud.Add(new CloudVirtualMachine(machine, "web", "i-2-3-VM", "tenant", world.Cloud.ZoneId, state, "production-1", created));
        world.Cloud.Add(new CloudVolume(volume, "data", "tenant", world.Cloud.ZoneId, machine, "vdi-uuid", 4 << 20, "primary", "DATADISK", created));
        return volume;
    }

    private static int FreePort()
    {
        using var probe = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }
}
