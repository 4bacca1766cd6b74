using System.Security.Cryptography;
using System.Text;

namespace SnapshotWorkflows.Tests.Unit.Chunks;

/// <summary>
/// Explores every interleaving of a few actors at their calls to a store, and the death of one of them before or after any call. An actor is ordinary code; between two calls it does not wait for anything
/// else, so which actor's call comes next is all there is to choose. Worlds that were seen before (same store, same answers given to each actor) are not entered again.
/// </summary>
internal sealed class Interleavings
{
    private readonly Func<MemoryStore, Task> _setUp;
    private readonly Func<MemoryStore, Task>[] _actors;
    private readonly Func<MemoryStore, Task<string?>> _check;
    private readonly int _deaths;
    private readonly int _switches;
    private readonly HashSet<UInt128> _seen = [];

    /// <param name="setUp">Makes the world before anyone moves.</param>
    /// <param name="check">Run on every world in which all actors have ended: what is wrong with it, or null.</param>
    /// <param name="deaths">How many actors may die in one world.</param>
    /// <param name="switches">How often an actor that could go on may be left standing for another; <see cref="int.MaxValue"/> = every interleaving there is.</param>
    public Interleavings(Func<MemoryStore, Task> setUp, Func<MemoryStore, Task>[] actors, Func<MemoryStore, Task<string?>> check, int deaths, int switches)
    {
        (_setUp, _actors, _check, _deaths, _switches) = (setUp, actors, check, deaths, switches);
    }

    public int Worlds { get; private set; }

    public int Ends { get; private set; }

    public long Steps { get; private set; }

    public List<string> Faults { get; } = [];

    /// <summary>Depth first, each path from the beginning: a world cannot be copied while code runs in it.</summary>
    public async Task RunAsync(int mostFaults = 1)
    {
        var start = new MemoryStore();
        await _setUp(start);
        var paths = new Stack<int[]>();
        paths.Push([]);
        while (paths.TryPop(out var path) && Faults.Count < mostFaults)
        {
            var world = new World(start.Copy(), _actors);
            await world.ReplayAsync(path);
            Steps += path.Length;
            // On to the end along one line of descent; the other choices are kept for later.
            var line = path.ToList();
            while (true)
            {
                if (!_seen.Add(world.Key(_switches != int.MaxValue)))
                    break;
                Worlds++;
                var choices = world.Choices(_deaths, _switches);
                if (choices.Count == 0)
                {
                    Ends++;
                    world.Detach();
                    if (await _check(world.Store) is { } fault)
                        Faults.Add($"{fault}\n{world.Story}");
                    break;
                }
                foreach (var other in choices.Skip(1))
                    paths.Push([.. line, other]);
                line.Add(choices[0]);
                await world.StepAsync(choices[0]);
            }
            world.Abandon();
        }
    }

    private sealed class World
    {
        private readonly Actor[] _actors;
        private readonly StringBuilder _story = new();
        private int _deaths;
        private int _switched;
        private int _last = -1;

        public World(MemoryStore store, Func<MemoryStore, Task>[] actors)
        {
            Store = store;
            _actors = [.. actors.Select(a => new Actor(store, a))];
        }

        public MemoryStore Store { get; }

        public string Story => _story.ToString();

        public async Task ReplayAsync(int[] path)
        {
            foreach (var actor in _actors)
                actor.Start();
            foreach (var choice in path)
                await StepAsync(choice);
        }

        /// <summary>3 a = actor a's call happens; 3 a + 1 = a dies before it; 3 a + 2 = it happens and a dies without hearing of it.</summary>
        public List<int> Choices(int deaths, int switches)
        {
            var choices = new List<int>();
            var mayGoOn = _last >= 0 && _actors[_last].Waiting is not null;
            for (var a = 0; a < _actors.Length; a++)
            {
                if (_actors[a].Waiting is not { } call || (mayGoOn && a != _last && _switched >= switches))
                    continue;
                choices.Add(3 * a);
                if (_deaths < deaths)
                    choices.Add(3 * a + 1);
                if (_deaths < deaths && call.Changes)
                    choices.Add(3 * a + 2);
            }
            return choices;
        }

        public Task StepAsync(int choice)
        {
            var actor = _actors[choice / 3];
            if (_last >= 0 && _last != choice / 3 && _actors[_last].Waiting is not null)
                _switched++;
            _last = choice / 3;
            _story.AppendLine($"  {"ABCD"[choice / 3]} {actor.Waiting!.Kind} {actor.Waiting.Name}{(choice % 3) switch { 1 => "  (dies before)", 2 => "  (dies after)", _ => "" }}");
            _deaths += choice % 3 == 0 ? 0 : 1;
            actor.Step(choice % 3);
            return Task.CompletedTask;
        }

        public UInt128 Key(bool bounded)
        {
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            foreach (var (name, bytes) in Store.Objects)
            {
                hash.AppendData(Encoding.UTF8.GetBytes(name));
                hash.AppendData(BitConverter.GetBytes(bytes.Length));
                hash.AppendData(bytes);
            }
            foreach (var actor in _actors)
                actor.AppendTo(hash);
            if (bounded)
                hash.AppendData([(byte)_last, (byte)_switched]);
            return BitConverter.ToUInt128(hash.GetHashAndReset());
        }

        public void Detach()
        {
            foreach (var actor in _actors.Where(a => a.Failure is not null))
                _story.AppendLine($"  ({actor.Failure!.GetType().Name}: {actor.Failure.Message})");
        }

        public void Abandon()
        {
            foreach (var actor in _actors)
                actor.Abandon();
        }
    }

    /// <summary>Ordinary code on a store whose calls wait until they are chosen.</summary>
    private sealed class Actor(MemoryStore world, Func<MemoryStore, Task> body)
    {
        private readonly IncrementalHash _heard = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        private TaskCompletionSource? _gate;
        private bool _diesAfter;
        private bool _dead;

        public StoreCall? Waiting { get; private set; }

        public Exception? Failure { get; private set; }

        public void Start() => _ = RunAsync();

        public void Step(int kind)
        {
            var gate = _gate!;
            (_gate, Waiting) = (null, null);
            _dead |= kind == 1;
            _diesAfter = kind == 2;
            gate.SetResult();
        }

        public void AppendTo(IncrementalHash hash)
        {
            hash.AppendData(_heard.GetCurrentHash());
            hash.AppendData([(byte)(_dead ? 1 : 0), (byte)(Waiting is null ? 0 : 1)]);
        }

        public void Abandon()
        {
            _dead = true;
            _gate?.SetResult();
            _heard.Dispose();
        }

        private async Task RunAsync()
        {
            try
            {
                await body(new MemoryStore(world) { Before = BeforeAsync, After = After });
            }
            catch (Exception e) when (!_dead)
            {
                Failure = e;
            }
            catch (Exception) when (_dead)
            {
                // Death is what it was.
            }
        }

        private async Task BeforeAsync(StoreCall call)
        {
            if (_dead)
                throw new SimulatedDeath();
            Waiting = call;
            // Continues on the thread that steps: nothing here ever runs beside anything else.
            _gate = new TaskCompletionSource();
            await _gate.Task;
            if (_dead)
                throw new SimulatedDeath();
        }

        private void After(StoreCall call, string answer)
        {
            if (_diesAfter)
                _dead = true;
            if (_dead)
                throw new SimulatedDeath();
            _heard.AppendData(Encoding.UTF8.GetBytes($"{call.Kind} {call.Name} {answer}\n"));
        }
    }

    private sealed class SimulatedDeath() : Exception("dead");
}
