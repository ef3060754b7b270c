// SPDX-License-Identifier: Apache-2.0
namespace Braid.Block;

/// <summary>
/// First come, first served for each client, and clients in turn, by bytes: deficit round robin
/// (Shreedhar and Varghese, 1995) over a fixed number of lists. Beyond that clients share lists.
/// With a single client, and while the driver takes all, it is the order of arrival.
/// </summary>
internal sealed class TurnScheduler : RequestScheduler
{
    private const int Lists = 64;

    /// <summary>Bytes of a turn; what a request is longer, its client waits for.</summary>
    private const long Turn = 128 * 1024;

    /// <summary>More than the longest request: what a client had beyond it is forgotten.</summary>
    private const long MaxDebt = 64 << 20;
    private const long MaxRounds = 1 + (MaxDebt / Turn);

    /// <summary>The shortest request costs as much to its path as a page.</summary>
    private const long MinCost = 4096;

    /// <summary>How far back a merge is looked for (blk_bio_list_merge).</summary>
    private const int MergeDepth = 8;

    private readonly ClientList[] _lists = new ClientList[Lists];

    /// <summary>Of the ring of lists that hold something: the one whose turn was before.</summary>
    private ClientList? _before;

    /// <summary>Lists in the ring, and turns that were given so far.</summary>
    private int _waiting;
    private long _turns;

    /// <summary>The same when the ring was empty for the last time.</summary>
    private long _emptyAt;

    public TurnScheduler(RequestQueue queue)
        : base(queue)
    {
        for (int i = 0; i < Lists; i++) _lists[i] = new ClientList();
    }

    public override bool IsEmpty => _before is null;

    public override void Insert(Request request)
    {
        ClientList list = Of(request.FirstBio!);
        list.Requests.AddLast(request);
        if (list.Next is null) Enter(list);
    }

    /// <summary>Most plugs are one client's: such a one becomes the end of its list.</summary>
    public override void InsertAll(RequestList plug)
    {
        if (plug.First is not { } first) return;
        ClientList list = Of(first.FirstBio!);
        if (!IsAllOf(list, first))
        {
            base.InsertAll(plug);
            return;
        }
        list.Requests.TakeAll(plug);
        if (list.Next is null) Enter(list);
    }

    public override Request? TakeNext()
    {
        while (_before is { } before)
        {
            ClientList list = before.Next!;
            if (list.Left <= 0)
            {
                list.Left += Turn;
                _turns++;
                _before = list;
                continue;
            }
            Request request = list.Requests.TakeFirst()!;
            list.Left -= CostOf(request);
            if (list.Requests.Count == 0) Leave(list, before);
            return request;
        }
        return null;
    }

    public override bool TryMerge(Bio bio)
    {
        Request? request = Of(bio).Requests.Last;
        for (int i = 0; i < MergeDepth && request is not null; i++)
        {
            if (TryMerge(request, bio)) return true;
            request = request.Links.Previous;
        }
        return false;
    }

    /// <summary>What brings no data counts as a page, however long its range is.</summary>
    private static long CostOf(Request request) =>
        request.Operation is BlockOperation.Read or BlockOperation.Write
            ? Math.Max(request.Length, MinCost)
            : MinCost;

    private bool IsAllOf(ClientList list, Request first)
    {
        for (Request? at = first; at is not null; at = at.Links.Next)
            if (Of(at.FirstBio!) != list) return false;
        return true;
    }

    private ClientList Of(Bio bio) => _lists[bio.Client & (Lists - 1)];

    /// <summary>
    /// Behind all others, with a turn of its own. What it had more than its share when it left
    /// counts until the others have had as much: a client whose whole depth merges into one request
    /// leaves with each.
    /// </summary>
    private void Enter(ClientList list)
    {
        if (_before is { } before)
        {
            long rounds = list.LeftAt < _emptyAt
                ? MaxRounds
                : 1 + ((_turns - list.LeftAt) / _waiting);
            list.Left = Math.Min(Turn, list.Left + (Math.Min(rounds, MaxRounds) * Turn));
            list.Next = before.Next;
            before.Next = list;
        }
        else
        {
            list.Left = Turn;
            list.Next = list;
        }
        _before = list;
        _waiting++;
    }

    private void Leave(ClientList list, ClientList before)
    {
        list.LeftAt = _turns;
        if (list == before)
        {
            _before = null;
            // Nobody waited: what was had until now was nobody else's.
            _emptyAt = ++_turns;
        }
        else
        {
            before.Next = list.Next;
        }
        list.Next = null;
        list.Left = Math.Clamp(list.Left, -MaxDebt, 0);
        _waiting--;
    }

    /// <summary>What one client, or a few, have waiting.</summary>
    private sealed class ClientList
    {
        public RequestList Requests { get; } = new();

        /// <summary>Bytes of its turn that are left; below zero it has had more.</summary>
        public long Left { get; set; }

        /// <summary>Turns that had been given when it left the ring.</summary>
        public long LeftAt { get; set; }

        /// <summary>The next of the ring; null while it is empty and in none.</summary>
        public ClientList? Next { get; set; }
    }
}
