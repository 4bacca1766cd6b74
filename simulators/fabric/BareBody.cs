using Microsoft.AspNetCore.Http;

namespace SnapshotWorkflows.Simulators.Fabric;

/// <summary>A connection that can let an answer go out without framing. A connection without a socket has no framing and no such feature.</summary>
internal interface IBareBodyFeature
{
    /// <summary>The next answer's head loses its Transfer-Encoding on the way out. Before the answer has started.</summary>
    void Arm();
}

/// <summary>
/// Answers as servers did before there were chunks: the head states no length and no encoding, bytes follow as they are, and the body's end
/// is the connection's end, so that a body that was cut short looks like one that is complete.
/// </summary>
public static class BareBody
{
    /// <summary>What Kestrel is told to leave bodies alone: an encoding that it does not know. It never reaches the wire.</summary>
    internal const string Placeholder = "identity";

    /// <summary>Before anything of the answer is sent.</summary>
    public static void Use(HttpResponse response)
    {
        response.Headers.Connection = "close";
        if (response.HttpContext.Features.Get<IBareBodyFeature>() is not { } connection)
        {
            return;
        }

        connection.Arm();
        response.Headers.TransferEncoding = Placeholder;
    }
}
