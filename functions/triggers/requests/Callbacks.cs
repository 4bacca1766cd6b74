namespace SnapshotWorkflows.Functions.Triggers;

/// <summary>What every route says of an address that is to be told how something ended.</summary>
internal static class Callbacks
{
    /// <exception cref="BadRequestException"><c>callback.not-allowed</c>.</exception>
    public static void Require(this CallbackOptions options, string? address)
    {
        if (address is not null && !options.Allows(address))
            throw new BadRequestException("callback.not-allowed", "'callbackUrl' is not an address that may be called.", "Use one under Callbacks:Allowed of the settings; Callbacks:Secret must be set too.");
    }
}
