/**
 * The server: opens the zones, listens, serves, and closes.
 *
 * It puts together what the layers below know of each other only by interface: zones make a
 * keyspace, definitions a registry, and both with configuration and counters the instance that
 * commands see.
 */

import type { AddressInfo } from 'node:net';
import type { Call, Instance, LoadingProgress, ShutdownOptions } from '../dispatch/call.ts';
import { Functions } from '../dispatch/functions.ts';
import { execute } from '../dispatch/gates.ts';
import { Notifier } from '../dispatch/notifier.ts';
import { settle } from '../dispatch/perform.ts';
import type { Registry } from '../dispatch/registry.ts';
import { ZONE_PREFIX } from '../dispatch/replay.ts';
import { ScriptRunner } from '../dispatch/script-runner.ts';
import { Scripts } from '../dispatch/scripts.ts';
import { AclLog } from '../instance/acl/log.ts';
import { Users } from '../instance/acl/users.ts';
import { Audience } from '../instance/audience.ts';
import { type Client, Clients, memoryOf } from '../instance/clients.ts';
import type { Values } from '../instance/config/directives.ts';
import { type Files, systemFiles, systemReason } from '../instance/config/files.ts';
import type { Config } from '../instance/config.ts';
import { Effects } from '../instance/effects.ts';
import { LatencyMonitor } from '../instance/latency.ts';
import type { Log } from '../instance/log.ts';
import { Monitors } from '../instance/monitors.ts';
import { Pause } from '../instance/pause.ts';
import { PubSub } from '../instance/pubsub.ts';
import { SlowLog } from '../instance/slowlog.ts';
import { Stats } from '../instance/stats.ts';
import { Tracking } from '../instance/tracking.ts';
import { Blocking } from '../keyspace/blocking.ts';
import { events } from '../keyspace/events.ts';
import { Keyspace } from '../keyspace/keyspace.ts';
import { Sessions } from '../keyspace/sessions.ts';
import { Watches } from '../keyspace/watches.ts';
import type { AofDisk } from '../persistence/aof-writer.ts';
import { type Disk, systemDisk } from '../persistence/disk.ts';
import { Loading } from '../persistence/loading.ts';
import { LoadError } from '../persistence/rdb-load.ts';
import { Saves } from '../persistence/saves.ts';
import { userFaults } from '../resp/errors.ts';
import { SpareQueues } from '../resp/request-queue.ts';
import type { Clock } from '../std/clock.ts';
import type { Random } from '../std/random.ts';
import { zoneSizeFault } from '../zone/layout.ts';
import { EVICTED, EXPIRED, Zone } from '../zone/zone.ts';
import { Admission } from './admission.ts';
import { AofLoadError } from './aof-load.ts';
import { ServerAppendOnly } from './append-only.ts';
import { ClientMemory, clientMemoryLimit } from './client-memory.ts';
import type { Connection, ConnectionHost } from './connection.ts';
import { Cron } from './cron.ts';
import { Endpoints } from './endpoints.ts';
import { defaultZoneSize, followMaxmemory } from './maxmemory.ts';
import { PeerSockets } from './peers.ts';
import { ServerReplicas } from './replicas.ts';
import { Tls, usesTls } from './tls.ts';
import { WINDOWS_SIZE, Windows } from './windows.ts';

export interface ServerOptions {
  readonly config: Config;
  readonly clock: Clock;
  readonly random: Random;
  /** 16 bytes nobody outside knows: keys the hash of the zones' tables. */
  readonly seed: Uint8Array;
  readonly log: Log;
  readonly registry: Registry;
  /** Where the file of users is; the system's if absent. */
  readonly files?: Files;
  /** Where snapshots are; the system's if absent. */
  readonly disk?: Disk;
  /** What the append only file is written with; the system's if absent. */
  readonly aofDisk?: AofDisk;
  /** Whether what was saved is loaded when the server begins to listen. */
  readonly loads?: boolean;
  /** Told how far that has come. */
  readonly onLoading?: ((progress: LoadingProgress) => void) | undefined;
  /** Ends the process; SHUTDOWN asks for it. */
  readonly onShutdown: () => void;
  /** Ends the process at once: what was done can't be kept as it has to be. */
  readonly onFatal?: () => void;
  /** Port 0 is one that the system chooses; otherwise it is none. */
  readonly takesAnyPort?: boolean;
  /** The same of tls-port. */
  readonly takesAnyTlsPort?: boolean;
}

