using System.Text;
using FsCheck;
using FsCheck.Fluent;

namespace SnapshotWorkflows.Tests.Unit.Simulators.XenServer;

/// <summary>Whatever arrives at a host's address is answered: a result, an error, or a page.</summary>
public sealed class NoiseTests
{
    private static readonly Config s_many = Config.QuickThrowOnFailure.WithMaxTest(150).WithQuietOnSuccess(true);

    [Fact]
    public void Any_bytes_are_answered_in_either_form()
    {
        using var pool = new PoolRig();
        Prop.ForAll(ArbMap.Default.ArbFor<byte[]>(), ArbMap.Default.ArbFor<bool>(), (noise, json) => Answered(pool, json ? "/jsonrpc" : "/", Encoding.Latin1.GetString(noise)))
            .Check(s_many);
    }

    [Fact]
    public void A_call_with_some_bytes_changed_is_answered()
    {
        using var pool = new PoolRig();
        var (_, _, vdi, _) = pool.Volume();
        string[] calls =
        [
            $$"""{"jsonrpc":"2.0","id":1,"method":"VDI.create","params":["{{pool.Session}}",{"name_label":"a","SR":"OpaqueRef:x","virtual_size":1,"type":"user","sharable":false,"read_only":false,"other_config":{} }]}""",
            $$"""{"id":1,"method":"event.from","params":["{{pool.Session}}",["VM","VDI/{{vdi}}"],"",0.0]}""",
            $"<?xml version='1.0'?><methodCall><methodName>SR.probe</methodName><params><param><value>{pool.Session}</value></param><param><value><string>{pool.Host()}</string></value></param><param><value><struct><member><name>target</name><value>x</value></member></struct></value></param><param><value>nfs</value></param></params></methodCall>",
        ];
        Prop.ForAll(ArbMap.Default.ArbFor<NonNegativeInt>(), ArbMap.Default.ArbFor<byte[]>(), (which, noise) =>
        {
            var call = new StringBuilder(calls[which.Get % calls.Length]);
            for (var i = 0; i + 1 < noise.Length; i += 2)
                call[(noise[i] * 37) % call.Length] = (char)(noise[i + 1] % 127);
            return Answered(pool, which.Get % calls.Length == 2 ? "/RPC2" : "/jsonrpc", call.ToString());
        }).Check(s_many);
    }

    [Theory]
    [InlineData("/jsonrpc", "[", 100_000)]
    [InlineData("/", "<value><array><data>", 10_000)]
    public void Depth_without_end_is_answered(string path, string opening, int times)
    {
        using var pool = new PoolRig();
        var xml = path == "/";
        var body = new StringBuilder(xml ? "<methodCall><methodName>x</methodName><params><param>" : "{\"id\":1,\"method\":\"x\",\"params\":");
        body.Insert(body.Length, opening, times);
        if (xml)
            body.Insert(body.Length, "</data></array></value>", 2000);
        Assert.True(Answered(pool, path, body.ToString()));
        var closed = "<methodCall><methodName>x</methodName><params><param>" + string.Concat(Enumerable.Repeat("<value><array><data>", 5000)) + string.Concat(Enumerable.Repeat("</data></array></value>", 5000)) + "</param></params></methodCall>";
        Assert.True(Answered(pool, "/", closed));
    }

    private static bool Answered(PoolRig pool, string path, string body)
    {
        var answer = pool.Post(path, body);
        return answer.StartsWith("<html>", StringComparison.Ordinal) || answer.StartsWith("<?xml", StringComparison.Ordinal) || answer.StartsWith('{');
    }
}
