using System.Security.Cryptography;
using System.Text.Json.Nodes;
using SnapshotWorkflows.Simulators.SolidFire.Model;

namespace SnapshotWorkflows.Simulators.SolidFire.Calls;

internal sealed class AccountCalls(Cluster cluster)
{
    public void Register(CallTable table)
    {
        table.Write("AddAccount", "accounts", AddAccount);
        table.Write("ModifyAccount", "accounts", ModifyAccount);
        table.Write("RemoveAccount", "accounts", RemoveAccount);
        table.Read("GetAccountByID", parameters => Wrap(cluster.Account(parameters.RequiredInteger("accountID"))));
        table.Read("GetAccountByName", GetAccountByName);
        table.Read("ListAccounts", ListAccounts);
    }

    private JsonObject AddAccount(CallParameters parameters)
    {
        var account = new Account
        {
            Username = NewName(parameters.RequiredText("username"), null),
            InitiatorSecret = Secret(parameters, "initiatorSecret") ?? NewSecret(),
            TargetSecret = Secret(parameters, "targetSecret") ?? NewSecret(),
            Attributes = ObjectAttributes.Read(parameters) ?? [],
            EnableChap = parameters.Flag("enableChap") ?? true,
            Id = ++cluster.Ids.Account,
        };
        cluster.Accounts.Add(account.Id, account);
        var result = Wrap(account);
        result["accountID"] = account.Id;
        return result;
    }

    private JsonObject ModifyAccount(CallParameters parameters)
    {
        var account = cluster.Account(parameters.RequiredInteger("accountID"));
        var username = parameters.Text("username");
        var status = parameters.Choice("status", "active", "locked");
        var (initiator, target) = (Secret(parameters, "initiatorSecret"), Secret(parameters, "targetSecret"));
        var (chap, attributes) = (parameters.Flag("enableChap"), ObjectAttributes.Read(parameters));
        account.Username = username is null ? account.Username : NewName(username, account);
        account.Status = status ?? account.Status;
        account.InitiatorSecret = initiator ?? account.InitiatorSecret;
        account.TargetSecret = target ?? account.TargetSecret;
        account.EnableChap = chap ?? account.EnableChap;
        account.Attributes = attributes ?? account.Attributes;
        cluster.EndSessionsWithoutAccess();
        return Wrap(account);
    }

    private JsonObject RemoveAccount(CallParameters parameters)
    {
        var account = cluster.Account(parameters.RequiredInteger("accountID"));
        if (cluster.Volumes.Values.Any(volume => volume.AccountId == account.Id))
        {
            // Assumption: only the refusal is documented, not its name.
            throw new ApiError("xAccountHasVolumes", $"AccountID {account.Id} has volumes that are not deleted and purged");
        }

        cluster.Accounts.Remove(account.Id);
        return [];
    }

    private JsonObject GetAccountByName(CallParameters parameters)
    {
        var username = parameters.RequiredText("username");
        var account = cluster.Accounts.Values.FirstOrDefault(candidate => candidate.Username == username);
        return account is null ? throw new ApiError("xUnknownAccount", "xUnknownAccount") : Wrap(account);
    }

    private JsonObject ListAccounts(CallParameters parameters)
    {
        var start = parameters.Integer("startAccountID") ?? 0;
        var limit = parameters.Identifier("limit") ?? long.MaxValue;
        parameters.Accept("includeStorageContainers");
        return new JsonObject
        {
            ["accounts"] = Json.Array(cluster.Accounts.Values
                .Where(account => account.Id >= start)
                .Take((int)Math.Min(limit, int.MaxValue))
                .Select(account => account.ToJson(VolumesOf(account)))),
        };
    }

    private string NewName(string username, Account? owner)
    {
        if (username.Length is < 1 or > 64)
        {
            throw ApiError.InvalidParameter("Account names have 1 to 64 characters");
        }

        return cluster.Accounts.Values.Any(existing => existing != owner && existing.Username == username)
            ? throw new ApiError("xDuplicateUsername", $"Duplicate username: {username}")
            : username;
    }

    /// <summary>Equal secrets are taken, although the reference says they must differ: drivers in the field send them.</summary>
    private static string? Secret(CallParameters parameters, string name) => parameters.Text(name) is not { } secret
        ? null
        : secret.Length is >= 12 and <= 16 ? secret : throw ApiError.InvalidParameter($"{name} must have 12 to 16 characters");

    private static string NewSecret() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8));

    private JsonObject Wrap(Account account) => new() { ["account"] = account.ToJson(VolumesOf(account)) };

    private IEnumerable<long> VolumesOf(Account account) => cluster.Volumes.Values
        .Where(volume => volume.AccountId == account.Id && volume.Status != VolumeStatus.Init)
        .Select(volume => volume.Id);
}
