"""redis-py against the server of the first two arguments. Prints a line for each thing that holds.

A third argument is the certificate of an authority: then it talks TLS.
"""

import asyncio
import sys
import threading

import redis
import redis.asyncio

SERVER = {"host": sys.argv[1], "port": int(sys.argv[2])}
if len(sys.argv) > 3:
    SERVER |= {"ssl": True, "ssl_ca_certs": sys.argv[3]}


def connect(**options):
    return redis.Redis(**SERVER, **options)


def values(r):
    """what comes back is what it makes of it"""
    assert r.set("text", "héllo") is True
    assert r.get("text") == "héllo".encode()
    assert r.get("none") is None
    assert r.set("text", "x", nx=True) is None
    assert r.set("n", 1, px=50000) is True and 49000 < r.pttl("n") <= 50000
    assert r.incrbyfloat("f", 1.5) == 1.5
    assert r.hset("h", mapping={"a": 1, "b": b"\x00\xff"}) == 2
    assert r.hgetall("h") == {b"a": b"1", b"b": b"\x00\xff"}
    assert r.zadd("z", {"a": 1.5, "b": float("-inf")}) == 2
    assert r.zrange("z", 0, -1, withscores=True) == [(b"b", float("-inf")), (b"a", 1.5)]
    assert r.zscore("z", "a") == 1.5
    assert r.sadd("s", "x", "y") == 2 and r.smembers("s") == {b"x", b"y"}
    assert r.geoadd("g", (13.361389, 38.115556, "Palermo")) == 1
    assert abs(r.geopos("g", "Palermo")[0][0] - 13.361389) < 1e-5
    assert r.setbit("bits", 7, 1) == 0 and r.bitcount("bits") == 1
    assert r.bitfield("bits").incrby("u8", 0, 10).get("u4", 4).execute() == [11, 11]
    assert r.pfadd("hll", "a", "b") == 1 and r.pfcount("hll") == 2


