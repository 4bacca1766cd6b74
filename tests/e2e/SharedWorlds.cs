namespace SnapshotWorkflows.Tests.E2e;

/// <summary>Tests of several classes in one world, one after another: simulators and app are started once for all of them.</summary>
[CollectionDefinition(nameof(FirstWorld))]
public sealed class FirstWorld : ICollectionFixture<World>;

/// <summary>As the first, beside it.</summary>
[CollectionDefinition(nameof(SecondWorld))]
public sealed class SecondWorld : ICollectionFixture<World>;
