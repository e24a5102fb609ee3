/** A server that is alone, and says so. */

import { conformance } from './harness.ts';

conformance('replication', ({ test }) => {
  test('there is no replica to wait for', ({ same, fails, on, since }) => {
    same('WAIT 0 10');
    same('WAIT -1 0');
    same('WAIT 1 1');
    fails('WAIT a 1');
    fails('WAIT 0 -1');
    fails('WAIT 0 a');
    fails('WAIT 1');
    same('MULTI');
    same('WAIT 1 0');
    same('EXEC');
    on('x').same('CLIENT SETNAME x');
    on('x').keeps('id', 'CLIENT ID');
    on('x').sends('WAIT 1 0');
    same('PING');
    same(['CLIENT', 'UNBLOCK', '{id}']);
    on('x').receives();
    on('x').sends('WAIT 1 0');
    same('PING');
    same(['CLIENT', 'UNBLOCK', '{id}', 'ERROR']);
    on('x').receives();
    const late = since('7.2');
    late.same('WAITAOF 0 0 0');
    late.same('WAITAOF 0 1 1');
    late.fails('WAITAOF 1 0 0');
    late.fails('WAITAOF 2 0 0');
    late.fails('WAITAOF a 0 0');
    late.fails('WAITAOF 0 -1 0');
    late.fails('WAITAOF 0 a 0');
    late.fails('WAITAOF 0 0 -1');
    late.fails('WAITAOF 1 a -1');
    late.sends('WAITAOF 0 1 1');
    late.receives();
  });

  test('it follows no other server', ({ same, fails, differs, shape }) => {
    same('REPLICAOF NO ONE');
    same('slaveof no one');
    fails('REPLICAOF localhost x');
    fails('REPLICAOF localhost 65536');
    fails('REPLICAOF no -1');
    fails('REPLICAOF no');
    fails('SLAVEOF a b c');
    differs('REPLICAOF 127.0.0.1 1', {
      because: 'This server follows no other',
      ours: '-ERR REPLICAOF is not supported: this server has no replication\r\n',
    });
    same('REPLICAOF NO ONE');
    shape('ROLE');
    fails('ROLE x');
    shape('LASTSAVE');
    fails('BGREWRITEAOF x');
    fails('SYNC x');
    fails('REPLCONF a');
    fails('REPLCONF none 1');
    fails('REPLCONF listening-port x');
    same('REPLCONF listening-port 1 capa eof');
  });

  test('nobody takes its place', ({ fails }) => {
    fails('FAILOVER');
    fails('FAILOVER ABORT');
    fails('FAILOVER ABORT ABORT');
    fails('FAILOVER TO a 1');
    fails('FAILOVER TO a b');
    fails('FAILOVER TO a');
    fails('FAILOVER TIMEOUT 0');
    fails('FAILOVER TIMEOUT a');
    fails('FAILOVER TIMEOUT 1 TIMEOUT 1');
    fails('FAILOVER TO a 1 FORCE TIMEOUT 10');
    fails('FAILOVER FORCE FORCE');
    fails('FAILOVER x');
  });

  test('there are no modules', ({ same, fails, help }) => {
    same('MODULE LIST');
    fails('MODULE LIST x');
    fails('MODULE LOAD /none');
    fails('MODULE LOADEX /none');
    fails('MODULE UNLOAD none');
    fails('MODULE UNLOAD');
    fails('MODULE NONE');
    fails('MODULE');
    help('MODULE HELP');
  });
});
