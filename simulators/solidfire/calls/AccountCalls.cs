using System.Security.Cryptography;
using System.Text.Json.Nodes;
using SnapshotWorkflows.Simulators.SolidFire.Model;

namespace SnapshotWorkflows.Simulators.SolidFire.Calls;

internal sealed class AccountCalls(Cluster cluster)
{
    public void Register(CallTable table)
    {
        table.Write("AddAccount", AddAccount);
        table.Read("GetAccountByID", parameters => Wrap(cluster.Account(parameters.RequiredInteger("accountID"))));
        table.Read("GetAccountByName", GetAccountByName);
        table.Read("ListAccounts", ListAccounts);
    }

    private JsonObject AddAccount(CallParameters parameters)
    {
        var username = parameters.RequiredText("username");
        if (username.Length is < 1 or > 64)
        {
            throw ApiError.InvalidParameter("Account names have 1 to 64 characters");
        }

        if (cluster.Accounts.Values.Any(existing => existing.Username == username))
        {
            throw new ApiError("xDuplicateUsername", $"Duplicate username: {username}");
        }

        var account = new Account
        {
            Id = cluster.NextAccount(),
            Username = username,
            InitiatorSecret = Secret(parameters, "initiatorSecret"),
            TargetSecret = Secret(parameters, "targetSecret"),
            Attributes = ObjectAttributes.Read(parameters) ?? [],
            EnableChap = parameters.Flag("enableChap") ?? true,
        };
        cluster.Accounts.Add(account.Id, account);
        var result = Wrap(account);
        result["accountID"] = account.Id;
        return result;
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

    private static string Secret(CallParameters parameters, string name)
    {
        var secret = parameters.Text(name) ?? Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8));
        return secret.Length is >= 12 and <= 16 ? secret : throw ApiError.InvalidParameter($"{name} must have 12 to 16 characters");
    }

    private JsonObject Wrap(Account account) => new() { ["account"] = account.ToJson(VolumesOf(account)) };

    private IEnumerable<long> VolumesOf(Account account) => cluster.Volumes.Values
        .Where(volume => volume.AccountId == account.Id && volume.Status != VolumeStatus.Init)
        .Select(volume => volume.Id);
}
