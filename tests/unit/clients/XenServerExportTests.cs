using System.Net;
using SnapshotWorkflows.XenServer;

namespace SnapshotWorkflows.Tests.Unit.Clients;

public sealed class XenServerExportTests
{
    private static readonly OpaqueRef s_vdi = new("OpaqueRef:vdi");
    private readonly XenServerRig _rig = new();

    [Fact]
    public async Task A_whole_export_ends_in_peace()
    {
        Begin(8).Handler.Bytes([1, 2, 3, 4, 5, 6, 7, 8]);
        _rig.Result(XenServerRig.Task("pending")).Result(XenServerRig.Task("success")).Result("\"\"");
        var bytes = await ReadAsync(VdiExportFormat.Raw);
        Assert.Equal([1, 2, 3, 4, 5, 6, 7, 8], bytes);
        var get = _rig.Handler.Sent.Single(sent => sent.Method == HttpMethod.Get);
        Assert.DoesNotContain("canary", get.Address.ToString(), StringComparison.Ordinal);
        Assert.Contains($"session_id={XenServerRig.Session}", get.Headers, StringComparison.Ordinal);
        Assert.Contains("format=raw", get.Address.Query, StringComparison.Ordinal);
        Assert.Equal(0, _rig.Handler.Left);
    }

    [Fact]
    public async Task A_short_export_is_no_success_although_the_task_says_so()
    {
        Begin(9).Handler.Bytes([1, 2, 3, 4, 5, 6, 7, 8]);
        _rig.Result(XenServerRig.Task("success")).Tidied();
        await FailsAsync(VdiExportFormat.Raw, XenApiErrors.ExportBroken);
    }

    [Fact]
    public async Task An_export_longer_than_the_disk_is_no_success()
    {
        Begin(7).Handler.Bytes([1, 2, 3, 4, 5, 6, 7, 8]);
        _rig.Tidied();
        await FailsAsync(VdiExportFormat.Raw, XenApiErrors.ExportBroken);
    }

    [Theory]
    [InlineData(VdiExportFormat.Raw)]
    [InlineData(VdiExportFormat.Vhd)]
    public async Task A_second_status_line_is_an_error_and_not_data(VdiExportFormat format)
    {
        Begin(8).Handler.Bytes("HTTP/1.1 500 Internal Server Error\r\n"u8.ToArray());
        _rig.Result(XenServerRig.Task("failure", "", "VDI_IO_ERROR", "Device I/O errors")).Tidied();
        await FailsAsync(format, "VDI_IO_ERROR");
    }

    [Fact]
    public async Task A_vhd_export_whose_task_failed_is_no_success()
    {
        Begin(8).Handler.Bytes([1, 2, 3, 4, 5, 6, 7, 8]);
        _rig.Result(XenServerRig.Task("failure", "", "SR_BACKEND_FAILURE_46", "x")).Tidied();
        await FailsAsync(VdiExportFormat.Vhd, "SR_BACKEND_FAILURE_46");
    }

    [Fact]
    public async Task An_export_whose_task_is_gone_is_no_success()
    {
        Begin(8).Handler.Bytes([1, 2, 3, 4, 5, 6, 7, 8]);
        _rig.Error("HANDLE_INVALID", "task", "OpaqueRef:task").Tidied();
        await FailsAsync(VdiExportFormat.Raw, XenApiErrors.ExportBroken);
    }

    [Fact]
    public async Task A_redirect_to_a_host_of_the_pool_is_followed()
    {
        Begin(4).Handler.Then(_ => Redirect("https://other:8443/export_raw_vdi?x=1"));
        _rig.Result("""{"OpaqueRef:b":{"uuid":"b","enabled":true,"address":"other"}}""").Handler.Bytes([1, 2, 3, 4]);
        _rig.Result(XenServerRig.Task("success")).Result("\"\"");
        Assert.Equal(4, (await ReadAsync(VdiExportFormat.Raw)).Length);
        Assert.Equal("other", _rig.Handler.Sent.Last(sent => sent.Method == HttpMethod.Get).Address.Host);
    }

