using SnapshotWorkflows.XenServer;

namespace SnapshotWorkflows.Tests.Unit.Clients;

public sealed class XenServerStorageTests
{
    private static readonly Dictionary<string, string> s_device = new() { ["target"] = "10.0.0.1" };
    private readonly XenServerRig _rig = new();

    [Fact]
    public async Task A_probe_without_a_target_iqn_lists_the_targets()
    {
        _rig.LogIn().Error("SR_BACKEND_FAILURE_96", "", "missing", """
            <?xml version="1.0" ?>
            <iscsi-target-iqns><TGT><Index>0</Index><IPAddress>10.0.0.1</IPAddress><Port>3260</Port><TargetIQN>iqn.x:1</TargetIQN></TGT></iscsi-target-iqns>
            """);
        var probe = await _rig.Client.Srs.ProbeAsync(new("h"), s_device, "lvmoiscsi", default);
        Assert.Equal([new ProbedTarget("iqn.x:1", "10.0.0.1", 3260)], probe.TargetList!);
        Assert.Null(probe.SrList);
    }

    [Fact]
    public async Task A_probe_without_a_scsi_id_lists_the_luns()
    {
        _rig.LogIn().Error("SR_BACKEND_FAILURE_107", "", "missing",
            "<iscsi-target><LUN><vendor>SolidFir</vendor><serial>1</serial><LUNid>0</LUNid><size>1000341504</size><SCSIid>36f47acc1</SCSIid></LUN></iscsi-target>");
        var probe = await _rig.Client.Srs.ProbeAsync(new("h"), s_device, "lvmoiscsi", default);
        Assert.Equal([new ProbedLun(0, "36f47acc1", 1_000_341_504, "SolidFir", "1")], probe.LunList!);
    }

    [Theory]
    [InlineData("<SRlist><SR><UUID> abc </UUID><Devlist>x</Devlist><size>5</size></SR></SRlist>", 1)]
    [InlineData("<?xml version='1.0'?><SRlist/>", 0)]
    [InlineData("<SRlist></SRlist>", 0)]
    public async Task A_full_probe_lists_the_srs(string xml, int count)
    {
        _rig.LogIn().Result(System.Text.Json.JsonSerializer.Serialize(xml));
        var probe = await _rig.Client.Srs.ProbeAsync(new("h"), s_device, "lvmoiscsi", default);
        Assert.Equal(count, probe.SrList!.Count);
        if (count > 0) Assert.Equal(new ProbedSr("abc", 5), probe.SrList[0]);
    }

    [Fact]
    public async Task A_probe_that_cannot_be_read_is_an_error()
    {
        _rig.LogIn().Result("\"<SRlist><SR>\"");
        await Assert.ThrowsAsync<XenApiException>(() => _rig.Client.Srs.ProbeAsync(new("h"), s_device, "lvmoiscsi", default));
    }

    [Fact]
    public async Task Resigning_succeeds_by_the_words_of_an_error()
    {
        _rig.LogIn().Error("SR_BACKEND_FAILURE_1", "", "Error reporting error, unknown key The SR has been successfully resigned. Use the lvmoiscsi type to attach it", "");
        await _rig.Client.Srs.ResignAsync(new("h"), s_device, "swf-k1", default);
        Assert.Contains("relvmoiscsi", _rig.Handler.Sent[1].Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_same_code_without_those_words_leaves_the_lun_open()
    {
        _rig.LogIn().Error("SR_BACKEND_FAILURE_1", "", "Error reporting error, unknown key something else", "");
        var fault = await Assert.ThrowsAsync<XenApiException>(() => _rig.Client.Srs.ResignAsync(new("h"), s_device, "swf-k1", default));
        Assert.Equal(XenApiErrorKind.Reconcile, fault.Kind);
    }

    [Fact]
    public async Task A_pool_without_the_resigning_driver_has_touched_nothing()
    {
        _rig.LogIn().Error("SR_UNKNOWN_DRIVER", "relvmoiscsi");
        var fault = await Assert.ThrowsAsync<XenApiException>(() => _rig.Client.Srs.ResignAsync(new("h"), s_device, "swf-k1", default));
        Assert.Equal(XenApiErrorKind.Permanent, fault.Kind);
    }

    [Fact]
    public async Task A_resigning_that_returns_is_not_believed()
    {
        _rig.LogIn().Result("\"OpaqueRef:sr\"");
        await Assert.ThrowsAsync<XenApiOutcomeUnknownException>(() => _rig.Client.Srs.ResignAsync(new("h"), s_device, "swf-k1", default));
    }

    [Theory]
    [InlineData("", 0)]
    [InlineData("<value></value>", 0)]
    [InlineData("<value/>", 0)]
    [InlineData("<value>OpaqueRef:v</value>", 1)]
    [InlineData("<value><string>OpaqueRef:v</string></value>", 1)]
    [InlineData("<value><array><data><value>OpaqueRef:v</value><value>OpaqueRef:w</value></data></array></value>", 2)]
    [InlineData("<value><array><data></data></array></value>", 0)]
    public async Task A_tasks_result_is_read_in_all_its_forms(string result, int count)
    {
        _rig.LogIn().Result(XenServerRig.Task("success", result));
        var task = await _rig.Client.Tasks.FindAsync(new("OpaqueRef:t"), default);
        Assert.Equal(count, task!.ResultValues().Count);
        if (count == 1) Assert.Equal(new OpaqueRef("OpaqueRef:v"), task.ResultRef());
        else Assert.Throws<XenApiException>(() => task.ResultRef());
    }

    [Fact]
    public async Task A_failed_task_says_why()
    {
        _rig.LogIn().Result(XenServerRig.Task("failure", "", "VDI_COPY_FAILED")).Result(XenServerRig.Task("cancelled")).Result(XenServerRig.Task("pending"));
        var failed = await _rig.Client.Tasks.FindAsync(new("OpaqueRef:t"), default);
        Assert.Equal(("VDI_COPY_FAILED", XenApiErrorKind.Reconcile), (failed!.FindFailure()!.Code, failed.FindFailure()!.Kind));
        Assert.True(failed.Ended);
        Assert.Equal(new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero), failed.CreatedAt);
        Assert.Null(failed.FinishedAt);
        Assert.Equal("TASK_CANCELLED", (await _rig.Client.Tasks.FindAsync(new("OpaqueRef:t"), default))!.FindFailure()!.Code);
        var pending = await _rig.Client.Tasks.FindAsync(new("OpaqueRef:t"), default);
        Assert.False(pending!.Ended);
        Assert.Null(pending.FindFailure());
    }

    [Fact]
    public async Task Hosts_tell_their_iqn_and_whether_they_live()
    {
        _rig.LogIn().Result("""
            {"OpaqueRef:a":{"uuid":"a","enabled":true,"metrics":"OpaqueRef:m","iscsi_iqn":"","other_config":{"iscsi_iqn":"iqn.a"},"address":"10.0.0.1"},
             "OpaqueRef:b":{"uuid":"b","enabled":true,"metrics":"OpaqueRef:NULL","iscsi_iqn":"iqn.b","other_config":{},"address":"10.0.0.2"}}
            """).Result("""{"OpaqueRef:m":{"uuid":"m","live":false} }""");
        var hosts = await _rig.Client.Pool.ListHostsAsync(default);
        Assert.Equal([("a", "iqn.a", false), ("b", "iqn.b", true)], hosts.Select(host => (host.Uuid, host.Iqn!, host.Live)));
        Assert.Equal(new OpaqueRef("OpaqueRef:a"), hosts[0].Ref);
    }
}
