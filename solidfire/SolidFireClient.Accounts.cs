using System.Text.Json.Nodes;

namespace SnapshotWorkflows.SolidFire;

public sealed partial class SolidFireClient
{
    private const int PageAccounts = 1000;

    /// <summary>All accounts, with their CHAP secrets: the cluster tells them to every administrator.</summary>
    public async Task<IReadOnlyList<SolidFireAccount>> ListAccountsAsync(CancellationToken cancellation)
    {
        var accounts = new List<SolidFireAccount>();
        while (true)
        {
            var parameters = new JsonObject { ["limit"] = PageAccounts };
            if (accounts.Count > 0) parameters["startAccountID"] = accounts.Max(account => account.AccountId) + 1;
            var page = (await ReadAsync("ListAccounts", parameters, SolidFireJson.Default.AccountsReply, cancellation)).Accounts;
            accounts.AddRange(page);
            if (page.Count < PageAccounts) return accounts;
        }
    }

    /// <summary>Makes an account; the cluster draws its secrets. User names are unique, so a second attempt is refused: read the first one's back.</summary>
    /// <param name="username">1 to 64 characters.</param>
    /// <returns>The new account's id.</returns>
    /// <exception cref="SolidFireException"><c>xDuplicateUsername</c>, kind Conflict.</exception>
    public async Task<long> AddAccountAsync(string username, JsonObject attributes, CancellationToken cancellation)
    {
        var reply = await WriteAsync("AddAccount", new() { ["username"] = username, ["attributes"] = attributes.DeepClone() }, SolidFireJson.Default.AddedAccountReply, cancellation);
        return reply.AccountId ?? reply.Account?.AccountId ?? throw new SolidFireOutcomeUnknownException("AddAccount", SolidFireErrors.AnswerLost, "The answer names no account.");
    }

    public async Task ModifyAccountAsync(long accountId, AccountChanges changes, CancellationToken cancellation)
    {
        var parameters = new JsonObject { ["accountID"] = accountId };
        if (changes.Username is { } username) parameters["username"] = username;
        if (changes.Status is { } status) parameters["status"] = status;
        if (changes.EnableChap is { } chap) parameters["enableChap"] = chap;
        if (changes.InitiatorSecret is { } initiator) parameters["initiatorSecret"] = initiator.Reveal();
        if (changes.TargetSecret is { } target) parameters["targetSecret"] = target.Reveal();
        if (changes.Attributes is { } attributes) parameters["attributes"] = attributes.DeepClone();
        await WriteAsync("ModifyAccount", parameters, SolidFireJson.Default.JsonElement, cancellation);
    }

    /// <summary>Removes an account whose volumes are all deleted and purged. Already gone is success.</summary>
    public Task RemoveAccountAsync(long accountId, CancellationToken cancellation) =>
        UnlessGoneAsync(() => WriteAsync("RemoveAccount", new() { ["accountID"] = accountId }, SolidFireJson.Default.JsonElement, cancellation));
}
