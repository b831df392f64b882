// usage: live.mjs [--short] [--suites 1,3] [--epochs N] [--seed N]: groups of our members (mls-driver)
// and ts-mls's, live.  For each suite: ours creates and theirs joins, and the reverse, with public and
// private handshakes, then N random epochs (50; short: 6 in suites 1 and 3).  After each epoch
// everybody holds one epoch authenticator, one exported secret, and reads everybody.
import { randomBytes } from 'node:crypto';
import { Driver } from './driver.mjs';
import { equal, finish, refused, test } from './check.mjs';
import { Ours, REFUSES_VALID_TREE, Theirs } from './members.mjs';

const args = process.argv.slice(2);
const option = (name, otherwise) => (args.includes(name) ? args[args.indexOf(name) + 1] : otherwise);
const isShort = args.includes('--short');
const suites = option('--suites', isShort ? '1,3' : '1,2,3,4,5,6,7').split(',').map(Number);
const epochs = Number(option('--epochs', isShort ? 6 : 50));
const firstSeed = Number(option('--seed', isShort ? 1 : randomBytes(3).readUIntBE(0, 3)));
const MEMBERS_MAX = 8;

/** Numbers below n from a seed (mulberry32), so that a failing run can be had again. */
function random(seed) {
  let state = seed >>> 0;
  return (n) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) % n;
  };
}

class Room {
  members = [];
  count = 0;
  epoch = 0;
  done = [];

  constructor(driver, suite, isPrivate, seed) {
    Object.assign(this, { driver, suite, isPrivate, roll: random(seed) });
  }
  async newcomer(isOurs) {
    const name = `${isOurs ? 'ours' : 'theirs'}-${this.count++}`;
    return isOurs ? new Ours(this.driver, this.suite, name, this.isPrivate) : Theirs.make(this.suite, name, this.isPrivate);
  }
  pick(from = this.members) {
    return from[this.roll(from.length)];
  }
  others(member) {
    return this.members.filter((other) => other !== member);
  }
  async create(isOurs) {
    const first = await this.newcomer(isOurs);
    await first.create(Buffer.from(`room ${this.suite} ${this.isPrivate}`));
    this.members = [first];
    const second = await this.newcomer(!isOurs);
    await this.commit(first, [{ type: 'add', keyPackage: await second.keyPackage() }], [second]);
    await this.check();
  }
  /** by value; whoever is added joins by the Welcome. */
  async commit(committer, byValue, newcomers = [], leaving = []) {
    const isTreeBeside = this.roll(2) === 0;
    const { commit, welcome, tree } = await committer.commit(byValue, isTreeBeside, this.roll(2) === 0);
    this.members = this.members.filter((member) => !leaving.includes(member));
    for (const other of this.others(committer)) await other.takeCommit(commit);
    await committer.merge();
    this.epoch++;
    for (const newcomer of newcomers) {
      if (await this.arrives(newcomer, () => newcomer.join(welcome, tree), committer)) this.members.push(newcomer);
      else await this.commit(this.committer('remove'), [{ type: 'remove', identity: newcomer.name }]);
    }
  }
  /** False when ts-mls refuses a tree that stands by the RFC, as ours says. */
  async arrives(newcomer, join, host) {
    try {
      await join();
    } catch (error) {
      if (!REFUSES_VALID_TREE.test(error.message)) throw error;
      await Ours.checkGroupInfo(this.driver, await host.groupInfo());
      refusals++;
      return false;
    }
    return true;
  }
  committer(type, from = this.members) {
    return this.pick(from.filter((member) => member.canCommit(type)));
  }
  /** The same by value, or proposed by somebody first. */
  async change(description, newcomers, leaving) {
    const committer = this.committer(description.type, this.members.filter((member) => !leaving?.includes(member)));
    if (this.roll(2) === 0) return this.commit(committer, [description], newcomers, leaving);
    const proposer = this.pick(this.members.filter((member) => !leaving?.includes(member)));
    await this.propose(proposer, description);
    return this.commit(committer, [], newcomers, leaving);
  }
  async propose(proposer, description) {
    const message = await proposer.propose(description);
    for (const other of this.others(proposer)) await other.takeProposal(message);
  }

  /* ---- what an epoch can be about; false: not now ---- */
  async add() {
    if (this.members.length >= MEMBERS_MAX) return false;
    const newcomer = await this.newcomer(this.roll(2) === 0);
    await this.change({ type: 'add', keyPackage: await newcomer.keyPackage() }, [newcomer]);
  }
  async remove() {
    const leaver = this.pick();
    const rest = this.others(leaver);
    if (!rest.some((m) => m instanceof Ours) || !rest.some((m) => m instanceof Theirs)) return false;
    await this.change({ type: 'remove', identity: leaver.name }, [], [leaver]);
  }
  async update() {
    const able = this.members.filter((member) => member.canUpdate);
    if (able.length < 2) return false;
    const updater = this.pick(able);
    await this.propose(updater, { type: 'update' });
    await this.commit(this.committer('update', this.others(updater)), []);
  }
  async path() {
    await this.commit(this.pick(), []);
  }
  async psk() {
    const id = randomBytes(16);
    const secret = randomBytes(32);
    for (const member of this.members) await member.storePsk(id, secret);
    await this.change({ type: 'psk', id });
  }
  async resumption() {
    await this.change({ type: 'resumption', epoch: BigInt(this.epoch) });
  }
  async extensions() {
    await this.change({ type: 'extensions' });
  }
  async external() {
    if (this.members.length >= MEMBERS_MAX) return false;
    const newcomer = await this.newcomer(this.roll(2) === 0);
    if (!(await this.arrive(newcomer, this.pick(), false))) return false;
    this.members.push(newcomer);
  }
  async resync() {
    const lost = this.pick();
    return this.arrive(lost, this.pick(this.others(lost)), true);
  }
  async arrive(member, host, isResync) {
    const groupInfo = await host.groupInfo();
    let commit;
    const join = async () => (commit = await member.externalJoin(groupInfo, isResync));
    if (!(await this.arrives(member, join, host))) return false;
    for (const other of this.others(member)) await other.takeCommit(commit);
    this.epoch++;
    return true;
  }