def introspection(r):
    """it parses what the server says of itself"""
    info = r.info()
    assert info["redis_version"].startswith("7.2") and info["db0"]["keys"] > 5
    assert r.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
    assert [c["name"] for c in r.client_list()].count("me") == 1
    assert r.client_info()["db"] == 0
    assert r.acl_getuser("default")["enabled"] is True
    assert r.command_getkeys("MSET", "a", 1, "b", 2) == ["a", "b"]
    assert r.command_count() > 240 and r.command()["get"]["arity"] == 2
    assert r.object("encoding", "h") == b"listpack"
    assert r.memory_usage("text") > 0 and "total.allocated" in r.memory_stats()
    assert abs(r.time()[0] - r.info("server")["server_time_usec"] // 1000000) <= 1


def transactions(r):
    """a transaction, and one that is tried again since a key has changed"""
    with r.pipeline() as pipe:
        assert pipe.set("k", 1).incr("k").lpush("k", "x").get("k").execute(False)[1::2] == [2, b"2"]
    tries = []

    def double(pipe):
        value = int(pipe.get("k"))
        if not tries:
            r.set("k", 10)
        tries.append(value)
        pipe.multi()
        pipe.set("k", value * 2)

    assert r.transaction(double, "k") == [True] and tries == [2, 10] and r.get("k") == b"20"
    with r.pipeline(transaction=False) as pipe:
        for i in range(2000):
            pipe.rpush("list", i)
        assert pipe.execute()[-1] == 2000
    try:
        r.lpush("k", "x")
        raise AssertionError("no error")
    except redis.ResponseError as error:
        assert str(error).startswith("WRONGTYPE")


def locks(r):
    """a lock, which is scripts"""
    with r.lock("lock", timeout=10) as lock:
        assert lock.owned() and r.lock("lock", timeout=1).acquire(blocking=False) is False
        assert lock.extend(20) and r.pttl("lock") > 20000
        assert lock.reacquire() and r.pttl("lock") <= 10000
    assert not r.exists("lock")
    lost = r.lock("lost", timeout=10)
    lost.acquire()
    r.set("lost", "another")
    try:
        lost.release()
        raise AssertionError("released what another has")
    except redis.exceptions.LockNotOwnedError:
        pass


def scripts(r):
    """scripts it registers, again after they were flushed, and functions"""
    double = r.register_script("return redis.call('INCRBY', KEYS[1], ARGV[1])")
    assert double(["n2"], [5]) == 5
    r.script_flush()
    assert double(["n2"], [5]) == 10
    pipe = r.pipeline()
    double(["n2"], [1], client=pipe)
    assert pipe.execute() == [11]
    r.function_load("#!lua name=lib\nredis.register_function('f', function(k, a) return a[1] end)")
    assert r.fcall("f", 0, "x") == b"x"


def iteration(r):
    """it meets every key, field and member"""
    names = {b"it:%d" % i for i in range(500)}
    r.mset({name: 1 for name in names})
    assert set(r.scan_iter("it:*", count=50)) == names
    r.hset("big", mapping={name: 1 for name in names})
    assert {field for field, _ in r.hscan_iter("big")} == names
    r.zadd("bigz", {name: 1 for name in names})
    assert {member for member, _ in r.zscan_iter("bigz")} == names
    assert r.sort("list", start=0, num=3, desc=True) == [b"1999", b"1998", b"1997"]


def waiting(r):
    """who waits is served by another thread"""
    got = []
    thread = threading.Thread(target=lambda: got.append(connect().blpop(["q1", "q2"], 10)))
    thread.start()
    while r.info("clients")["blocked_clients"] < 1:
        pass
    r.rpush("q2", "x")
    thread.join()
    assert got == [(b"q2", b"x")]
    assert r.brpop("q1", 0.01) is None
    assert r.blmove("q1", "q2", 0.01) is None


def streams(r):
    """a group of a stream: read, pending, claimed, acknowledged"""
    first = r.xadd("x", {"f": "v"}, maxlen=100)
    assert r.xgroup_create("x", "g", id="0") is True
    assert r.xreadgroup("g", "me", {"x": ">"}, count=1, block=10) == [[b"x", [(first, {b"f": b"v"})]]]
    assert r.xpending("x", "g")["pending"] == 1
    assert r.xpending_range("x", "g", "-", "+", 10)[0]["consumer"] == b"me"
    assert r.xautoclaim("x", "g", "you", 0)[1] == [(first, {b"f": b"v"})]
    assert r.xack("x", "g", first) == 1
    assert r.xinfo_groups("x")[0]["lag"] == 0 and r.xinfo_stream("x")["length"] == 1


def listening(r):
    """channels and patterns, and a connection that is checked while it listens"""
    p = connect(health_check_interval=1).pubsub()
    p.subscribe("a")
    p.psubscribe("n*")
    assert [p.get_message(timeout=5)["type"] for _ in range(2)] == ["subscribe", "psubscribe"]
    assert r.publish("a", b"\x00\xff") == 1 and r.publish("news", "x") == 1
    assert p.get_message(timeout=5)["data"] == b"\x00\xff"
    assert p.get_message(timeout=5)["pattern"] == b"n*"
    assert r.pubsub_numsub("a") == [(b"a", 1)] and r.pubsub_numpat() == 1
    p.ping()
    assert p.get_message(timeout=5)["type"] == "pong"
    p.close()


def monitoring(r):
    """a monitor sees what others do"""
    with r.monitor() as m:
        connect(db=3).set("k", 'a "b"')
        for command in m.listen():
            if command["command"].startswith("SET"):
                assert (command["command"], command["db"]) == ('SET k a "b"', 3)
                break


def users(r):
    """users, and what they may not"""
    r.acl_setuser("ann", enabled=True, passwords=["+secret"], keys=["a*"], categories=["+@all"])
    ann = connect(username="ann", password="secret")
    assert ann.acl_whoami() == "ann" and ann.set("a1", 1) is True
    for wrong, error in [
        (lambda: ann.get("b"), redis.exceptions.NoPermissionError),
        (lambda: connect(username="ann", password="x").ping(), redis.ResponseError),
    ]:
        try:
            wrong()
            raise AssertionError("allowed")
        except error:
            pass


async def together():
    r = redis.asyncio.Redis(**SERVER)
    assert await asyncio.gather(*(r.incr("together") for _ in range(50))) is not None
    assert await r.get("together") == b"50"
    async with r.pubsub() as p:
        await p.subscribe("b")
        await r.publish("b", "x")
        while (message := await p.get_message(ignore_subscribe_messages=True, timeout=5)) is None:
            pass
        assert message["data"] == b"x"
    await r.close()
    await r.connection_pool.disconnect()


def concurrency(_):
    """its asyncio face"""
    asyncio.run(together())


r = connect(client_name="me")
r.flushall()
CHECKS = [values, introspection, transactions, locks, scripts, iteration, waiting, streams]
for check in CHECKS + [listening, monitoring, users, concurrency]:
    check(r)
    print(check.__name__, flush=True)
