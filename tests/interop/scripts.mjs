// Whole lives of small groups by the calls of the interop service: what driver_test.mjs plays on the
// driver alone and proto_test.mjs through gRPC.  `call(name, request)` answers with octets as base64.
import { bytes } from './driver.mjs';
import { equal, refused } from './check.mjs';

const text = (value) => Buffer.from(value);

/** One client's side of a group. */
class Actor {
  constructor(call, name, suite, encrypt_handshake) {
    Object.assign(this, { raw: call, name, cipher_suite: suite, encrypt_handshake });
  }
  call(name, request = {}) {
    return this.raw(name, { state_id: this.state_id, ...request });
  }
  get identity() {
    return text(this.name);
  }
  async create(group_id) {
    const { cipher_suite, encrypt_handshake, identity } = this;
    ({ state_id: this.state_id } = await this.raw('CreateGroup', { group_id, cipher_suite, encrypt_handshake, identity }));
  }
  async keyPackage() {
    const made = await this.raw('CreateKeyPackage', { cipher_suite: this.cipher_suite, identity: this.identity });
    this.transaction_id = made.transaction_id;
    return bytes(made.key_package);
  }
  async join(welcome, ratchet_tree = '') {
    const { transaction_id, encrypt_handshake, identity } = this;
    const joined = await this.raw('JoinGroup', { transaction_id, welcome: bytes(welcome), ratchet_tree: bytes(ratchet_tree), encrypt_handshake, identity });
    this.state_id = joined.state_id;
    return joined.epoch_authenticator;
  }
  async auth() {
    return (await this.call('StateAuth')).state_auth_secret;
  }
}

async function agree(actors, what) {
  const secrets = await Promise.all(actors.map((actor) => actor.auth()));
  if (bytes(secrets[0]).length === 0) throw new Error(`${what}: no epoch authenticator`);
  for (const secret of secrets) equal(secret, secrets[0], what);
}

/** Commit by one, take by the others, merge. */
async function commit(committer, others, request, proposal = []) {
  const made = await committer.call('Commit', request);
  for (const other of others) {
    const { state_id } = await other.call('HandleCommit', { commit: bytes(made.commit), proposal });
    other.state_id = state_id;
  }
  ({ state_id: committer.state_id } = await committer.call('HandlePendingCommit'));
  return made;
}

/** `from` commits the Add of each newcomer, who joins. */
async function addAll(from, members, newcomers, external_tree) {
  const by_value = [];
  for (const newcomer of newcomers) {
    by_value.push({ proposal_type: text('add'), key_package: await newcomer.keyPackage() });
  }
  const made = await commit(from, members, { by_value, force_path: true, external_tree });
  for (const newcomer of newcomers) await newcomer.join(made.welcome, made.ratchet_tree);
}

async function start(call, suite, encrypt, id) {
  const [a, b, c, d] = ['alice', 'bob', 'carol', 'dave'].map((name) => new Actor(call, name, suite, encrypt));
  await a.create(text(`${id} ${suite} ${encrypt}`));
  await addAll(a, [], [b, c], encrypt);
  await agree([a, b, c], 'after the first Welcome');
  return [a, b, c, d];
}

async function messages(from, to) {
  const plaintext = text('hello');
  const { ciphertext } = await from.call('Protect', { authenticated_data: text('aad'), plaintext });
  const got = await to.call('Unprotect', { ciphertext: bytes(ciphertext) });
  equal(bytes(got.plaintext), plaintext, 'plaintext');
  equal(bytes(got.authenticated_data), text('aad'), 'authenticated_data');
  await refused(to.call('Unprotect', { ciphertext: bytes(ciphertext) }), 'MLS_GENERATION_USED');
  const [one, two] = await Promise.all([from, to].map((actor) => actor.call('Export', { label: 'exporter', context: text('context'), key_length: 32 })));
  equal(one.exported_secret, two.exported_secret, 'exported_secret');
  equal(bytes(one.exported_secret).length, 32, 'its length');
}

async function proposals([a, b, c, d]) {
  const one = async (actor, name, request) => bytes((await actor.call(name, request)).proposal);
  const psk_id = text('a key');
  for (const actor of [a, b, c]) {
    await actor.raw('StorePSK', { state_or_transaction_id: actor.state_id, psk_id, psk_secret: text('0123456789abcdef') });
  }
  const update = await one(b, 'UpdateProposal');
  const add = await one(a, 'AddProposal', { key_package: await d.keyPackage() });
  const made = await commit(c, [a, b], { by_reference: [update, add] }, [update, add]);
  await d.join(made.welcome, made.ratchet_tree);
  await agree([a, b, c, d], 'after update and add');
  // dave was not there in the epoch of the resumption key, and has not the external one.
  const remove = await one(a, 'RemoveProposal', { removed_id: d.identity });
  await commit(c, [a, b], { by_reference: [remove] }, [remove]);
  const psk = await one(a, 'ExternalPSKProposal', { psk_id });
  const resumption = await one(b, 'ResumptionPSKProposal', { epoch_id: '1' });
  const extensions = await one(c, 'GroupContextExtensionsProposal', { extensions: [{ extension_type: 3, extension_data: Buffer.from([0, 0, 0]) }] });
  await commit(b, [a, c], { by_reference: [psk, resumption, extensions] }, [psk, resumption, extensions]);
  await agree([a, b, c], 'after keys and extensions');
  // Each type by value, too.
  await commit(a, [b, c], {
    by_value: [
      { proposal_type: text('externalPSK'), psk_id },
      { proposal_type: text('resumptionPSK'), epoch_id: '2' },
      { proposal_type: text('groupContextExtensions'), extensions: [] },
    ],
  });
  await agree([a, b, c], 'after proposals by value');
  await refused(a.call('Commit', { by_value: [{ proposal_type: text('update') }] }), 'DRIVER_PROPOSAL');
  await refused(a.call('RemoveProposal', { removed_id: text('nobody') }), 'DRIVER_IDENTITY');
}