/** Bytes of a request from which on any command may take long. */
const LARGE_REQUEST = 64 * 1024;

/** Why CONFIG SET port, tls-port and bind failed, in Redis's words. */
const CANNOT_LISTEN = 'Unable to listen on this port. Check server logs.';
const CANNOT_BIND = 'Failed to bind to specified addresses.';
/** Why CONFIG SET of something of TLS did, and why a server did not start. */
const CANNOT_UPDATE_TLS = 'Unable to update TLS configuration. Check server logs.';
const CANNOT_CONFIGURE_TLS = 'Failed to configure TLS. Check logs for more info.';

/** Why a server can't start, in one line. */
export class StartError extends Error {
  override readonly name = 'StartError';
}

export class Server implements ConnectionHost {
  readonly instance: Instance;
  readonly #options: ServerOptions;
  readonly #windows: Windows;
  readonly #admission: Admission;
  readonly #cron: Cron;
  readonly #tls: Tls;
  readonly #peers: PeerSockets;
  readonly #notifier: Notifier;
  readonly #appendOnly: ServerAppendOnly;
  readonly #replicas: ServerReplicas;
  readonly #clientMemory = new ClientMemory((client) => this.#evictClient(client));
  readonly #endpoints: Endpoints;
  readonly #saves: Saves;
  readonly #loading: Loading;
  #isClosing = false;

