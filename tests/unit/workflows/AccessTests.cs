using System.Security.Claims;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using SnapshotWorkflows.App.Access;
using SnapshotWorkflows.Durable.Host;
using SnapshotWorkflows.Functions.Triggers;

namespace SnapshotWorkflows.Tests.Unit.Workflows;

/// <summary>What each role may do, and that what nobody thought of opens to operators only.</summary>
public sealed class AccessTests
{
    private const string Domain = "6c1f3c0e-9a51-11ee-8c90-0242ac120002";

    [Theory]
    [InlineData(AccessRole.Operator, "NewFunction", "POST", true)]
    [InlineData(AccessRole.Operator, null, "GET", true)]
    [InlineData(AccessRole.Reader, "ListSnapshots", "GET", true)]
    [InlineData(AccessRole.Reader, "PreviewPolicy", "POST", true)]
    [InlineData(AccessRole.Reader, "GetPolicyRun", "GET", true)]
    [InlineData(AccessRole.Reader, "RunPolicyNow", "POST", false)]
    [InlineData(AccessRole.Reader, "CreateSnapshot", "POST", false)]
    [InlineData(AccessRole.Reader, "DeletePolicy", "DELETE", false)]
    [InlineData(AccessRole.Reader, null, "GET", false)]
    [InlineData(AccessRole.Tenant, "CreateSnapshot", "POST", true)]
    [InlineData(AccessRole.Tenant, "ListAudit", "GET", false)]
    [InlineData(AccessRole.Tenant, "ListPolicies", "GET", false)]
    [InlineData(AccessRole.Tenant, "RunPolicyNow", "POST", false)]
    [InlineData(AccessRole.Tenant, "NewFunction", "GET", false)]
    [InlineData(AccessRole.None, "ListSnapshots", "GET", false)]
    public void A_role_opens_what_it_should(AccessRole role, string? function, string verb, bool opens) => Assert.Equal(opens, RoleRules.Allows(role, function, verb));

    [Fact]
    public void A_key_that_is_not_named_is_an_operators()
    {
        var (gate, context) = Gate("other", new AccessOptions());
        Assert.Null(gate.Refuses(context, "PutPolicy"));
        Assert.True(context.Request.IsOperator());
        Assert.Null(context.Request.Accounts());
    }

    [Fact]
    public void A_tenants_key_is_bound_to_its_accounts()
    {
        var (gate, context) = Gate("shop", Tenant($"{Domain}/acme", $"{Domain}/acme-test"));
        Assert.Null(gate.Refuses(context, "ListSnapshots"));
        Assert.False(context.Request.IsOperator());
        Assert.Equal([$"{Domain}/acme", $"{Domain}/acme-test"], context.Request.Accounts());
        Assert.Equal("shop", context.Request.Caller());
        var refused = gate.Refuses(context, "PutPolicy");
        Assert.Equal((403, "key.role"), (refused!.Status, refused.Code));
    }

    [Fact]
    public void Roles_that_say_nothing_or_too_much_stop_the_start()
    {
        Assert.True(Fails("a", new KeyAccess()));
        Assert.True(Fails("a", new KeyAccess { Role = AccessRole.Tenant }));
        Assert.True(Fails("a", new KeyAccess { Role = AccessRole.Reader, Accounts = ["x"] }));
        Assert.True(Fails("a", new KeyAccess { Role = AccessRole.Tenant, Accounts = ["acme"] }));
        Assert.True(Fails("a", new KeyAccess { Role = AccessRole.Tenant, Accounts = [$"{Domain}/acme", "no-uuid/acme"] }));
        Assert.False(Fails("a", new KeyAccess { Role = AccessRole.Tenant, Accounts = [$"{Domain}/acme"] }));
        Assert.True(Fails("master", new KeyAccess { Role = AccessRole.Reader }));
        Assert.False(Fails("a", new KeyAccess { Role = AccessRole.Reader }));

        static bool Fails(string key, KeyAccess access)
        {
            var options = new AccessOptions();
            options.Keys[key] = access;
            return new AccessValidation().Validate(null, options).Failed;
        }
    }

    [Fact]
    public void A_role_without_a_key_is_told_with_the_key_that_may_be_meant_and_stops_nothing()
    {
        var options = Tenant($"{Domain}/acme");
        options.Keys["Eye"] = new KeyAccess { Role = AccessRole.Reader };
        Assert.Null(new RolesWithoutKey(Options.Create(new AccessOptions()), new Names("default")).Find());

        var held = new RolesWithoutKey(Options.Create(options), new Names("default", "SHOP", "eye")).Find()!;
        Assert.Equal((true, null), (held.Ready, held.Mend));

        var slip = new RolesWithoutKey(Options.Create(options), new Names("default", "shopp", "eye")).Find()!;
        Assert.Equal("access keys", slip.System);
        Assert.Equal("Access:Keys:shop gives a role to a key that is not there; there is shopp, which is an operator's. Correct the name, or make the key: POST /admin/host/keys/shop with the master key.", slip.Mend);
        Assert.Equal(new ReadinessVerdict(Ready: true, Degraded: true), ReadinessVerdict.Of([slip, new ReadinessFinding("hub", Ready: true, "", Mend: null)]));
        Assert.Equal(new ReadinessVerdict(Ready: false, Degraded: false), ReadinessVerdict.Of([held, new ReadinessFinding("hub", Ready: false, "", "mend it")]));

        // A name that has a role of its own is not the one that was meant.
        Assert.DoesNotContain("there is", new RolesWithoutKey(Options.Create(options), new Names("default", "eye")).Find()!.Mend!, StringComparison.Ordinal);
    }

    private sealed class Names(params string[] names) : IAccessKeyNames
    {
        IReadOnlyCollection<string> IAccessKeyNames.Names() => names;
    }

    private static AccessOptions Tenant(params string[] accounts)
    {
        var options = new AccessOptions();
        options.Keys["shop"] = new KeyAccess { Role = AccessRole.Tenant, Accounts = accounts };
        return options;
    }

    private static (RoleGate Gate, HttpContext Context) Gate(string key, AccessOptions options)
    {
        var identity = new ClaimsIdentity([new Claim(ClaimTypes.Name, key), new Claim(ClaimTypes.Role, "operator")], "FunctionsKey");
        return (new RoleGate(Options.Create(options)), new DefaultHttpContext { User = new ClaimsPrincipal(identity) });
    }
}