  /* ---- */
  async step() {
    const kinds = ['add', 'add', 'remove', 'update', 'path', 'psk', 'resumption', 'extensions', 'external', 'resync'];
    let kind;
    do kind = this.pick(kinds);
    while ((await this.log(kind)) === false);
    await this.check();
  }
  async log(kind) {
    this.done.push(kind);
    try {
      const result = await this[kind]();
      if (result === false) this.done.pop();
      return result;
    } catch (error) {
      error.message += ` (epochs: ${this.done.join(' ')}; members: ${this.members.map((m) => m.name).join(' ')})`;
      throw error;
    }
  }
  async check() {
    const [first, ...rest] = this.members;
    const secret = await first.authenticator();
    const exported = await first.exported();
    for (const member of rest) {
      equal(await member.authenticator(), secret, `authenticator after ${this.done.at(-1)}`);
      equal(await member.exported(), exported, 'exported secret');
    }
    const sender = this.pick();
    const plaintext = randomBytes(this.roll(200));
    const aad = randomBytes(this.roll(20));
    const messages = [await sender.protect(plaintext, aad), await sender.protect(plaintext, aad)];
    if (this.roll(2) === 0) messages.reverse(); // out of order
    for (const other of this.others(sender)) {
      for (const message of messages) {
        const got = await other.unprotect(message);
        equal(got.plaintext, plaintext, 'plaintext');
        equal(got.aad, aad, 'authenticated data');
      }
    }
  }
}

async function randomRoom(driver, suite, isOurs, isPrivate, seed) {
  const room = new Room(driver, suite, isPrivate, seed);
  await room.create(isOurs);
  for (let i = 0; i < epochs; i++) await room.step();
}

/** Section 12.4: a commit that holds a Remove has a path; theirs has none. */
async function pathlessCommit(driver, suite, seed) {
  const room = new Room(driver, suite, false, seed);
  await room.create(true);
  const [ours, theirs] = room.members;
  const third = await room.newcomer(true);
  await room.commit(ours, [{ type: 'add', keyPackage: await third.keyPackage() }], [third]);
  const { commit } = await theirs.commit([{ type: 'remove', identity: third.name }], false);
  await refused(ours.takeCommit(commit), 'MLS_COMMIT_PATH_MISSING');
}

/** A branch, then a ReInit, each made by one kind and joined by both. */
async function branchRoom(driver, suite, isOurs, seed) {
  const room = new Room(driver, suite, false, seed);
  await room.create(isOurs);
  await room.add();
  const [creator, ...joiners] = room.members;
  const keyPackages = [];
  for (const joiner of joiners) keyPackages.push(await joiner.keyPackage());
  const made = await creator.createBranch(Buffer.from('a branch'), keyPackages);
  for (const joiner of joiners) await joiner.joinBranch(made);
  await room.check();
}

async function reinitRoom(driver, suite, isOurs, seed) {
  const room = new Room(driver, suite, false, seed);
  await room.create(isOurs);
  const [first, second] = room.members;
  const next = suites[(suites.indexOf(suite) + 1) % suites.length];
  await second.takeReinit(await first.reinitCommit(Buffer.from('successor'), next));
  equal(await second.authenticator(), await first.authenticator(), 'the last epoch');
  const keyPackage = await first.successorKeyPackage();
  if (second instanceof Theirs) await second.successorKeyPackage();
  await first.joinSuccessor(await second.createSuccessor([keyPackage]));
  equal(await second.authenticator(), await first.authenticator(), 'the successor');
}

const driver = new Driver();
let refusals = 0; // of valid trees, by ts-mls
let seed = firstSeed;
for (const suite of suites) {
  for (const isOurs of [true, false]) {
    const who = isOurs ? 'ours creates, theirs joins' : 'theirs creates, ours joins';
    for (const isPrivate of [false, true]) {
      const form = isPrivate ? 'private' : 'public';
      const at = seed++;
      await test(`suite ${suite}, ${who}, ${form} handshakes, ${epochs} epochs, --seed ${at}`, () =>
        randomRoom(driver, suite, isOurs, isPrivate, at));
    }
    if (isOurs) await test(`suite ${suite}, a commit without a path`, () => pathlessCommit(driver, suite, seed));
    await test(`suite ${suite}, ${who}, a branch`, () => branchRoom(driver, suite, isOurs, seed));
    await test(`suite ${suite}, ${who}, a ReInit`, () => reinitRoom(driver, suite, isOurs, seed));
  }
}
await test('the driver ends with its input', async () => equal(await driver.close(), 0, 'exit code'));
if (refusals > 0) console.log(`ts-mls refused ${refusals} valid trees, see members.mjs`);
finish();
