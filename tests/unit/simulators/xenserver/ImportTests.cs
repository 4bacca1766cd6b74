using System.Net;

namespace SnapshotWorkflows.Tests.Unit.Simulators.XenServer;

public sealed class ImportTests
{
    [Fact]
    public void A_raw_body_is_the_disk()
    {
        using var pool = new PoolRig();
        var vdi = pool.EmptyVdi(pool.NfsSr(), 4 << 20);
        var content = new byte[4 << 20];
        new Random(1).NextBytes(content);
        var task = Put(pool, vdi, "raw", content);
        Assert.Equal("success", pool.Call("task.get_status", task));
        Assert.Equal(content, LayoutReader.Vhd(File.ReadAllBytes(pool.VhdPath(vdi))));
        pool.Clock.Advance(TimeSpan.FromSeconds(1));
        pool.Value("VDI.destroy", vdi);
    }

    [Fact]
    public void What_was_exported_as_vhd_is_imported_as_vhd()
    {
        using var pool = new PoolRig();
        var (_, _, uuid, content) = pool.Volume();
        var (_, body) = pool.Get($"/export_raw_vdi?session_id={pool.Session}&vdi={uuid}&format=vhd");
        var vdi = pool.EmptyVdi(pool.NfsSr(), content.Length);
        Assert.Equal("success", pool.Call("task.get_status", Put(pool, vdi, "vhd", body)));
        Assert.Equal(content, LayoutReader.Vhd(File.ReadAllBytes(pool.VhdPath(vdi))));
    }

    [Theory]
    [InlineData("no vhd")]
    [InlineData("cut")]
    [InlineData("too long")]
    [InlineData("no footer")]
    public void The_answer_is_200_and_only_the_task_says_that_it_went_wrong(string way)
    {
        using var pool = new PoolRig();
        var (_, _, uuid, content) = pool.Volume();
        var (_, body) = pool.Get($"/export_raw_vdi?session_id={pool.Session}&vdi={uuid}&format=vhd");
        var vdi = pool.EmptyVdi(pool.NfsSr(), content.Length);
        var task = way switch
        {
            "no vhd" => Put(pool, vdi, "vhd", new byte[5000]),
            "cut" => Put(pool, vdi, "vhd", body[..1_000_000]),
            "no footer" => Put(pool, vdi, "vhd", body[..^512]),
            _ => Put(pool, vdi, "raw", new byte[content.Length + 512]),
        };
        Assert.Equal("failure", pool.Call("task.get_status", task));
        Assert.NotEmpty(pool.Value("task.get_error_info", task).AsArray());
    }

    [Fact]
    public void A_disk_in_use_is_not_written_and_strangers_are_sent_away()
    {
        using var pool = new PoolRig();
        var (_, _, uuid, _) = pool.Volume();
        pool.World.CreateRunningVm("guest", uuid);
        var task = Put(pool, pool.Call("VDI.get_by_uuid", uuid), "raw", new byte[512]);
        Assert.Equal("VDI_IN_USE", pool.Value("task.get_error_info", task)[0]!.GetValue<string>());
        using var stranger = Send(pool, $"/import_raw_vdi?session_id=OpaqueRef:x&vdi={uuid}", new byte[512]);
        Assert.Equal(HttpStatusCode.Unauthorized, stranger.StatusCode);
        using var reader = Send(pool, $"/import_raw_vdi?session_id={pool.Raw("session.login_with_password", "reader", "r", "1.0", "t").GetValue<string>()}&vdi={uuid}", new byte[512]);
        Assert.Equal(HttpStatusCode.Forbidden, reader.StatusCode);
    }

    [Fact]
    public void What_is_planned_for_a_body_happens_to_it()
    {
        using var pool = new PoolRig();
        var vdi = pool.EmptyVdi(pool.NfsSr(), 4 << 20);
        var content = new byte[4 << 20];
        new Random(2).NextBytes(content);
        pool.Faults.On("xenserver", "import_raw_vdi").Corrupt(2_000_000);
        Assert.Equal("success", pool.Call("task.get_status", Put(pool, vdi, "raw", content)));
        var wrong = (byte[])content.Clone();
        wrong[2_000_000] ^= 0xff;
        Assert.Equal(wrong, LayoutReader.Vhd(File.ReadAllBytes(pool.VhdPath(vdi))));
        pool.Clock.Advance(TimeSpan.FromSeconds(1));
        pool.Faults.On("xenserver", "import_raw_vdi").Truncate(content.Length);
        Assert.Equal("success", pool.Call("task.get_status", Put(pool, vdi, "raw", content)));
        Assert.False(pool.Faults.AllFired());
        pool.Faults.Clear();
        pool.Clock.Advance(TimeSpan.FromSeconds(1));
        pool.Faults.On("xenserver", "import_raw_vdi").Restart();
        var task = pool.Call("task.create", "import", "");
        Assert.Throws<HttpRequestException>(() => Send(pool, $"/import_raw_vdi?session_id={pool.Session}&task_id={task}&vdi={vdi}&format=raw", content));
        pool.LogInAgain();
        Assert.Equal("HANDLE_INVALID", pool.Refusal("task.get_status", task).Code);
        Assert.True(pool.Faults.AllFired());
    }

    [Fact]
    public void A_body_in_chunks_is_not_found()
    {
        using var pool = new PoolRig();
        var vdi = pool.EmptyVdi(pool.NfsSr(), 4 << 20);
        var task = pool.Call("task.create", "import", "");
        using var request = new HttpRequestMessage(HttpMethod.Put, $"https://host1.{pool.Name}.test/import_raw_vdi?session_id={pool.Session}&task_id={task}&vdi={vdi}&format=raw") { Content = new ByteArrayContent(new byte[512]) };
        request.Headers.TransferEncodingChunked = true;
        using var refused = pool.Http.Send(request);
        Assert.Equal(HttpStatusCode.NotFound, refused.StatusCode);
        Assert.Equal("failure", pool.Call("task.get_status", task));
    }

    [Fact]
    public void A_random_body_never_breaks_the_host()
    {
        using var pool = new PoolRig();
        var (_, _, uuid, content) = pool.Volume();
        var (_, whole) = pool.Get($"/export_raw_vdi?session_id={pool.Session}&vdi={uuid}&format=vhd");
        var vdi = pool.EmptyVdi(pool.NfsSr(), content.Length);
        var random = new Random(4);
        for (var i = 0; i < 40; i++)
        {
            var body = (byte[])whole.Clone();
            for (var flips = random.Next(1, 20); flips > 0; flips--)
                body[random.Next(2560)] ^= (byte)(1 << random.Next(8));
            Assert.NotEqual("pending", pool.Call("task.get_status", Put(pool, vdi, "vhd", body)));
            pool.Clock.Advance(TimeSpan.FromSeconds(1));
        }
    }

    private static string Put(PoolRig pool, string vdi, string format, byte[] body)
    {
        var task = pool.Call("task.create", "import", "");
        using var response = Send(pool, $"/import_raw_vdi?session_id={pool.Session}&task_id={task}&vdi={vdi}&format={format}", body);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return task;
    }

    private static HttpResponseMessage Send(PoolRig pool, string path, byte[] body)
    {
        var response = pool.Http.Send(new HttpRequestMessage(HttpMethod.Put, $"https://host1.{pool.Name}.test{path}") { Content = new ByteArrayContent(body) });
        try
        {
            response.Content.ReadAsStream().CopyTo(Stream.Null);
        }
        catch (IOException)
        {
            // The pool broke off; the task says why.
        }

        return response;
    }
}