async function fromOutside([a, b, c, d]) {
  const info = async (external_tree) => {
    const made = await a.call('GroupInfo', { external_tree });
    return { group_info: bytes(made.group_info), ratchet_tree: bytes(made.ratchet_tree) };
  };
  const psks = [{ psk_id: text('at the door'), psk_secret: text('fedcba9876543210') }];
  for (const actor of [a, b, c]) {
    await actor.raw('StorePSK', { state_or_transaction_id: actor.state_id, ...psks[0] });
  }
  // dave comes by himself, then falls behind and comes again.
  for (const remove_prior of [false, true]) {
    const request = { ...(await info(!remove_prior)), encrypt_handshake: d.encrypt_handshake, identity: d.identity, remove_prior, psks };
    const joined = await d.raw('ExternalJoin', request);
    for (const actor of [a, b, c]) await actor.call('HandleCommit', { commit: bytes(joined.commit) });
    d.state_id = joined.state_id;
    await agree([a, b, c, d], 'after an external join');
  }
  // An external signer asks for his removal; erin asks to be added.
  const erin = new Actor(a.raw, 'erin', a.cipher_suite, a.encrypt_handshake);
  const signer = await erin.raw('CreateExternalSigner', { cipher_suite: a.cipher_suite, identity: text('signer') });
  const added = await a.call('AddExternalSigner', { external_sender: bytes(signer.external_sender) });
  await commit(b, [a, c, d], { by_reference: [bytes(added.proposal)] }, [bytes(added.proposal)]);
  const description = { proposal_type: text('remove'), removed_id: d.identity };
  const removal = await erin.raw('ExternalSignerProposal', { signer_id: signer.signer_id, signer_index: added.signer_index ?? 0, ...(await info(true)), description });
  const asked = await erin.raw('NewMemberAddProposal', { group_info: (await info(false)).group_info, identity: erin.identity });
  erin.transaction_id = asked.transaction_id;
  const by_reference = [bytes(removal.proposal), bytes(asked.proposal)];
  const made = await commit(a, [b, c], { by_reference }, by_reference);
  await erin.join(made.welcome, made.ratchet_tree);
  await agree([a, b, c, erin], 'after proposals from outside');
}

async function branch([a, b]) {
  const key_packages = [await b.keyPackage()];
  const made = await a.call('CreateBranch', { group_id: text('a branch'), key_packages, force_path: true, external_tree: true });
  const joined = await b.call('HandleBranch', { transaction_id: b.transaction_id, welcome: bytes(made.welcome), ratchet_tree: bytes(made.ratchet_tree) });
  equal(joined.epoch_authenticator, made.epoch_authenticator, 'the branch');
  for (const state_id of [made.state_id, joined.state_id]) await a.raw('Free', { state_id });
  await refused(a.raw('StateAuth', { state_id: made.state_id }), 'DRIVER_HANDLE');
}

async function reinit([a, b, c], suite) {
  const proposal = bytes((await b.call('ReInitProposal', { cipher_suite: suite, group_id: text('successor'), extensions: [] })).proposal);
  const { commit: octets } = await a.call('ReInitCommit', { by_reference: [proposal] });
  const ends = [await a.call('HandlePendingReInitCommit')];
  for (const actor of [b, c]) {
    ends.push(await actor.call('HandleReInitCommit', { proposal: [proposal], commit: bytes(octets) }));
  }
  for (const end of ends) equal(end.epoch_authenticator, ends[0].epoch_authenticator, 'the last epoch');
  await refused(a.call('Protect', { plaintext: text('late') }), 'MLS_GROUP_REINIT');
  const key_package = [ends[0], ends[1]].map((end) => bytes(end.key_package));
  const made = await c.raw('ReInitWelcome', { reinit_id: ends[2].reinit_id, key_package });
  for (const end of [ends[0], ends[1]]) {
    const joined = await a.raw('HandleReInitWelcome', { reinit_id: end.reinit_id, welcome: bytes(made.welcome) });
    equal(joined.epoch_authenticator, made.epoch_authenticator, 'the successor');
  }
}

/** Everything in one suite and handshake format. */
export async function wholeLife(call, suite, encrypt) {
  const actors = await start(call, suite, encrypt, 'whole life');
  await messages(actors[0], actors[2]);
  await proposals(actors);
  await fromOutside(actors);
}

/** Groups that come out of another, the last one in another suite. */
export async function groupsOutOfAnother(call, suite, encrypt) {
  const actors = await start(call, suite, encrypt, 'out of another');
  await branch(actors);
  await reinit(actors, (suite % 7) + 1);
}