    [Theory]
    [InlineData("https://stranger:8443/export_raw_vdi")]
    [InlineData("http://other:8443/export_raw_vdi")]
    [InlineData("https://other:9999/export_raw_vdi")]
    public async Task A_redirect_elsewhere_gets_no_session(string location)
    {
        Begin(4).Handler.Then(_ => Redirect(location));
        if (location.StartsWith("https", StringComparison.Ordinal)) _rig.Result("""{"OpaqueRef:b":{"uuid":"b","enabled":true,"address":"other"}}""");
        _rig.Tidied();
        var fault = await Assert.ThrowsAsync<XenApiException>(() => _rig.Client.OpenVdiExportAsync(s_vdi, VdiExportFormat.Raw, default));
        Assert.Equal(XenApiErrorKind.Permanent, fault.Kind);
        Assert.Single(_rig.Handler.Sent, sent => sent.Method == HttpMethod.Get);
    }

    [Fact]
    public async Task An_export_left_early_cancels_and_drops_its_task()
    {
        Begin(8).Handler.Bytes([1, 2, 3, 4, 5, 6, 7, 8]);
        _rig.Tidied();
        var export = await _rig.Client.OpenVdiExportAsync(s_vdi, VdiExportFormat.Raw, default);
        await export.DisposeAsync();
        Assert.Contains("task.cancel", _rig.Handler.Sent[^3].Body, StringComparison.Ordinal);
        Assert.Contains("task.destroy", _rig.Handler.Sent[^1].Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_task_that_was_made_and_never_used_is_taken_up_again()
    {
        Listed($$"""{"OpaqueRef:left":{{Left("{}")}} }""").Handler.Bytes([1, 2, 3, 4]);
        _rig.Result(XenServerRig.Task("success")).Result("\"\"");
        Assert.Equal(4, (await ReadAsync(VdiExportFormat.Raw)).Length);
        Assert.DoesNotContain(_rig.Handler.Sent, sent => sent.Body.Contains("task.create", StringComparison.Ordinal));
        Assert.Contains("OpaqueRef%3Aleft", _rig.Handler.Sent.Single(sent => sent.Method == HttpMethod.Get).Address.Query, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_task_whose_making_was_not_answered_is_looked_for_before_another_is_made()
    {
        Listed("{}").Error("INTERNAL_ERROR", "x").Result($$"""{"OpaqueRef:left":{{Left("{}")}} }""").Handler.Bytes([1, 2, 3, 4]);
        _rig.Result(XenServerRig.Task("success")).Result("\"\"");
        Assert.Equal(4, (await ReadAsync(VdiExportFormat.Raw)).Length);
        Assert.Single(_rig.Handler.Sent, sent => sent.Body.Contains("task.create", StringComparison.Ordinal));
        Assert.Contains("OpaqueRef%3Aleft", _rig.Handler.Sent.Single(sent => sent.Method == HttpMethod.Get).Address.Query, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_task_that_was_asked_to_stop_is_left_alone()
    {
        Listed($$"""{"OpaqueRef:left":{{Left("""{"OpaqueRef:c":"cancel"}""")}} }""").Result("\"OpaqueRef:new\"").Handler.Bytes([1, 2, 3, 4]);
        _rig.Result(XenServerRig.Task("success")).Result("\"\"");
        Assert.Equal(4, (await ReadAsync(VdiExportFormat.Raw)).Length);
        Assert.Contains("OpaqueRef%3Anew", _rig.Handler.Sent.Single(sent => sent.Method == HttpMethod.Get).Address.Query, StringComparison.Ordinal);
    }

    /// <summary>The pool makes it all the same: nobody else would know it, and it would stay for a day.</summary>
    [Fact]
    public async Task A_task_that_was_being_made_when_the_export_was_cancelled_is_tidied()
    {
        using var wish = new CancellationTokenSource();
        Listed("{}").Handler.Then(_ =>
        {
            wish.Cancel();
            return Answer("""{"jsonrpc":"2.0","result":"OpaqueRef:task","id":1}""");
        });
        _rig.Tidied();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _rig.Client.OpenVdiExportAsync(s_vdi, VdiExportFormat.Raw, wish.Token));
        Assert.Contains("task.destroy", _rig.Handler.Sent[^1].Body, StringComparison.Ordinal);
        Assert.Equal(0, _rig.Handler.Left);
    }

    /// <summary>The answer to its making was lost, and a person changed his mind meanwhile: it is looked for all the same.</summary>
    [Fact]
    public async Task A_task_whose_making_was_not_answered_when_the_export_was_cancelled_is_tidied()
    {
        using var wish = new CancellationTokenSource();
        Listed("{}").Handler.Then(_ =>
        {
            wish.Cancel();
            return Answer("""{"jsonrpc":"2.0","error":{"code":1,"message":"INTERNAL_ERROR","data":["x"]},"id":1}""");
        });
        _rig.Result($$"""{"OpaqueRef:left":{{Left("{}")}} }""").Tidied();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _rig.Client.OpenVdiExportAsync(s_vdi, VdiExportFormat.Raw, "Export of u1", wish.Token, CancellationToken.None));
        Assert.Contains("task.destroy", _rig.Handler.Sent[^1].Body, StringComparison.Ordinal);
        Assert.Contains("OpaqueRef:left", _rig.Handler.Sent[^1].Body, StringComparison.Ordinal);
        Assert.Equal(0, _rig.Handler.Left);
    }

    /// <summary>Not one byte is sent, and the task does not stay for a day.</summary>
    [Fact]
    public async Task A_task_that_was_being_made_when_the_import_was_cancelled_is_tidied()
    {
        using var wish = new CancellationTokenSource();
        _rig.LogIn().Result(XenServerRig.Vdi("u1", 4)).Handler.Text("", HttpStatusCode.OK);
        _rig.Result("{}").Handler.Then(_ =>
        {
            wish.Cancel();
            return Answer("""{"jsonrpc":"2.0","result":"OpaqueRef:task","id":1}""");
        });
        _rig.Tidied();
        var content = new MemoryStream([1, 2, 3, 4]);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _rig.Client.ImportVdiAsync(s_vdi, VdiExportFormat.Raw, content, 4, "Import into u1", new Progress<long>(), wish.Token, CancellationToken.None));
        Assert.Contains("task.destroy", _rig.Handler.Sent[^1].Body, StringComparison.Ordinal);
        Assert.Equal((0, 0L), (_rig.Handler.Left, content.Position));
    }

    [Fact]
    public async Task A_task_that_no_export_took_up_is_ended_by_us_where_the_pool_can()
    {
        Begin(4).Handler.Text("busy", HttpStatusCode.ServiceUnavailable);
        _rig.Result(Left("{}")).Result("\"\"").Result(Left("{}")).Error("MESSAGE_METHOD_UNKNOWN", "task.set_status").Result("\"\"");
        var fault = await Assert.ThrowsAsync<XenApiException>(() => _rig.Client.OpenVdiExportAsync(s_vdi, VdiExportFormat.Raw, default));
        Assert.Equal(("Http503", XenApiErrorKind.Transient), (fault.Code, fault.Kind));
        Assert.Contains("task.destroy", _rig.Handler.Sent[^1].Body, StringComparison.Ordinal);
        Assert.Equal(0, _rig.Handler.Left);
    }

    private static string Left(string operations) =>
        $$"""{"uuid":"t2","name_label":"Export of u1","status":"pending","progress":0,"result":"","error_info":[],"current_operations":{{operations}} }""";

    private XenServerRig Listed(string tasks) => _rig.LogIn().Result(XenServerRig.Vdi("u1", 4)).Result(tasks);

    private static HttpResponseMessage Answer(string json) => new(HttpStatusCode.OK) { Content = new StringContent(json, System.Text.Encoding.UTF8, "application/json") };

    private static HttpResponseMessage Redirect(string location)
    {
        var response = new HttpResponseMessage(HttpStatusCode.Redirect);
        response.Headers.Location = new Uri(location);
        return response;
    }

    private XenServerRig Begin(long bytes) => _rig.LogIn().Result(XenServerRig.Vdi("u1", bytes)).Result("{}").Result("\"OpaqueRef:task\"");

    private async Task<byte[]> ReadAsync(VdiExportFormat format)
    {
        await using var export = await _rig.Client.OpenVdiExportAsync(s_vdi, format, default);
        using var all = new MemoryStream();
        await export.CopyToAsync(all, 3, default);
        return all.ToArray();
    }

    private async Task FailsAsync(VdiExportFormat format, string code)
    {
        var fault = await Assert.ThrowsAsync<XenApiException>(() => ReadAsync(format));
        Assert.Equal(code, fault.Code);
        Assert.Equal(XenApiErrorKind.Transient, fault.Kind);
        Assert.Equal(0, _rig.Handler.Left);
    }
}