  constructor(options: ServerOptions) {
    this.#options = options;
    const { config, clock, random, seed, registry } = options;
    const { values } = config;
    const takesAny = {
      port: options.takesAnyPort === true,
      tlsPort: options.takesAnyTlsPort === true,
    };
    this.#endpoints = new Endpoints(options.log, takesAny, (socket, entrance) =>
      this.#admission.accept(socket, entrance),
    );
    this.#tls = new Tls(options.log);
    if (this.#usesTls && !this.#tls.configure(values)) {
      throw new StartError(CANNOT_CONFIGURE_TLS, { cause: this.#tls.fault });
    }
    this.#peers = new PeerSockets(() => (values.tlsCluster ? this.#tls.client : undefined));
    const size = defaultZoneSize(values.maxmemory);
    for (const spec of [{ name: 'default', size }, ...values.zone]) {
      const fault = zoneSizeFault(spec.size);
      if (fault !== undefined)
        throw new StartError(`Could not open the zones: zone '${spec.name}': ${fault}`);
    }
    const zones = [
      new Zone({
        name: 'default',
        size,
        databases: values.databases,
        policy: values.maxmemoryPolicy,
        random,
        seed,
        windowSize: WINDOWS_SIZE,
      }),
      ...values.zone.map(
        ({ name, size, policy }) => new Zone({ name, size, databases: 1, policy, random, seed }),
      ),
    ];
    const keyspace = new Keyspace(zones, values.databases);
    const blocking = new Blocking();
    const watches = new Watches();
    const pubsub = new PubSub();
    const clients = new Clients();
    const tracking = new Tracking(clients, pubsub);
    const notifier = new Notifier(keyspace, pubsub);
    this.#notifier = notifier;
    keyspace.observer = (database, argv, index, event) => {
      notifier.note(database, argv, index, event);
      blocking.note(database, argv, index, event);
      if (event.isAside) return;
      const isByItself = event === events.expired || event === events.evicted;
      if (event === events.expired) watches.noteExpiry(database, argv, index);
      else watches.note(database, argv, index);
      if (!tracking.isOn) return;
      tracking.note(argv.text(index), isByItself ? undefined : pubsub.executing);
    };
    keyspace.onFlush = () => {
      if (tracking.isOn) tracking.noteFlush();
    };
    keyspace.onReplaced = (database) => {
      blocking.noteAll(database);
      watches.noteAll(database);
    };
    this.#windows = new Windows(zones[0]);
    zones[0].onResize = () => {
      this.#windows.renew();
      this.#admission.renewWindows();
    };
    const stats = new Stats(clock);
    const users = this.#openUsers(registry, clients);
    const audience = new Audience();
    const instance = {
      config,
      keyspace,
      sessions: new Sessions(zones, {
        get count() {
          return values.zsetMaxListpackEntries;
        },
        get memberSize() {
          return values.zsetMaxListpackValue;
        },
      }),
      blocking,
      watches,
      queues: new SpareQueues(),
      clients,
      users,
      aclLog: new AclLog(),
      stats,
      slowLog: new SlowLog(),
      latency: new LatencyMonitor(),
      audience,
      monitors: new Monitors(audience),
      effects: new Effects(audience),
      tracking,
      registry,
      pause: new Pause((isOn) => {
        keyspace.keepsExpired = isOn;
      }),
      peers: this.#peers,
      pubsub,
      log: options.log,
      clock,
      random,
      startedAt: clock.now(),
      runId: hexadecimal(random.bytes(20)),
      replicationId: hexadecimal(random.bytes(20)),
      tcpPort: () => this.port,
      tlsPort: () => this.tlsAddress?.port ?? 0,
      shutDown: (ending: ShutdownOptions) => this.shutDown(ending),
    };
    const scriptRuns = new ScriptRunner(instance);
    const functions = new Functions(scriptRuns);
    const disk = options.disk ?? systemDisk;
    const { log } = options;
    const { latency } = instance;
    const persistence = { keyspace, functions, config, log, clock, latency, audience, disk };
    this.#saves = new Saves(persistence);
    this.#loading = new Loading(persistence, this.#saves);
    this.#loading.onFatal = () => this.#die();
    const whole = Object.assign(instance, {
      scriptRuns,
      scripts: new Scripts(scriptRuns),
      functions,
      saving: this.#saves,
      loading: this.#loading,
    });
    this.#appendOnly = new ServerAppendOnly(whole, () => this.#die(), options.aofDisk);
    const kept = Object.assign(whole, { appendOnly: this.#appendOnly });
    this.#replicas = new ServerReplicas(kept);
    this.instance = Object.assign(kept, { replicas: this.#replicas });
    this.#admission = new Admission(this.instance, this, this.#windows, this.#tls);
    instance.effects.nameOf = (number) => {
      const { zone } = keyspace.databases[number];
      return zone === zones[0] ? String(number) : `${ZONE_PREFIX}${zone.name}`;
    };
    this.#followRemovals();
    this.#followConfig(zones[0]);
    keyspace.tick(clock.now());
    this.#cron = new Cron(this.instance, this.#saves, () => {
      this.#appendOnly.tick();
      this.#replicas.tick();
      this.#closeOverdue();
    });
  }

  /** The users that the configuration defines, by itself or in a file of theirs. */
  #openUsers(commands: Registry, clients: Clients): Users {
    const { config, log } = this.#options;
    const { values } = config;
    const allowsChannels = () => values.aclPubsubDefault === 'allchannels';
    const users = new Users(
      { commands, allowsChannels },
      clients,
      this.#options.files ?? systemFiles,
    );
    const setPassword = ({ requirepass = '' }: Values): undefined => {
      users.setDefaultPassword(requirepass);
    };
    setPassword(values);
    config.onChange('requirepass', { apply: setPassword });
    if (values.aclfile !== '' && config.users.length > 0) throw new StartError(userFaults.bothWays);
    const fault = users.define(config.users);
    if (fault !== undefined) throw new StartError(fault);
    for (const [name] of config.users) {
      if (users.find(name)?.isEnabled) continue;
      log.notice(`The user '${name}' is disabled: no rule says 'on'. Is that what is meant?`);
    }
    if (values.aclfile === '') return users;
    const inFile = users.load(values.aclfile);
    if (inFile !== undefined) throw new StartError(userFaults.startAborted(inFile));
    return users;
  }

  /** Lets who waits for a key to go hear of it when nobody's command removes it. */
  #followRemovals(): void {
    const { config, effects, keyspace, blocking, watches, tracking } = this.instance;
    const { values } = config;
    for (const zone of keyspace.zones) {
      const { onRemove } = zone;
      zone.onRemove = (entry, cause) => {
        onRemove?.(entry, cause);
        if (effects.isOn && (cause === EXPIRED || cause === EVICTED)) {
          const database = keyspace.databaseWith(zone, zone.database(entry));
          const isEvicted = cause === EVICTED;
          const isLazy = isEvicted ? values.lazyfreeLazyEviction : values.lazyfreeLazyExpire;
          if (database !== undefined) {
            effects.removed(database.number, zone.key(entry), isLazy, isEvicted);
          }
        }
        const isWatched = !watches.isEmpty || tracking.isOn;
        const isHeard = isWatched || blocking.heedsRemoval || this.#notifier.isOn;
        if (!isHeard) return;
        if (cause === EXPIRED) keyspace.tellRemoval(zone, entry, events.expired);
        else if (cause === EVICTED) keyspace.tellRemoval(zone, entry, events.evicted);
      };
    }
  }

  /** Lets CONFIG SET reach what is running. */
  #followConfig(zone: Zone): void {
    const { config, keyspace } = this.instance;
    followMaxmemory(this.instance);
    const setFrequency = ({ lfuLogFactor, lfuDecayTime }: Values): undefined => {
      for (const { recency } of keyspace.zones) {
        recency.frequency.logFactor = lfuLogFactor;
        recency.frequency.decayMinutes = lfuDecayTime;
      }
    };
    setFrequency(config.values);
    config.onChange(['lfu-log-factor', 'lfu-decay-time'], { apply: setFrequency });
    this.#notifier.classes = config.values.notifyKeyspaceEvents;
    config.onChange('notify-keyspace-events', {
      apply: ({ notifyKeyspaceEvents }) => {
        this.#notifier.classes = notifyKeyspaceEvents;
        return undefined;
      },
    });
    const followReplicas = (values: Values): undefined => {
      keyspace.lacksReplicas = values.minReplicasToWrite > 0 && values.minReplicasMaxLag > 0;
    };
    followReplicas(config.values);
    config.onChange(['min-replicas-to-write', 'min-replicas-max-lag'], { apply: followReplicas });
    this.#followSlowness();
    const limitClients = ({ maxmemoryClients }: Values): undefined => {
      const limit = clientMemoryLimit(maxmemoryClients, zone.size);
      this.#clientMemory.follow(limit, this.instance.clients.all());
    };
    limitClients(config.values);
    config.onChange(['maxmemory', 'maxmemory-clients'], { apply: limitClients });
    const { tracking } = this.instance;
    tracking.onChanges = () => void setImmediate(this.#flushAll);
    const limitTracking = ({ trackingTableMaxKeys }: Values): undefined => {
      tracking.limit = trackingTableMaxKeys;
    };
    limitTracking(config.values);
    config.onChange('tracking-table-max-keys', { apply: limitTracking });
    config.onChange('hz', {
      apply: () => {
        this.#cron.followHz();
        return undefined;
      },
    });
    const listen = (values: Values) => this.#listenAnew(values, CANNOT_LISTEN);
    config.onChange('port', { apply: listen });
    config.onChange('tls-port', { apply: (values) => listen(values) });
    config.onChange('bind', { apply: (values) => this.#listenAnew(values, CANNOT_BIND) });
    config.onChange(TLS_SETTINGS, {
      apply: (values) => {
        if (!this.#usesTls) this.#tls.expire();
        else if (!this.#tls.configure(values)) return CANNOT_UPDATE_TLS;
        return undefined;
      },
    });
  }

  get #usesTls(): boolean {
    return this.#options.takesAnyTlsPort === true || usesTls(this.#options.config.values);
  }

  /** Listens as configured now, or answers why it can't. */
  async #listenAnew(values: Values, refusal: string): Promise<string | undefined> {
    if (this.#usesTls && !this.#tls.isReady && !this.#tls.configure(values)) {
      return CANNOT_UPDATE_TLS;
    }
    return (await this.#endpoints.follow(values)) ? undefined : refusal;
  }

  /** Has what took long noticed as the configuration says. */
  #followSlowness(): void {
    const { config, latency, slowLog, stats } = this.instance;
    const follow = (values: Values): undefined => {
      const { slowlogLogSlowerThan: slow, latencyMonitorThreshold: threshold } = values;
      stats.slowFrom = Math.min(
        slow < 0 ? Number.POSITIVE_INFINITY : slow,
        threshold === 0 ? Number.POSITIVE_INFINITY : threshold * 1000,
      );
      latency.threshold = threshold;
      slowLog.trim(values.slowlogMaxLen);
      stats.keepsLatency = values.latencyTracking;
    };
    follow(config.values);
    config.onChange(
      [
        'slowlog-log-slower-than',
        'slowlog-max-len',
        'latency-monitor-threshold',
        'latency-tracking',
      ],
      { apply: follow },
    );
  }

  /** The TCP port listened on, 0 for none. */
  get port(): number {
    return this.address?.port ?? 0;
  }

  /** The first address listened on with TCP; undefined where there is none. */
  get address(): AddressInfo | undefined {
    return this.#endpoints.address;
  }

  /** The same with TLS. */
  get tlsAddress(): AddressInfo | undefined {
    return this.#endpoints.tlsAddress;
  }

  /**
   * Begins to listen, and loads what was kept. Rejects when an address can't be had, or none is
   * wanted, and with a StartError when it can't be loaded.
   */
  async listen(onListening: () => void = () => {}): Promise<void> {
    try {
      await this.#endpoints.open(this.instance.config.values);
      onListening();
      this.#cron.start();
      await this.#load();
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  /** Loads the append only file, or if there is to be none what was saved. */
  async #load(): Promise<void> {
    const loading = this.#loading;
    const { loads, onLoading } = this.#options;
    loading.onProgress = () => onLoading?.(loading);
    try {
      await this.#appendOnly.load();
      if (loads && !this.#appendOnly.isWanted) await loading.load();
    } catch (error) {
      const isTold = error instanceof LoadError || error instanceof AofLoadError;
      throw isTold ? new StartError(error.message) : error;
    }
    try {
      this.#appendOnly.open();
    } catch (error) {
      const message = `Can't open the append-only file: ${systemReason(error)}`;
      this.instance.log.warning(message);
      throw new StartError(message);
    }
  }

  /** Settled when no script is in the middle of what must not be saved by half. */
  async whenFree(): Promise<void> {
    const { scriptRuns } = this.instance;
    while (scriptRuns.busy !== undefined) await scriptRuns.whenFree();
  }

  /** Whether keys are saved when it ends. */
  get savesAtEnd(): boolean {
    return this.#saves.isWanted;
  }

  /** Removes files that are being made: the process ends at once. */
  discardDrafts(): void {
    this.#saves.abort();
  }

  /** Saves what is to be saved when a server ends. False: it can't be. */
  prepareToEnd(ending: ShutdownOptions = {}): boolean {
    if (!this.#appendOnly.mayEnd(ending.isForced === true)) return false;
    return this.#saves.prepareToEnd(ending);
  }

  /** Saves what is to be saved, and ends. False: it can't be saved, and the server goes on. */
  shutDown(ending: ShutdownOptions): boolean {
    if (!this.prepareToEnd(ending)) return false;
    this.#options.onShutdown();
    return true;
  }

  /** Ends at once: nothing more may be replied. */
  #die(): void {
    if (this.#isClosing) return;
    this.#isClosing = true;
    this.#options.onFatal?.();
    this.#admission.closeAll();
    void this.close();
  }

  /** Stops accepting, answers what has been asked, and closes every connection. */
  async close(): Promise<void> {
    this.#isClosing = true;
    this.#cron.stop();
    this.#loading.stop();
    this.#saves.abort();
    this.instance.scriptRuns.stop();
    const closing = this.#endpoints.close();
    this.#peers.close();
    this.#admission.end();
    this.#appendOnly.close();
    await closing;
  }

  // ── Connections ───────────────────────────────────────────────────────────────────────────────

  beginTurn(client: Client): void {
    const { clock, keyspace, stats, pause } = this.instance;
    const now = clock.now();
    client.lastActiveAt = now;
    keyspace.tick(now);
    if (pause.until !== 0 && now >= pause.until) this.#cron.endPause();
    stats.beginTurn(client.connection.queryBufferSize > LARGE_REQUEST);
  }

  endTurn(client: Client): void {
    this.instance.stats.endTurn();
    if (this.#clientMemory.isOn) this.#clientMemory.note(client);
    this.#cron.watchDeadlines();
  }

  flushLater(connection: Connection): void {
    if (connection.isUnsent) return;
    connection.isUnsent = true;
    // Not push() and pop(), which give up memory and ask for it again each time.
    this.#unsent[this.#unsentCount++] = connection;
    if (this.#unsentCount === 1) setImmediate(this.#flushAll);
  }

  beforeReply(): void {
    if (this.instance.effects.isOn) this.#appendOnly.beforeReply();
  }

  /**
   * Connections with replies to send. The last comes first, as in Redis: who said something to many
   * hears that it is done before those are told, and says the next thing meanwhile.
   */
  readonly #unsent: (Connection | undefined)[] = [];
  #unsentCount = 0;

  readonly #flushAll = (): void => {
    this.instance.tracking.broadcast();
    const unsent = this.#unsent;
    while (this.#unsentCount > 0) {
      const last = --this.#unsentCount;
      const connection = unsent[last];
      unsent[last] = undefined;
      connection?.flush();
    }
    this.instance.pubsub.sent();
  };

  execute(call: Call): boolean {
    return execute(call);
  }

  settle(call: Call, isLarge: boolean): void {
    settle(call, isLarge);
  }

  closed(connection: Connection): void {
    const { clients, pause, blocking, watches, pubsub, monitors } = this.instance;
    const { waiter, watcher } = connection.client;
    connection.client.debugger?.abandon();
    if (waiter !== undefined) blocking.forget(waiter);
    watches.forget(watcher);
    pubsub.forget(connection.client);
    monitors.remove(connection.client);
    this.#replicas.forget(connection.client);
    this.instance.tracking.disable(connection.client);
    this.#clientMemory.forget(connection.client);
    this.#admission.forget(connection);
    clients.remove(connection.client);
    pause.forget(connection.client);
  }

  countInput(size: number): void {
    const { stats } = this.instance;
    stats.inputBytes += size;
    stats.readsProcessed++;
  }

  countOutput(size: number): void {
    const { stats } = this.instance;
    stats.outputBytes += size;
    stats.writesProcessed++;
  }

  /** What a client of its class may leave untaken. */
  #outputLimit({ isReplica, subscriptions }: Client) {
    const { normal, pubsub, replica } = this.instance.config.values.clientOutputBufferLimit;
    if (isReplica) return replica;
    return subscriptions === undefined ? normal : pubsub;
  }

  pausesAt(size: number, client: Client): boolean {
    const { clientOutputPause: pause } = this.instance.config.values;
    if (pause === 0 || size <= pause || this.#clientMemory.isOn) return false;
    const { hard, soft } = this.#outputLimit(client);
    return hard === 0 && soft === 0;
  }

  holdsBack(client: Client): boolean {
    return this.#outputLimit(client).hard > 0;
  }

  checkLimits(connection: Connection): void {
    const { config, stats, clock } = this.instance;
    const { client } = connection;
    if (connection.querySize > config.values.clientQueryBufferLimit) {
      stats.queryBufferLimitDisconnections++;
      this.#options.log.warning(
        `Closing client ${client.address} that reached max query buffer length`,
      );
      connection.close();
      return;
    }
    const limit = this.#outputLimit(client);
    const size = connection.outputSize;
    const isOverSoft = limit.soft > 0 && size >= limit.soft;
    if (!isOverSoft) client.overSoftLimitSince = 0;
    else if (client.overSoftLimitSince === 0) client.overSoftLimitSince = clock.now();
    const isSoftOver =
      isOverSoft && clock.now() - client.overSoftLimitSince >= limit.softSeconds * 1000;
    if ((limit.hard > 0 && size >= limit.hard) || isSoftOver) {
      stats.outputBufferLimitDisconnections++;
      this.#options.log.warning(
        `Client ${client.address} scheduled to be closed ASAP for overcoming of output buffer limits.`,
      );
      connection.close();
      return;
    }
    if (this.#clientMemory.isOn) this.#clientMemory.note(client);
  }

  #evictClient(client: Client): void {
    if (client.closing) return;
    this.instance.stats.evictedClients++;
    this.#options.log.notice('Evicting a client', {
      client: client.address,
      size: memoryOf(client),
    });
    client.connection.close();
  }

  /** Closes clients that are over their limits by now, or silent for longer than `timeout`. */
  #closeOverdue(): void {
    const { config, clock, clients } = this.instance;
    const limit = config.values.timeout * 1000;
    const now = clock.now();
    this.#admission.closeOverdue(now);
    for (const client of clients.all()) {
      if (client.overSoftLimitSince !== 0) client.connection.checkLimits();
      if (limit === 0) continue;
      const { isBlocked, isReplica, subscriptions } = client;
      const isWaiting = isBlocked || isReplica || subscriptions !== undefined;
      if (!isWaiting && now - client.lastActiveAt > limit) client.connection.close();
    }
  }
}

/** What CONFIG SET of has contexts made anew. Whether clients show certificates is asked at each. */
const TLS_SETTINGS = [
  'tls-cert-file',
  'tls-key-file',
  'tls-key-file-pass',
  'tls-client-cert-file',
  'tls-client-key-file',
  'tls-client-key-file-pass',
  'tls-dh-params-file',
  'tls-ca-cert-file',
  'tls-ca-cert-dir',
  'tls-protocols',
  'tls-ciphers',
  'tls-ciphersuites',
  'tls-prefer-server-ciphers',
  'tls-session-caching',
  'tls-session-cache-timeout',
  'tls-cluster',
  'tls-replication',
] as const;

function hexadecimal(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
