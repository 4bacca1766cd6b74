global using Xunit;

// A world waits for moments of real time beside its computing; none shares anything with another.
[assembly: CollectionBehavior(MaxParallelThreads = 4)]
